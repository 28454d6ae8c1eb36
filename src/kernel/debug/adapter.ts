import { readFileSync } from "node:fs";
import type { Debugger, Runtime } from "node:inspector";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { cellPath } from "../wire/cell-path";
import { debugInfo } from "../wire/debug-messages";
import type { Json } from "../wire/wire";
import { Breakpoints } from "./breakpoints";
import type { Compiled } from "./inspection";
import { Inspector } from "./inspector";
import { HIDDEN_SCRIPTS, READERS_FILES, Script } from "./scripts";

/** The kernel has one thread that runs cells. */
const THREAD = 1;
/**
 * V8 keeps this many awaits of a stack while errors are looked at: they say who catches. 32 make
 * `await` 86 times slower.
 */
const ASYNC_STACK_DEPTH = 4;

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsExceptionInfoRequest: true,
  supportsModulesRequest: true,
  exceptionBreakpointFilters: [
    {
      filter: "raised",
      label: "Raised errors",
      description: "Every error, also one that is caught",
    },
    {
      filter: "uncaught",
      label: "Errors that leave the cell",
      description: "Errors that no try of the cell or of its files catches",
      default: true,
    },
  ],
};

interface Frame {
  id: number;
  call: Debugger.CallFrame;
  script: Script;
  name: string;
  path: string;
  line: number;
  column: number;
}

interface Pause {
  event: Debugger.PausedEventDataType;
  frames: Frame[];
  reason: string;
}

type Step = "Debugger.stepOver" | "Debugger.stepInto" | "Debugger.stepOut";
type Arguments = Record<string, unknown>;
type Handler = (values: Arguments) => Promise<unknown> | unknown;

/** State that a request needs. */
type Need = "anything" | "initialized" | "attached" | "paused";

const text = (values: Arguments, name: string): string => {
  const value = values[name];
  if (typeof value !== "string")
    throw new Error(`${name} must be text, got ${JSON.stringify(value) ?? "nothing"}`);
  return value;
};
const number = (values: Arguments, name: string): number => {
  const value = values[name];
  if (typeof value !== "number" || !Number.isInteger(value))
    throw new Error(`${name} must be a whole number, got ${JSON.stringify(value) ?? "nothing"}`);
  return value;
};
const record = (value: unknown): Arguments =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Arguments) : {};

/** Answers the requests of Jupyter's debug protocol through V8's inspector. */
export class Adapter {
  #inspector: Inspector | undefined;
  #breakpoints: Breakpoints | undefined;
  #state: "off" | "initialized" | "attached" = "off";
  #lab = false;
  #scripts = new Map<string, Script>();
  readonly #cells = new Map<string, string>();
  #pause: Pause | undefined;
  #step: Step | undefined;
  #stepFrom: { top: Frame; depth: number } | undefined;
  #pausing = false;
  #resuming = false;
  #filters: readonly string[] = [];
  /** V8's breakpoint at the first line of every file of the reader. */
  #entry = "";
  #released = false;
  readonly #scopes = new Map<number, Frame>();

  constructor(private readonly send: (event: string, body: object) => void) {}

