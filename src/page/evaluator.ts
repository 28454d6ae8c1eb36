import {
  type Bundle,
  bundleOf,
  type Formatter,
  wireBundle,
} from "jupyter-typescript/dist/answer/bundle";
import { OutputLimiter } from "jupyter-typescript/dist/answer/limiter";
import type { CellSource } from "jupyter-typescript/dist/convert/cell-converter";
import { Cell, Interrupted } from "jupyter-typescript/dist/run/cell";
import { activeCell, begin } from "jupyter-typescript/dist/run/context";
import {
  ENDS_ITS_CELL_ALONE,
  excerpt,
  type Failure,
  interruptFailure,
  runtimeFailure,
} from "jupyter-typescript/dist/run/failure";
import { Runtime } from "jupyter-typescript/dist/run/runtime";
import { compileCell, type Earlier } from "./cell";
import type { Shown } from "./messages";
import { performance, setImmediate, setTimeout } from "./node/builtins";
import { type CellScript, installStackTraces } from "./stack";
import { CellSyntaxError } from "./strip";

const SIGNAL = Symbol.for("autoencoders.signal");
const MAX_CODE_CHARACTERS = 1_000_000;
/** A cell waits for its own timers that are due this soon, so that what they throw fails it. */
const TIMER_GRACE_MS = 50;
/** Time for a stopped cell that awaits something to end by itself. */
const STOP_GRACE_MS = 200;

// Kept from cells that replace them.
const race = Promise.race.bind(Promise);
const { stringify, parse: parseJson } = JSON;
/** Stacks tell places in the cells' own text. */
const AS_IN_STACK = { locate: (at: { line: number; column: number }) => at };

type Body = (exports: object, require: (name: string) => unknown) => Promise<unknown>;

export interface Host {
  /** Evaluates a script; its places in stacks read as `url` or as `name`. */
  load(script: string, name: string): { url: string };
  show(cell: number, output: Shown): void;
  require(name: string): unknown;
}

/** The outcome of a cell. */
export interface Outcome {
  ok: boolean;
  alone: boolean;
  stopped: boolean;
  ms: number;
}

