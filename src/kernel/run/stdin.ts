import readline from "node:readline";
import promises from "node:readline/promises";
import { Readable } from "node:stream";
// The global timers belong to the cells.
import { setImmediate } from "node:timers";
import { dialogs, type Input } from "./input";

/** The part that readline's two interfaces have in common. */
interface Interface extends NodeJS.EventEmitter {
  input?: unknown;
  closed?: boolean;
  prompt(preserveCursor?: boolean): void;
  getPrompt(): string;
  close(): void;
  resume(): unknown;
  question(query: string, options?: { signal?: AbortSignal }): unknown;
}

const reads = (event: string | symbol): boolean =>
  event === "line" || event === "data" || event === "readable";

/**
 * Standard input of the cells: each line is asked for by an `input_request`.
 *
 * A stream is read ahead, but a front end must not be asked ahead. So it asks when readline
 * prompts, and otherwise only while something listens for lines or data.
 */
class StdinStream extends Readable {
  readonly #interfaces = new Set<Interface>();
  readonly #cell: number | undefined;
  #asking = new AbortController();
  #hungry = false;
  #prompt: string | undefined;

  constructor(private readonly source: Input) {
    super();
    this.#cell = source.owner()?.serial;
    this.on("newListener", (event) => reads(event) && process.nextTick(() => this.#consider()));
    this.on("resume", () => this.#consider());
  }

  /** True once nothing can be read any more, or an earlier cell has left it paused. */
  get isOver(): boolean {
    const left = this.isPaused() && this.source.owner()?.serial !== this.#cell;
    return left || this.destroyed || this.readableEnded;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#asking.abort();
    done(error);
  }

  override _read(): void {
    this.#hungry = true;
    this.#consider();
  }

  /** Has a readline interface ask by its prompt, in the input box itself. */
  adopt(rl: Interface): void {
    this.#interfaces.add(rl);
    rl.once("close", () => {
      this.#interfaces.delete(rl);
      this.#asking.abort();
    });
    rl.on("newListener", (event) => reads(event) && process.nextTick(() => this.#consider()));
    if (rl instanceof promises.Interface) this.#interruptQuestions(rl);
    const original = rl.prompt.bind(rl);
    rl.prompt = (preserveCursor) => {
      if (rl.closed) return original(preserveCursor);
      this.source.require("readline");
      this.#prompt = rl.getPrompt();
      rl.resume();
      this.#consider();
    };
  }

  /** Rejects a question whose cell is interrupted, so that `finally` runs. */
  #interruptQuestions(rl: Interface): void {
    const original = rl.question.bind(rl);
    rl.question = (query, { signal } = {}) => {
      const { cell } = this.source.require("readline");
      const interrupted = cell.controller.signal;
      return original(query, {
        signal: signal ? AbortSignal.any([signal, interrupted]) : interrupted,
      });
    };
  }

  #consider(): void {
    if (!this.#hungry) return;
    if (this.#prompt !== undefined) this.#ask();
    else if (this.#isRead()) setImmediate(() => this.#hungry && this.#isRead() && this.#ask());
  }

  /**
   * True while something reads without a prompt; each readline interface has one listener for data
   * of its own.
   */
  #isRead(): boolean {
    const open = [...this.#interfaces];
    if (this.destroyed) return false;
    if (this.listenerCount("readable") > 0) return true;
    if (this.isPaused()) return false;
    return (
      open.some((rl) => rl.listenerCount("line") > 0) || this.listenerCount("data") > open.length
    );
  }

  /** Lets go of the readers of a cell that was stopped while it asked; another cell may read on. */
  #release(): void {
    this.#hungry = true;
    for (const rl of this.#interfaces) rl.close();
    for (const event of ["data", "readable"]) this.removeAllListeners(event);
    this.pause();
  }

  #ask(): void {
    const prompt = this.#prompt;
    this.#hungry = false;
    this.#prompt = undefined;
    this.#asking = new AbortController();
    try {
      this.source.ask("process.stdin", { prompt }, this.#asking.signal).then(
        (line) => this.push(line === null ? null : `${line}\n`),
        () => this.#release(),
      );
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}

/** Gives the cells `prompt`, `confirm`, `process.stdin`, and readline over it. */
export function installStdin(input: Input): void {
  Object.assign(globalThis, dialogs(input));
  let stream: StdinStream | undefined;
  Object.defineProperty(process, "stdin", {
    configurable: true,
    enumerable: true,
    get: () => {
      if (!stream || stream.isOver) stream = new StdinStream(input);
      return stream;
    },
  });
  for (const module of [readline, promises] as unknown as Record<string, unknown>[]) {
    const adopted = <T>(rl: T): T => {
      const source = (rl as Interface).input;
      if (source instanceof StdinStream) source.adopt(rl as Interface);
      return rl;
    };
    const create = module.createInterface as (options: object) => unknown;
    module.createInterface = (first: { input?: unknown }, output?: object, completer?: unknown) => {
      const options = first instanceof Readable ? { input: first, output, completer } : first;
      const terminal = options.input instanceof StdinStream ? { terminal: false } : {};
      return adopted(create({ ...options, ...terminal }));
    };
    module.Interface = new Proxy(module.Interface as new () => object, {
      construct: (target, args, newTarget) => adopted(Reflect.construct(target, args, newTarget)),
    });
  }
}