  /** Body of the response; throws a sentence for the client. */
  async answer(request: Json): Promise<unknown> {
    const { command } = request;
    const handlers = this.#handlers as Record<string, [Need, Handler]>;
    const found =
      typeof command === "string" && Object.hasOwn(handlers, command)
        ? handlers[command]
        : undefined;
    if (!found) {
      const known = Object.keys(handlers).join(", ");
      throw new Error(
        `the debugger knows no request ${JSON.stringify(command)}; it knows ${known}`,
      );
    }
    const [need, handler] = found;
    if (need !== "anything" && this.#state === "off")
      throw new Error(`${command} needs a started debugger; send initialize, then attach`);
    if ((need === "attached" || need === "paused") && this.#state !== "attached")
      throw new Error(`${command} needs an attached debugger; send attach`);
    if (need === "paused" && !this.#pause)
      throw new Error(`${command} needs a paused kernel; it is running or idle`);
    return handler(record(request.arguments));
  }

  readonly #handlers: Record<string, [Need, Handler]> = {
    debugInfo: ["anything", () => this.#info()],
    initialize: ["anything", (values) => this.#initialize(values)],
    attach: ["initialized", () => this.#attach()],
    configurationDone: ["attached", () => ({})],
    disconnect: ["initialized", () => this.close()],
    dumpCell: ["attached", (values) => this.#dumpCell(text(values, "code"))],
    setBreakpoints: ["attached", (values) => this.#setBreakpoints(values)],
    setExceptionBreakpoints: ["attached", (values) => this.#setExceptionBreakpoints(values)],
    source: ["attached", (values) => this.#source(values)],
    modules: ["attached", (values) => this.#modules(values)],
    threads: ["attached", () => ({ threads: [{ id: THREAD, name: "cells" }] })],
    pause: ["attached", () => this.#pauseSoon()],
    continue: ["paused", () => this.#resume()],
    next: ["paused", () => this.#stepBy("Debugger.stepOver")],
    stepIn: ["paused", () => this.#stepBy("Debugger.stepInto")],
    stepOut: ["paused", () => this.#stepBy("Debugger.stepOut")],
    stackTrace: ["paused", (values) => this.#stackTrace(values)],
    exceptionInfo: ["paused", () => this.#exceptionInfo()],
    scopes: ["paused", (values) => this.#scopesOf(this.#frame(number(values, "frameId")))],
    variables: ["anything", (values) => this.#variables(values)],
    setVariable: ["anything", (values) => this.#setVariable(values)],
    evaluate: ["attached", (values) => this.#evaluate(values)],
    copyToGlobals: ["paused", (values) => this.#copyToGlobals(values)],
    inspectVariables: ["anything", () => this.#inspectVariables()],
    richInspectVariables: ["anything", (values) => this.#richInspect(values)],
  };

  /** Session with the main thread, opened on first need. */
  get #session(): Inspector {
    this.#inspector ??= new Inspector();
    return this.#inspector;
  }

  #info(): object {
    const stopped = this.#pause ? [THREAD] : [];
    return debugInfo(this.#state !== "off", this.#breakpoints?.list(), stopped);
  }

  #initialize({ clientID }: Arguments): DebugProtocol.Capabilities {
    this.#lab = clientID === "jupyterlab";
    if (this.#state === "off") this.#state = "initialized";
    return CAPABILITIES;
  }

  async #attach(): Promise<void> {
    if (this.#state === "attached") return;
    const session = this.#session;
    this.#breakpoints = new Breakpoints(session, (breakpoint) =>
      this.send("breakpoint", { reason: "changed", breakpoint }),
    );
    session.on<Debugger.ScriptParsedEventDataType>("Debugger.scriptParsed", (script) =>
      this.#scriptParsed(script),
    );
    session.on<Debugger.PausedEventDataType>(
      "Debugger.paused",
      (event) => void this.#paused(event),
    );
    session.on("Debugger.resumed", () => this.#resumed());
    await session.ready;
    await session.post("Debugger.enable");
    await session.post("Debugger.setBlackboxPatterns", { patterns: HIDDEN_SCRIPTS });
    // Breakpoints are set in a script before its first statement. V8 stops by itself in cells, and
    // not in what Node compiles as the body of a function: a file stops at its first line.
    const instrumentation = "beforeScriptWithSourceMapExecution";
    await session.post("Debugger.setInstrumentationBreakpoint", { instrumentation });
    const entry = { urlRegex: READERS_FILES, lineNumber: 0 };
    this.#entry = (
      await session.post<Debugger.SetBreakpointByUrlReturnType>(
        "Debugger.setBreakpointByUrl",
        entry,
      )
    ).breakpointId;
    this.#state = "attached";
    this.send("initialized", {});
    this.send("thread", { reason: "started", threadId: THREAD });
  }

  /**
   * Clears breakpoints, resumes and closes the session, without which the process could not exit.
   */
  async close(): Promise<void> {
    const session = this.#inspector;
    const attached = this.#state === "attached";
    this.#state = "off";
    this.#inspector = undefined;
    this.#breakpoints = undefined;
    this.#filters = [];
    this.#scripts = new Map();
    this.#scopes.clear();
    if (session && attached) {
      await session.post("Debugger.setSkipAllPauses", { skip: true });
      await this.#release(session);
      await session.post("Debugger.disable");
    }
    this.#pause = undefined;
    session?.disconnect();
    if (attached) this.send("terminated", {});
  }

  /**
   * Resumes, and passes over every pause until the cell has ended, so that an interrupt can end it.
   */
  async release(): Promise<void> {
    if (this.#state !== "attached") return;
    this.#released = true;
    await this.#session.post("Debugger.setSkipAllPauses", { skip: true });
    await this.#release(this.#session);
  }

  async #release(session: Inspector): Promise<void> {
    // Node aborts when code is terminated between two of the hooks that async stacks need.
    if (this.#filters.length > 0)
      await session.post("Debugger.setAsyncCallStackDepth", { maxDepth: 0 });
    this.#step = undefined;
    await session.post("Debugger.resume").catch(() => {}); // it was not paused
  }

  async cellEnded(): Promise<void> {
    if (!this.#released || this.#state !== "attached") return;
    this.#released = false;
    await this.#session.post("Debugger.setSkipAllPauses", { skip: false });
    await this.#watchErrors();
  }

  #scriptParsed({ scriptId, url, sourceMapURL = "" }: Debugger.ScriptParsedEventDataType): void {
    const script = new Script(scriptId, url, sourceMapURL, this.#session);
    if (!script.hidden) this.#scripts.set(scriptId, script);
    script.source.catch(() => {});
  }

  async #paused(event: Debugger.PausedEventDataType): Promise<void> {
    const session = this.#session;
    try {
      const { hitBreakpoints = [] } = event;
      const isCell = (event.reason as string) === "instrumentation";
      if (isCell) this.#step = undefined; // it led out of the cell before
      if (isCell || hitBreakpoints.includes(this.#entry)) {
        await this.#prepare(event);
        if (!this.#step && hitBreakpoints.every((id) => id === this.#entry))
          return await this.#resumeQuietly(session);
      }
      const frames = await this.#framesOf(event);
      const [top] = frames;
      const step = this.#step;
      if (!top) return await this.#resumeQuietly(session);
      if (step && (top.line === 0 || this.#isOnLine(top, depthOf(frames))))
        return await this.#resumeQuietly(session, step);
      if (isError(event) && !(await this.#stopsAt(event)))
        return await this.#resumeQuietly(session);
      this.#stopped(event, frames);
    } catch {
      if (this.#inspector === session) await this.#resumeQuietly(session);
    }
  }

  /** True if a step has come no further than to a later place of the line on which it began. */
  #isOnLine(top: Frame, depth: number): boolean {
    const from = this.#stepFrom;
    if (!from || from.depth !== depth || from.top.script !== top.script) return false;
    if (from.top.line !== top.line || top.column <= from.top.column) return false;
    this.#stepFrom = { top, depth };
    return true;
  }

  async #resumeQuietly(session: Inspector, method = "Debugger.resume"): Promise<void> {
    this.#resuming = true;
    await session.post(method).catch(() => {});
  }

  /** Sets what waits for the script whose first statement is next. */
  async #prepare({ data, callFrames }: Debugger.PausedEventDataType): Promise<void> {
    const { scriptId } = (data ?? {}) as { scriptId?: string };
    const script = this.#scripts.get(scriptId ?? callFrames[0]!.location.scriptId);
    const source = await script?.source;
    if (script && source) await this.#breakpoints?.placeIn(script, source.paths);
  }

  #stopped(event: Debugger.PausedEventDataType, frames: Frame[]): void {
    const hit = this.#breakpoints?.idsOf(event.hitBreakpoints ?? []) ?? [];
    const reason = isError(event)
      ? "exception"
      : hit.length > 0
        ? "breakpoint"
        : this.#step
          ? "step"
          : this.#pausing
            ? "pause"
            : "breakpoint";
    this.#pause = { event, frames: frames.filter(({ line }) => line > 0), reason };
    this.#step = undefined;
    this.#pausing = false;
    const description = (event.data as Runtime.RemoteObject | undefined)?.description;
    this.send("stopped", {
      reason,
      threadId: THREAD,
      allThreadsStopped: true,
      ...(hit.length > 0 && { hitBreakpointIds: hit }),
      ...(reason === "exception" && description && { text: description.split("\n", 1)[0] }),
    });
  }

  #resumed(): void {
    if (this.#resuming) {
      this.#resuming = false;
      return;
    }
    if (!this.#pause) return;
    this.#pause = undefined;
    this.#scopes.clear();
    this.send("continued", { threadId: THREAD, allThreadsContinued: true });
  }

  /**
   * Frames of cells, of the reader's files and of packages; line 0 where the kernel put in a
   * statement.
   */
  async #framesOf({ callFrames }: Debugger.PausedEventDataType): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (const [id, call] of callFrames.entries()) {
      const { scriptId, lineNumber, columnNumber = 0 } = call.location;
      const script = this.#scripts.get(scriptId);
      if (!script) continue;
      const source = await script.source;
      const place = source
        ? (source.original(lineNumber, columnNumber) ?? { line: 0, column: 0 })
        : { line: lineNumber + 1, column: columnNumber + 1 };
      const name = call.functionName || (script.isCell ? script.url : "(anonymous)");
      const shown = source?.path ?? script.file ?? script.url;
      frames.push({ id: id + 1, call, script, name, path: shown, ...place });
    }
    return frames;
  }

  /** True if this error is one to stop at. */
  async #stopsAt(event: Debugger.PausedEventDataType): Promise<boolean> {
    if (this.#filters.includes("raised")) return true;
    if ((event.data as { uncaught?: boolean } | undefined)?.uncaught) return true;
    for (const { location } of event.callFrames) {
      const caught = await this.#caughtAt(location);
      if (caught !== undefined) return !caught;
    }
    for (let parent = event.asyncStackTrace; parent; parent = parent.parent) {
      if (parent.description !== "await") break;
      for (const frame of parent.callFrames) {
        const caught = await this.#caughtAt(frame);
        if (caught !== undefined) return !caught;
      }
    }
    return true;
  }

  /**
   * True if a `try` catches an error at this place, false if the error leaves the cell here,
   * undefined if it goes on.
   */
  async #caughtAt(place: Debugger.Location): Promise<boolean | undefined> {
    const script = this.#scripts.get(place.scriptId);
    if (!script) return false;
    const catches = await script.catches();
    const swallows = (await script.source) === undefined;
    return catches.around(place.lineNumber, place.columnNumber ?? 0, { swallows }) || undefined;
  }

  #dumpCell(code: string): object {
    const sourcePath = cellPath(code);
    this.#cells.set(sourcePath, code);
    return { sourcePath };
  }

  async #setBreakpoints(values: Arguments): Promise<object> {
    const place = text(record(values.source), "path");
    const asked = values.breakpoints ?? [];
    if (!Array.isArray(asked)) throw new Error("breakpoints must be a list");
    for (const each of asked) number(record(each), "line");
    const scripts: Script[] = [];
    for (const script of this.#scripts.values()) {
      const source = await script.source;
      const matches = source ? source.paths.includes(place) : script.file === place;
      if (matches) scripts.push(script);
    }
    const breakpoints = await this.#breakpoints!.replace(
      place,
      asked as DebugProtocol.SourceBreakpoint[],
      scripts,
    );
    return { breakpoints };
  }

  async #setExceptionBreakpoints({ filters }: Arguments): Promise<object> {
    const known = CAPABILITIES.exceptionBreakpointFilters!.map(({ filter }) => filter);
    if (!Array.isArray(filters) || filters.some((filter) => !known.includes(filter)))
      throw new Error(`filters must be among ${known.join(", ")}, got ${JSON.stringify(filters)}`);
    this.#filters = filters as string[];
    await this.#watchErrors();
    return { breakpoints: filters.map(() => ({ verified: true })) };
  }

  /**
   * V8 takes every error of a cell for caught, by the kernel; so it pauses at all, and `#stopsAt`
   * decides.
   */
  async #watchErrors(): Promise<void> {
    const watches = this.#filters.length > 0;
    const maxDepth = watches ? ASYNC_STACK_DEPTH : 0;
    await this.#session.post("Debugger.setAsyncCallStackDepth", { maxDepth });
    await this.#session.post("Debugger.setPauseOnExceptions", { state: watches ? "all" : "none" });
  }

  async #source(values: Arguments): Promise<object> {
    const place = text(record(values.source), "path");
    const content = this.#cells.get(place) ?? (await this.#sourceAt(place));
    if (content === undefined)
      throw new Error(`no source ${place}; a cell is known once it was dumped or has run`);
    return { content, mimeType: "text/typescript" };
  }

  async #sourceAt(place: string): Promise<string | undefined> {
    for (const script of this.#scripts.values()) {
      const source = await script.source;
      if (source?.paths.includes(place)) return source.code;
      if (script.file === place) return script.text();
    }
    try {
      return readFileSync(place, "utf8");
    } catch {
      return undefined;
    }
  }

  /** Files that run, without those of packages. */
  async #modules({ startModule, moduleCount }: Arguments): Promise<object> {
    const files = new Set<string>();
    for (const script of this.#scripts.values()) {
      const { path: file = script.file } = script.isCell ? {} : ((await script.source) ?? {});
      if (file !== undefined && !file.includes("/node_modules/")) files.add(file);
    }
    const all = [...files].map((file, id) => ({
      id,
      name: path.basename(file),
      path: file,
    }));
    const start = typeof startModule === "number" ? startModule : 0;
    const end =
      typeof moduleCount === "number" && moduleCount > 0 ? start + moduleCount : undefined;
    return { modules: all.slice(start, end), totalModules: all.length };
  }

  async #pauseSoon(): Promise<void> {
    this.#pausing = !this.#pause;
    if (!this.#pause) await this.#session.post("Debugger.pause");
  }

  async #resume(): Promise<object> {
    await this.#leavePause("Debugger.resume");
    return { allThreadsContinued: true };
  }

  async #stepBy(step: Step): Promise<void> {
    const { frames } = this.#pause!;
    this.#step = step;
    const goesOn = step !== "Debugger.stepOut";
    this.#stepFrom = goesOn ? { top: frames[0]!, depth: depthOf(frames) } : undefined;
    await this.#leavePause(step);
  }

  async #leavePause(method: string): Promise<void> {
    await this.#session.call("clear");
    await this.#session.post(method);
  }

  #stackTrace({ startFrame, levels }: Arguments): object {
    const { frames } = this.#pause!;
    const start = typeof startFrame === "number" ? startFrame : 0;
    const end = typeof levels === "number" && levels > 0 ? start + levels : undefined;
    const stackFrames = frames.slice(start, end).map(({ id, name, path: place, line, column }) => ({
      id,
      name,
      line,
      column,
      source: { name: path.basename(place), path: place },
    }));
    return { stackFrames, totalFrames: frames.length };
  }

  #exceptionInfo(): object {
    const { event, frames, reason } = this.#pause!;
    if (reason !== "exception")
      throw new Error(`the kernel is paused by a ${reason}, not an error`);
    const { className = "Error", description = "" } = (event.data ?? {}) as Runtime.RemoteObject;
    const places = frames.map(({ name, path: place, line, column }) => {
      return `    at ${name} (${path.basename(place)}:${line}:${column})`;
    });
    const [message = ""] = description.split("\n    at ", 1);
    return {
      exceptionId: className,
      description: message,
      breakMode: this.#filters.includes("raised") ? "always" : "unhandled",
      details: { stackTrace: [message, ...places].join("\n") },
    };
  }

  #frame(id: number): Frame {
    const frame = this.#pause?.frames.find((each) => each.id === id);
    if (!frame) {
      const known = this.#pause?.frames.map((each) => each.id).join(", ");
      throw new Error(
        `no frame ${id}; ${known ? `frames are ${known}` : "the kernel is not paused"}`,
      );
    }
    return frame;
  }

  /** Locals of the function, what it closes over, and the variables that all cells share. */
  async #scopesOf(frame: Frame): Promise<object> {
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
      const variablesReference = await this.#session.callOn<number>("scope", values, objects[0]!);
      this.#scopes.set(variablesReference, frame);
      scopes.push({ name, variablesReference, expensive: false });
    }
    const variablesReference = await this.#session.call<number>("globals");
    scopes.push({ name: "Globals", variablesReference, expensive: false });
    return { scopes };
  }

  async #variables(values: Arguments): Promise<object> {
    const reference = number(values, "variablesReference");
    const { start, count } = values;
    const found = await this.#session.call<DebugProtocol.Variable[]>(
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
    if (!this.#lab) return variable;
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

  async #setVariable(values: Arguments): Promise<object> {
    const reference = number(values, "variablesReference");
    const [name, value] = [text(values, "name"), text(values, "value")];
    const frame = this.#scopes.get(reference);
    if (frame) return this.#valueOf(`${name} = (${value})`, frame);
    const compiled = await this.#session.call<Compiled>("compile", value);
    return this.#session.call("assign", reference, name, compiled);
  }

  /**
   * Runs a method of the inspection code on an expression, in a frame or among the cells'
   * variables.
   */
  async #within<T>(method: string, code: string, frame: Frame | undefined): Promise<T> {
    const compiled = await this.#session.call<Compiled>("compile", code);
    const names = JSON.stringify(compiled.names);
    const expression = `__tslab__.inspection.${method}(${names}, () => ${compiled.code})`;
    return this.#session.evaluate<T>(expression, frame?.call);
  }

  #valueOf(code: string, frame: Frame | undefined): Promise<Omit<DebugProtocol.Variable, "name">> {
    return this.#within("evaluate", code, frame);
  }

  #frameOf({ frameId }: Arguments): Frame | undefined {
    if (frameId === undefined || frameId === null) return this.#pause?.frames[0];
    return this.#frame(number({ frameId }, "frameId"));
  }

  async #evaluate(values: Arguments): Promise<object> {
    const found = await this.#valueOf(text(values, "expression"), this.#frameOf(values));
    const { value: result, ...rest } = this.#shown(found);
    return { result, ...rest };
  }

  async #copyToGlobals(values: Arguments): Promise<object> {
    const [from, to] = [text(values, "srcVariableName"), text(values, "dstVariableName")];
    const frame = this.#frame(number(values, "srcFrameId"));
    const code = `__tslab__.inspection.share(${JSON.stringify(to)}, ${from})`;
    await this.#session.evaluate(code, frame.call);
    return {};
  }

  async #inspectVariables(): Promise<object> {
    if (!this.#pause) await this.#session.call("clear");
    const variablesReference = await this.#session.call<number>("globals");
    return this.#variables({ variablesReference });
  }

  #richInspect(values: Arguments): Promise<object> {
    const { frameId } = values;
    const frame = frameId === undefined ? undefined : this.#frameOf(values);
    return this.#within("bundle", text(values, "variableName"), frame);
  }
}

/** Number of frames that the reader wrote. */
const depthOf = (frames: readonly Frame[]): number => frames.filter(({ line }) => line > 0).length;

const byId = (objectId: string): Runtime.CallArgument => ({ objectId });

function asArgument(object: Runtime.RemoteObject | undefined): Runtime.CallArgument {
  const { objectId, unserializableValue, value } = object ?? {};
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value } : { unserializableValue };
}

/** True for a pause at an error or at a promise that is rejected. */
const isError = ({ reason }: Debugger.PausedEventDataType): boolean =>
  (reason as string) === "exception" || (reason as string) === "promiseRejection";
