import type { Debugger, Runtime } from "node:inspector";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Frame } from "./frames";
import type { Compiled } from "./inspection";
import type { Inspector } from "./inspector";
import { type Arguments, number, text } from "./requests";

/** Answers requests about variables: of the frames of a pause, else of all cells. */
export class Variables {
  /** Frames of the scopes that were asked for, by reference. */
  readonly #scopes = new Map<number, Frame>();
  /** Adapts types to JupyterLab. */
  forLab = false;

  constructor(
    private readonly session: () => Inspector,
    /** Frames of the current pause; undefined while code runs. */
    private readonly frames: () => readonly Frame[] | undefined,
  ) {}

  /** Forgets the scopes of a pause that has ended. */
  clear(): void {
    this.#scopes.clear();
  }

  #frame(id: number): Frame {
    const frames = this.frames();
    const frame = frames?.find((each) => each.id === id);
    if (!frame) {
      const known = frames?.map((each) => each.id).join(", ");
      throw new Error(
        `no frame ${id}; ${known ? `frames are ${known}` : "the kernel is not paused"}`,
      );
    }
    return frame;
  }

  /** Locals of the function, what it closes over, and the variables that all cells share. */
  async scopesOf(values: Arguments): Promise<object> {
    const frame = this.#frame(number(values, "frameId"));
    const { scopeChain, returnValue } = frame.call;
    const firstOuter = scopeChain.findIndex(({ type }) => type === "local") + 1;
    const ids = (scopes: Debugger.Scope[]): string[] =>
      scopes.filter(({ type }) => type !== "global").flatMap(({ object }) => object.objectId ?? []);
    const scopes: DebugProtocol.Scope[] = [];
    for (const [name, objects] of [
      ["Locals", ids(scopeChain.slice(0, firstOuter))],
      ["Closure", ids(scopeChain.slice(firstOuter))],
    ] as const) {
      if (objects.length === 0) continue;
      // At a return V8 has left the inner blocks; the value that is returned is shown instead.
      const returned = name === "Locals" ? returnValue : undefined;
      const values = [{ value: !!returned }, asArgument(returned), ...objects.map(byId)];
      const variablesReference = await this.session().callOn<number>("scope", values, objects[0]!);
      this.#scopes.set(variablesReference, frame);
      scopes.push({ name, variablesReference, expensive: false });
    }
    const variablesReference = await this.session().call<number>("globals");
    scopes.push({ name: "Globals", variablesReference, expensive: false });
    return { scopes };
  }

  async variables(values: Arguments): Promise<object> {
    const reference = number(values, "variablesReference");
    const { start, count } = values;
    const found = await this.session().call<DebugProtocol.Variable[]>(
      "variables",
      reference,
      typeof start === "number" ? start : 0,
      typeof count === "number" && count > 0 ? count : undefined,
    );
    return { variables: found.map((variable) => this.#shown(variable)) };
  }

  /**
   * JupyterLab shows the value in its tree only under Python's names of types, and else the type
   * alone.
   */
  #shown<T extends { type?: string; value?: string }>(variable: T): T {
    if (!this.forLab) return variable;
    const { type, value } = variable;
    const names: Record<string, string | undefined> = {
      number: Number.isSafeInteger(Number(value)) ? "int" : "float",
      boolean: "bool",
      string: "str",
    };
    if (type !== undefined && Object.hasOwn(names, type)) return { ...variable, type: names[type] };
    const { type: _, ...untyped } = variable;
    return type === "undefined" || type === "null" || type === "bigint" || type === "symbol"
      ? (untyped as T)
      : variable;
  }

  async setVariable(values: Arguments): Promise<object> {
    const reference = number(values, "variablesReference");
    const [name, value] = [text(values, "name"), text(values, "value")];
    const frame = this.#scopes.get(reference);
    if (frame) return this.#valueOf(`${name} = (${value})`, frame);
    const compiled = await this.session().call<Compiled>("compile", value);
    return this.session().call("assign", reference, name, compiled);
  }

  /**
   * Runs a method of the inspection code on an expression, in a frame or among the cells'
   * variables.
   */
  async #within<T>(method: string, code: string, frame: Frame | undefined): Promise<T> {
    const compiled = await this.session().call<Compiled>("compile", code);
    const names = JSON.stringify(compiled.names);
    const expression = `__tslab__.inspection.${method}(${names}, () => ${compiled.code})`;
    return this.session().evaluate<T>(expression, frame?.call);
  }

  #valueOf(code: string, frame: Frame | undefined): Promise<Omit<DebugProtocol.Variable, "name">> {
    return this.#within("evaluate", code, frame);
  }

  #frameOf({ frameId }: Arguments): Frame | undefined {
    if (frameId === undefined || frameId === null) return this.frames()?.[0];
    return this.#frame(number({ frameId }, "frameId"));
  }

  async evaluate(values: Arguments): Promise<object> {
    const found = await this.#valueOf(text(values, "expression"), this.#frameOf(values));
    const { value: result, ...rest } = this.#shown(found);
    return { result, ...rest };
  }

  async copyToGlobals(values: Arguments): Promise<object> {
    const [from, to] = [text(values, "srcVariableName"), text(values, "dstVariableName")];
    const frame = this.#frame(number(values, "srcFrameId"));
    const code = `__tslab__.inspection.share(${JSON.stringify(to)}, ${from})`;
    await this.session().evaluate(code, frame.call);
    return {};
  }

  async inspectVariables(): Promise<object> {
    if (!this.frames()) await this.session().call("clear");
    const variablesReference = await this.session().call<number>("globals");
    return this.variables({ variablesReference });
  }

  richInspect(values: Arguments): Promise<object> {
    const { frameId } = values;
    const frame = frameId === undefined ? undefined : this.#frameOf(values);
    return this.#within("bundle", text(values, "variableName"), frame);
  }
}

const byId = (objectId: string): Runtime.CallArgument => ({ objectId });

function asArgument(object: Runtime.RemoteObject | undefined): Runtime.CallArgument {
  const { objectId, unserializableValue, value } = object ?? {};
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value } : { unserializableValue };
}
