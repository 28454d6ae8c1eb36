import type { Debugger, Runtime } from "node:inspector";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { cellPath } from "../wire/cell-path";
import { debugInfo } from "../wire/debug-messages";
import type { Json } from "../wire/wire";
import { Breakpoints } from "./breakpoints";
import { depthOf, exceptionOf, type Frame, framesOf, isError, shownFrame, stopsAt } from "./frames";
import { Inspector } from "./inspector";
import { type Arguments, CAPABILITIES, number, record, text } from "./requests";
import { contentAt, filesOf, HIDDEN_SCRIPTS, READERS_FILES, Script, scriptsAt } from "./scripts";
import { Variables } from "./variables";

/** The kernel has one thread that runs cells. */
const THREAD = 1;
/**
 * Awaits of a stack that V8 keeps while errors are watched, to find who catches. 32 make `await` 86
 * times slower.
 */
const ASYNC_STACK_DEPTH = 4;

interface Pause {
  event: Debugger.PausedEventDataType;
  frames: Frame[];
  reason: string;
}

type Step = "Debugger.stepOver" | "Debugger.stepInto" | "Debugger.stepOut";
type Handler = (values: Arguments) => Promise<unknown> | unknown;

/** State that a request needs. */
type Need = "anything" | "initialized" | "attached" | "paused";

/** Answers the requests of Jupyter's debug protocol through V8's inspector. */
export class Adapter {
  #inspector: Inspector | undefined;
  #breakpoints: Breakpoints | undefined;
  #state: "off" | "initialized" | "attached" = "off";
  #scripts = new Map<string, Script>();
  readonly #cells = new Map<string, string>();
  #pause: Pause | undefined;
  #step: Step | undefined;
  #stepFrom: { top: Frame; depth: number } | undefined;
  #lastFrameId = 0;
  #pausing = false;
  #resuming = false;
  #filters: readonly string[] = [];
  /** V8's breakpoint at the first line of every file of the reader. */
  #entry = "";
  #released = false;
  readonly #variables = new Variables(
    () => this.#session,
    () => this.#pause?.frames,
  );

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
    scopes: ["paused", (values) => this.#variables.scopesOf(values)],
    variables: ["anything", (values) => this.#variables.variables(values)],
    setVariable: ["anything", (values) => this.#variables.setVariable(values)],
    evaluate: ["attached", (values) => this.#variables.evaluate(values)],
    copyToGlobals: ["paused", (values) => this.#variables.copyToGlobals(values)],
    inspectVariables: ["anything", () => this.#variables.inspectVariables()],
    richInspectVariables: ["anything", (values) => this.#variables.richInspect(values)],
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
    this.#variables.forLab = clientID === "jupyterlab";
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
    this.#variables.clear();
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
   * Resumes, and passes over every pause until `interruptsEnded`, so that an interrupt can end the
   * cell.
   */
  async release(): Promise<void> {
    this.#released = true;
    if (this.#state !== "attached") return;
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

  async interruptsEnded(): Promise<void> {
    if (!this.#released) return;
    this.#released = false;
    if (this.#state !== "attached") return;
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
      const frames = await framesOf(event, this.#scripts, this.#lastFrameId);
      this.#lastFrameId += event.callFrames.length;
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
    this.#variables.clear();
    this.send("continued", { threadId: THREAD, allThreadsContinued: true });
  }

  async #stopsAt(event: Debugger.PausedEventDataType): Promise<boolean> {
    return this.#filters.includes("raised") || stopsAt(event, this.#scripts);
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
    const scripts = await scriptsAt(this.#scripts.values(), place);
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
    if (this.#released) return; // `interruptsEnded` does it
    const watches = this.#filters.length > 0;
    const maxDepth = watches ? ASYNC_STACK_DEPTH : 0;
    await this.#session.post("Debugger.setAsyncCallStackDepth", { maxDepth });
    await this.#session.post("Debugger.setPauseOnExceptions", { state: watches ? "all" : "none" });
  }

  async #source(values: Arguments): Promise<object> {
    const place = text(record(values.source), "path");
    const content = this.#cells.get(place) ?? (await contentAt(this.#scripts.values(), place));
    if (content === undefined)
      throw new Error(`no source ${place}; a cell is known once it was dumped or has run`);
    return { content, mimeType: "text/typescript" };
  }

  /** Files that run, without those of packages. */
  async #modules({ startModule, moduleCount }: Arguments): Promise<object> {
    const all = (await filesOf(this.#scripts.values())).map((file, id) => ({
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
    return { stackFrames: frames.slice(start, end).map(shownFrame), totalFrames: frames.length };
  }

  #exceptionInfo(): object {
    const { event, frames, reason } = this.#pause!;
    if (reason !== "exception")
      throw new Error(`the kernel is paused by a ${reason}, not an error`);
    const breakMode = this.#filters.includes("raised") ? "always" : "unhandled";
    return { ...exceptionOf(event, frames), breakMode };
  }
}
