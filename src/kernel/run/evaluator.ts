import { performance } from "node:perf_hooks";
// The global timers belong to the cells.
import { setImmediate, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { CellConverter, type CellSource } from "../convert/cell-converter";
import { RUNTIME } from "../convert/runtime-names";
import type { SourceText } from "../convert/source";
import type { Position, PositionMap } from "../convert/source-position";
import { type Executor, loadExecutor } from "../convert/tslab";
import { clock, Flag } from "../wire/flags";
import { type Cell, Interrupted } from "./cell";
import { activeCell, begin } from "./context";
import {
  type Failure,
  interruptFailure,
  runtimeFailure,
  type Sources,
  typeFailure,
} from "./failure";
import { isLeftover, terminateBelow } from "./leftover";
import { LocalModules } from "./local-modules";
import { Runtime } from "./runtime";
import { installStackTraces } from "./stack-trace";
import { recoverEngine } from "./tensor-gc";

const MAX_CODE_CHARACTERS = 1_000_000;
const MAX_SOURCES = 1000;
/**
 * Time for an interrupted cell to end by itself: `finally` blocks run, training writes its weights
 * back.
 */
const GRACE_MS = 300;
/** A cell waits for its own timers that are due this soon, so that what they throw fails it. */
const TIMER_GRACE_MS = 50;
/** Stacks name places in the sources already, see `installStackTraces`. */
const UNCHANGED = { locate: (at: Position): Position => at } as PositionMap;
/** Text for tslab's executor, which would take `@module` or `@browser` in a comment for its own. */
const CELL = "cell";
const SIGNAL = Symbol.for("autoencoders.signal");

/** Runs cells one at a time on tslab's executor. */
export class Evaluator {
  readonly converter: CellConverter;
  readonly #executor: Executor;
  readonly #runtime: Runtime;
  readonly #localModules: LocalModules;
  readonly #sources = new Map<string, CellSource>();
  #current: Cell | undefined;
  #last: Cell | undefined;
  /** Time on Node's clock at which the last interrupted cell saw its interrupt. */
  #interruptedAt = 0;
  #finish: (failure: Failure | undefined) => void = () => {};
  /** Cell whose code was terminated after its end. */
  #leftover: Cell | undefined;
  /** Called with a cell when an interrupt has ended code that it left behind. */
  onLeftoverEnd: (cell: Cell, reason: Interrupted) => void = () => {};

  constructor(
    folder: string,
    root: string,
    private readonly flags: Int32Array,
  ) {
    this.converter = new CellConverter(folder, root);
    const { tslab } = this.converter;
    const convert = (): ReturnType<typeof tslab.convert> => this.#convert(this.#current!);
    const converter = { ...tslab, convert };
    this.#executor = loadExecutor().createExecutor(
      folder,
      { node: converter, browser: converter, close: () => tslab.close() },
      {
        log: () => {},
        error: (...args: unknown[]) => {
          const cell = this.#current;
          if (args.length === 1 && cell) cell.thrown = { error: args[0] };
        },
      },
    );
    const { ts, folderOptions } = this.converter;
    this.#localModules = new LocalModules(ts, folderOptions);
    this.#localModules.install();
    installStackTraces((name) => this.#sourceOf(name));
    this.#runtime = new Runtime(
      flags,
      (cell, value) => {
        if (cell && !cell.ended) cell.result = { value };
      },
      (file) => this.#localModules.load(file),
    );
    const endLeftover = (): void => {
      if (this.#current || !isLeftover(endLeftover, (file) => !!this.#sourceOf(file))) return;
      this.#leftover = this.owner;
      terminateBelow();
    };
    Object.assign(Reflect.get(globalThis, RUNTIME), { endLeftover });
  }

  #sourceOf(name: string): CellSource | undefined {
    return this.#sources.get(name) ?? this.#localModules.source(name);
  }

  get current(): Cell | undefined {
    return this.#current;
  }

  /** Variables that the cells share. */
  get variables(): Record<string, unknown> {
    return this.#runtime.exports;
  }

  /** Source and source maps of the script of a cell, or of a file that a cell imports. */
  sourceText(name: string): SourceText | undefined {
    const ofCell = this.#sources.get(name);
    if (ofCell) return ofCell.positions.text(ofCell.lines);
    const ofFile = this.#localModules.source(name);
    return ofFile && { file: name, ...ofFile.positions.text(ofFile.lines) };
  }

  /**
   * The cell that running code belongs to: by its asynchronous context, else the one that runs or
   * ran last.
   */
  get owner(): Cell | undefined {
    return activeCell() ?? this.#current ?? this.#last;
  }

  /**
   * Runs the cell, passes the value of its last expression, if any, to `show`, and commits its
   * declarations.
   *
   * Resolves to the failure, or to undefined. `show` may run the user's code, and is interrupted
   * like the cell.
   */
  run(cell: Cell, show: (value: unknown) => Promise<void>): Promise<Failure | undefined> {
    if (cell.code.length > MAX_CODE_CHARACTERS) return Promise.resolve(tooLong(cell.code.length));
    this.#current = cell;
    this.#last = cell;
    this.#runtime.assigned = new Set();
    Reflect.set(globalThis, SIGNAL, cell.controller.signal);
    Atomics.store(this.flags, Flag.Running, cell.serial);
    if (Atomics.load(this.flags, Flag.InterruptedRequest) === cell.options.request) {
      Atomics.store(this.flags, Flag.Interrupted, cell.serial);
      this.interrupt();
    }
    return new Promise((resolve) => {
      this.#finish = (failure) => this.#end(cell, failure, resolve);
      void this.#execute(cell, show).then(this.#finish);
    });
  }

  /**
   * Completes the cell exactly once. While its code is being terminated it tries again later: the
   * termination would hit the kernel's own code.
   */
  #end(
    cell: Cell,
    failure: Failure | undefined,
    resolve: (failure: Failure | undefined) => void,
  ): void {
    if (cell.ended) return;
    Atomics.store(this.flags, Flag.Terminable, 0);
    if (Atomics.load(this.flags, Flag.Terminating) === cell.serial) {
      // One of these may be what the termination hits.
      for (const delay of [10, 20, 100]) setTimeout(() => this.#end(cell, failure, resolve), delay);
      return;
    }
    cell.ended = true;
    this.#current = undefined;
    Atomics.store(this.flags, Flag.Running, 0);
    resolve(failure);
    if (Atomics.load(this.flags, Flag.Terminated) === cell.serial) recoverEngine();
    if (failure) {
      cell.stopped = true;
      this.#executor.interrupt();
      this.converter.settle(this.#unassigned());
    } else this.converter.settle();
  }

  async #execute(
    cell: Cell,
    show: (value: unknown) => Promise<void>,
  ): Promise<Failure | undefined> {
    try {
      if (cell.interrupted) throw new Interrupted();
      const ok =
        cell.code.trim() === "" || (await inTurn(cell, () => this.#executor.execute(CELL)));
      if (!ok && cell.diagnostics) return typeFailure(cell.diagnostics, cell.code);
      if (!ok)
        return this.failureOf(
          cell.thrown ? cell.thrown.error : new Error("the cell failed without an error"),
        );
      const result = cell.result?.value;
      const value = showsItself(result) ? result : await Promise.race([result, cell.failure]);
      await Promise.race([this.#drainTimers(cell), cell.failure]);
      if (value !== undefined && !cell.interrupted) await inTurn(cell, () => show(value));
      if (cell.interrupted) throw new Interrupted();
      return undefined;
    } catch (error) {
      return this.failureOf(error);
    }
  }

  /** The failure that an error means: of the cell's own code, or its interruption. */
  failureOf(error: unknown): Failure {
    if (this.#current?.interrupted || error instanceof Interrupted || isTermination(error))
      return interruptFailure((clock() - Atomics.load(this.flags, Flag.InterruptedAt)) / 1000);
    const get = (name: string): ReturnType<Sources["get"]> => {
      const source = this.#sourceOf(name);
      return source && { lines: source.lines, positions: UNCHANGED, compiled: source.positions };
    };
    return runtimeFailure(error, { get });
  }

  /** Aborts the cell's signal, and fails the cell after GRACE_MS. Called on a free event loop. */
  interrupt(): void {
    Atomics.add(this.flags, Flag.Seen, 1);
    this.#settleLeftover();
    const cell = this.#current;
    if (!cell || Atomics.load(this.flags, Flag.Interrupted) !== cell.serial) return;
    Atomics.store(this.flags, Flag.Acknowledged, cell.serial);
    if (cell.interrupted) {
      // Its timers below may be what was terminated.
      if (performance.now() > this.#interruptedAt + 3 * GRACE_MS) this.#finishAfterLoss(cell);
      return;
    }
    const reason = new Interrupted();
    cell.stopped = true;
    cell.interrupted = true;
    this.#interruptedAt = performance.now();
    cell.controller.abort(reason);
    setTimeout(() => cell.fail(reason), GRACE_MS);
    setTimeout(() => this.#finishAfterLoss(cell), 2 * GRACE_MS);
  }

  /** Stops the timers and awaits of a cell whose code was terminated after its end. */
  #settleLeftover(): void {
    const cell = this.#leftover;
    if (!cell) return;
    this.#leftover = undefined;
    recoverEngine();
    this.onLeftoverEnd(cell, new Interrupted());
    cell.stopped = true;
  }

  /** A cell may wait for continuations that its termination has dropped. */
  #finishAfterLoss(cell: Cell): void {
    if (this.#current === cell) this.#finish(this.failureOf(new Interrupted()));
  }

  #convert(cell: Cell): ReturnType<CellConverter["tslab"]["convert"]> {
    const changes = this.#localModules.refresh();
    if (changes) process.stderr.write(`${changes}\n`);
    const converted = this.converter.convert(cell.code, cell.options.check);
    for (const name of this.converter.untyped.splice(0))
      process.stderr.write(
        `Package "${name}" has no types: its values are "any". Many have theirs in @types.\n`,
      );
    if (converted.diagnostics.length > 0) {
      cell.diagnostics = converted.diagnostics;
      return converted;
    }
    if (converted.output) {
      this.#remember(cell.name, this.converter.source(cell.code, converted));
      // With a source map's URL a debugger can stop before the first statement.
      converted.output += `\n//# sourceURL=${cell.name}\n//# sourceMappingURL=${cell.name}.map`;
    }
    if (Atomics.load(this.flags, Flag.Interrupted) === cell.serial) throw new Interrupted();
    Atomics.store(this.flags, Flag.Terminable, cell.serial);
    return converted;
  }

  #remember(name: string, source: CellSource): void {
    this.#sources.delete(name);
    this.#sources.set(name, source);
    if (this.#sources.size > MAX_SOURCES) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest!);
    }
  }

  /** Names that the cell declares and never gave a value. */
  #unassigned(): Set<string> {
    return new Set(
      [...this.converter.declared].filter((name) => !this.#runtime.assigned.has(name)),
    );
  }

  /**
   * One turn of the event loop, in which a rejection that nobody handles arrives; longer while
   * timers are due.
   */
  async #drainTimers(cell: Cell): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turn();
    while (cell.pendingInputs.size > 0) {
      await Promise.race(cell.pendingInputs);
      await turn(); // readline asks for the next line in the turn after this one
      await turn();
    }
    const end = performance.now() + TIMER_GRACE_MS;
    for (;;) {
      let due = Number.POSITIVE_INFINITY;
      for (const at of cell.timers.values()) due = Math.min(due, at);
      if (due > end || performance.now() > end) return;
      await sleep(Math.max(1, due - performance.now()));
    }
  }
}

/**
 * Runs code of the cell in a turn of the event loop of its own, until something fails the cell.
 *
 * V8 drops pending microtasks when it terminates code: none of the kernel's own may be among them.
 */
function inTurn<T>(cell: Cell, run: () => Promise<T>): Promise<T> {
  const done = new Promise<T>((resolve, reject) => {
    setImmediate(() => {
      begin(cell);
      run().then(resolve, reject);
    });
  });
  done.catch(() => {});
  return Promise.race([done, cell.failure]);
}

/**
 * True for a value with a display method; one that is a thenable too, as a control is, is shown,
 * not awaited.
 */
const showsItself = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  typeof Reflect.get(value, Symbol.for("Jupyter.display")) === "function";

const isTermination = (error: unknown): boolean =>
  error instanceof Error && error.message === "Interrupted asynchronously";

function tooLong(length: number): Failure {
  const evalue = `the cell has ${length} characters, at most ${MAX_CODE_CHARACTERS} are allowed; read big data from a file`;
  return { ename: "RangeError", evalue, traceback: [`RangeError: ${evalue}`] };
}