/** Runs cells one after the other, with the native kernel's runtime. */
export class PageEvaluator {
  readonly formatters: Formatter[] = [];
  readonly #runtime: Runtime;
  readonly #shared: { body?: Body };
  /** Beginnings of lines that no limit of output leaves out. */
  readonly alwaysShown = new Set<string>();
  readonly #sources = new Map<string, CellSource>();
  /** Scripts of cells by the names and addresses by which stacks call them. */
  readonly #scripts = new Map<string, CellScript>();
  readonly #stackOf = installStackTraces((url) => this.#scripts.get(url));
  readonly #limiters = new WeakMap<Cell, OutputLimiter>();
  readonly #places = new WeakMap<Cell, number>();
  readonly #host: Host;
  #current: Cell | undefined;
  #last: Cell | undefined;
  #serial = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
    const shared = {};
    Object.defineProperty(globalThis, "__tslab__", { value: shared });
    this.#shared = shared;
    this.#runtime = new Runtime(new Int32Array(16), (cell, value) => {
      if (cell && !cell.ended) cell.result = { value };
    });
  }

  get #owner(): Cell | undefined {
    return activeCell() ?? this.#current ?? this.#last;
  }

  /** Place of the cell that runs. */
  get running(): number | undefined {
    return this.#current && this.#places.get(this.#current);
  }

  /** Runs a cell after those that were asked for before. `place` is its number on the page. */
  run(place: number, code: string): Promise<Outcome> {
    const ran = this.#queue.then(() => this.#run(place, code));
    this.#queue = ran;
    return ran;
  }

  async #run(place: number, code: string): Promise<Outcome> {
    const options = { count: place, parent: {} as never, silent: false, check: "off" as const };
    const cell = new Cell(++this.#serial, code, options);
    this.#places.set(cell, place);
    this.#current = cell;
    this.#last = cell;
    this.#runtime.assigned = new Set();
    Reflect.set(globalThis, SIGNAL, cell.controller.signal);
    const started = performance.now();
    const failure = await this.#execute(cell);
    cell.ended = true;
    this.#current = undefined;
    const note = this.#limiters.get(cell)?.note();
    if (note) this.#show(cell, { kind: "stream", name: "stderr", text: note });
    const alone = failure?.[ENDS_ITS_CELL_ALONE] === true;
    if (failure) {
      cell.stopped = true;
      this.#fail(cell, failure);
    }
    const ms = performance.now() - started;
    return { ok: !failure, alone, stopped: cell.interrupted, ms };
  }

  async #execute(cell: Cell): Promise<Failure | undefined> {
    try {
      if (cell.code.length > MAX_CODE_CHARACTERS) return tooLong(cell.code.length);
      if (cell.code.trim() !== "") {
        const body = this.#compiled(cell);
        await this.#inTurn(cell, () => body(this.#runtime.exports, this.#host.require));
      }
      const value = await race([cell.result?.value, cell.failure]);
      await race([timersDue(cell), cell.failure]);
      if (value !== undefined && !cell.interrupted)
        await this.#inTurn(cell, async () => {
          const bundle = await bundleOf(value, this.formatters);
          if (!cell.stopped) this.#display(cell, bundle, { result: true });
        });
      if (cell.interrupted) throw new Interrupted();
      return undefined;
    } catch (error) {
      return this.#describe(error);
    }
  }

  #compiled(cell: Cell): Body {
    const { script, lines, positions } = compileCell(cell.code, this.#earlier);
    this.#sources.set(cell.name, { lines, positions: AS_IN_STACK } as CellSource);
    const own = { name: cell.name, positions };
    this.#scripts.set(cell.name, own);
    this.#scripts.set(this.#host.load(script, cell.name).url, own);
    const { body } = this.#shared;
    delete this.#shared.body;
    return body!;
  }

  readonly #earlier: Earlier = (name) => {
    const found = Object.getOwnPropertyDescriptor(this.#runtime.exports, name);
    if (!found) return name in globalThis ? "global" : undefined;
    return found.set ? "variable" : "constant";
  };

  /** One turn of the event loop of its own, until something fails the cell. */
  #inTurn<T>(cell: Cell, run: () => Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      setImmediate(() => {
        begin(cell);
        run().then(resolve, reject);
      });
    });
    done.catch(() => {});
    return race([done, cell.failure]);
  }

  #describe(error: unknown): Failure {
    if (this.#current?.interrupted || error instanceof Interrupted) return interruptFailure(0);
    if (error instanceof CellSyntaxError) return syntaxFailure(error, this.#current!.code);
    return runtimeFailure(error, this.#sources, this.#stackOf);
  }

  /**
   * Aborts the running cell's signal; a cell that awaits ends here, another is ended with its
   * worker.
   */
  stop(): void {
    const cell = this.#current;
    if (!cell || cell.interrupted) return;
    const reason = new Interrupted();
    cell.stopped = true;
    cell.interrupted = true;
    cell.controller.abort(reason);
    setTimeout(() => cell.fail(reason), STOP_GRACE_MS);
  }

  /** An error that no promise of the cell carries. */
  asynchronousError(error: unknown, cell = this.#owner): void {
    if (!cell || cell.interrupted) return;
    if (!cell.ended) cell.fail(error);
    else this.#fail(cell, this.#describe(error));
  }

  write(name: "stdout" | "stderr", text: string): void {
    const cell = this.#owner;
    if (!cell || text === "") return;
    const shown = this.#limiter(cell).text(text);
    if (shown) this.#show(cell, { kind: "stream", name, text: shown });
  }

  publish(bundle: Bundle, options: { display_id?: string; update?: boolean } = {}): void {
    const { display_id, update = false } = options;
    if (update && display_id === undefined)
      throw new TypeError(
        "an update must name the display it replaces, got none; give { display_id }",
      );
    const cell = this.#owner;
    if (cell) this.#display(cell, bundle, { id: display_id, update });
  }

  clear(wait = false): void {
    const cell = this.#owner;
    if (cell) this.#show(cell, { kind: "clear", wait });
  }

  #display(
    cell: Cell,
    bundle: Bundle,
    { id, update = false, result = false }: { id?: string; update?: boolean; result?: boolean },
  ): void {
    const text = stringify(wireBundle(bundle));
    if (!this.#limiter(cell).bundle(text.length)) return;
    const shown = { kind: "display" as const, bundle: parseJson(text) as Bundle, update, result };
    this.#show(cell, id === undefined ? shown : { ...shown, id });
  }

  #fail(cell: Cell, { ename, evalue, traceback, ...rest }: Failure): void {
    const alone = rest[ENDS_ITS_CELL_ALONE] === true;
    this.#show(cell, { kind: "error", ename, evalue, traceback, alone });
  }

  #show(cell: Cell, output: Shown): void {
    this.#host.show(this.#places.get(cell)!, output);
  }

  #limiter(cell: Cell): OutputLimiter {
    let limiter = this.#limiters.get(cell);
    if (!limiter) {
      limiter = new OutputLimiter(this.alwaysShown);
      this.#limiters.set(cell, limiter);
    }
    return limiter;
  }
}

async function timersDue(cell: Cell): Promise<void> {
  const end = performance.now() + TIMER_GRACE_MS;
  await new Promise<void>((resolve) => void setImmediate(() => resolve()));
  for (;;) {
    const due = Math.min(Number.POSITIVE_INFINITY, ...cell.timers.values());
    if (due > end || performance.now() > end) return;
    const wait = Math.max(1, due - performance.now());
    await new Promise<void>((resolve) => void setTimeout(() => resolve(), wait));
  }
}

/** An error of the cell's text with its line. */
function syntaxFailure({ message, line, column }: CellSyntaxError, code: string): Failure {
  const evalue = `${line}:${column} ${message}`;
  return {
    ename: "SyntaxError",
    evalue,
    traceback: [
      `\x1b[31mline ${line}:${column}\x1b[0m SyntaxError: ${message}`,
      ...excerpt(code.split("\n"), { line, column }, 1),
    ],
  };
}

function tooLong(length: number): Failure {
  const evalue = `the cell has ${length} characters, at most ${MAX_CODE_CHARACTERS} are allowed; read big data from a file`;
  return { ename: "RangeError", evalue, traceback: [`RangeError: ${evalue}`] };
}
