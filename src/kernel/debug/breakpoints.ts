import type { Debugger } from "node:inspector";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { SourceBreakpoints } from "../wire/debug-messages";
import type { Compiled } from "./inspection";
import type { Inspector } from "./inspector";
import type { Script } from "./scripts";

interface Placed {
  readonly asked: DebugProtocol.SourceBreakpoint;
  readonly condition: string;
  readonly error?: string;
  /** V8's breakpoints: one for each script of this source. */
  readonly ids: string[];
  readonly answer: DebugProtocol.Breakpoint;
}

const NOT_LOADED = "set when the cell runs or the file is imported";

/**
 * Breakpoints by the path of their source; they are set in every script of it, also in one that
 * comes later.
 */
export class Breakpoints {
  readonly #byPath = new Map<string, Placed[]>();
  #lastId = 0;

  constructor(
    private readonly inspector: Inspector,
    private readonly onChange: (breakpoint: DebugProtocol.Breakpoint) => void,
  ) {}

  list(): SourceBreakpoints[] {
    return [...this.#byPath].map(([source, placed]) => ({
      source,
      breakpoints: placed.map(({ asked, answer }) => ({
        ...asked,
        line: answer.line ?? asked.line,
      })),
    }));
  }

  /** DAP numbers of V8's breakpoints. */
  idsOf(hit: readonly string[]): number[] {
    return [...this.#byPath.values()]
      .flat()
      .filter(({ ids }) => ids.some((id) => hit.includes(id)))
      .map(({ answer }) => answer.id!);
  }

  /** Replaces the breakpoints of a source. */
  async replace(
    path: string,
    asked: readonly DebugProtocol.SourceBreakpoint[],
    scripts: readonly Script[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const before = this.#byPath.get(path) ?? [];
    for (const breakpointId of before.flatMap(({ ids }) => ids))
      await this.inspector.post("Debugger.removeBreakpoint", { breakpointId });
    const placed = await Promise.all(asked.map((each) => this.#prepare(path, each)));
    if (placed.length > 0) this.#byPath.set(path, placed);
    else this.#byPath.delete(path);
    for (const script of scripts) for (const each of placed) await this.#place(script, each);
    return placed.map(({ answer }) => answer);
  }

  /** Sets what waits for a source that was just compiled. */
  async placeIn(script: Script, paths: readonly string[]): Promise<void> {
    for (const placed of paths.flatMap((path) => this.#byPath.get(path) ?? [])) {
      const { line, verified } = placed.answer;
      await this.#place(script, placed);
      if (line !== placed.answer.line || verified !== placed.answer.verified)
        this.onChange(placed.answer);
    }
  }

  async #prepare(path: string, asked: DebugProtocol.SourceBreakpoint): Promise<Placed> {
    const id = ++this.#lastId;
    const { line } = asked;
    const answer = { id, verified: false, line, message: NOT_LOADED, source: { path } };
    try {
      return { asked, condition: await this.#condition(asked), ids: [], answer };
    } catch (error) {
      const { message } = error as Error;
      return { asked, condition: "", error: message, ids: [], answer: { ...answer, message } };
    }
  }

  /** Condition for V8, in which a logpoint writes its text. */
  async #condition({ condition, logMessage }: DebugProtocol.SourceBreakpoint): Promise<string> {
    const log = logMessage === undefined ? undefined : await this.#logging(logMessage);
    if (condition === undefined || condition.trim() === "") return log ?? "";
    const { code, names } = await this.inspector.call<Compiled>("compile", condition);
    const test = `__tslab__.inspection.see(${JSON.stringify(names)}, () => ${code})`;
    return log ? `(${test}) && ${log}` : test;
  }

  /** `loss is {loss}` as a call that writes it. */
  async #logging(message: string): Promise<string> {
    const parts = await Promise.all(
      message.split(/\{([^{}]+)\}/).map(async (text, i) => {
        if (i % 2 === 0) return { code: JSON.stringify(text), names: [] };
        return this.inspector.call<Compiled>("compile", text);
      }),
    );
    const names = JSON.stringify(parts.flatMap(({ names }) => names));
    const values = parts.map(({ code }) => code).join(", ");
    return `__tslab__.inspection.see(${names}, () => __tslab__.inspection.log(${values}))`;
  }

  async #place(script: Script, placed: Placed): Promise<void> {
    const { asked, answer, condition, error } = placed;
    if (error !== undefined) return;
    const stop = await script.stopAt(asked.line, asked.column);
    if (!stop) {
      answer.message = `no code at line ${asked.line} or after it`;
      return;
    }
    const parameters = { location: stop.at, ...(condition && { condition }) };
    const set = this.inspector.post<Debugger.SetBreakpointReturnType>(
      "Debugger.setBreakpoint",
      parameters,
    );
    // V8 refuses a second one at the same place: another line has snapped to it.
    await set.then(
      ({ breakpointId }) => placed.ids.push(breakpointId),
      () => {},
    );
    answer.verified = true;
    answer.line = stop.original.line;
    answer.column = stop.original.column;
    delete answer.message;
  }
}
