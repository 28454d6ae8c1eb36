import type { FromWorker, Shown, ToWorker } from "./messages";
import { fileBytes, filePaths, hasPart, MissingFile, part } from "./parts";

/** End of a cell. `stopped`: by the reader, or with its worker. */
export interface Ended {
  ok: boolean;
  alone: boolean;
  stopped: boolean;
  ms: number;
}

export interface Watcher {
  shown(cell: number, output: Shown): void;
  /** The worker is gone with all that its cells defined. */
  lost(reason: string): void;
  /**
   * A file beside the page is missing; resolves once the reader has picked it, rejects if the
   * reader does not.
   */
  missing(file: string): Promise<void>;
}

/** Time for the worker to answer a stop; one whose cell never awaits does not. */
const STOP_MS = 300;
/** Time for a cell to end after that answer: most of it for a slow machine. */
const STOPPING_MS = 1000;

/** A worker with a kernel in it, and the cell that runs there. */
export class Session {
  readonly #watcher: Watcher;
  /** Most examples of the training set that the next worker reads. */
  mostExamples: number | undefined;
  #worker: Worker | undefined;
  #running: { cell: number; began: number; end: (ended: Ended) => void } | undefined;
  #starting: Promise<void> | undefined;
  #ending: ReturnType<typeof setTimeout> | undefined;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  get running(): number | undefined {
    return this.#running?.cell;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const ids = ["page-wasm", "page-kernel", "page-library", "page-danfo"].filter(hasPart);
    const [wasm, ...scripts] = await Promise.all(ids.map(part));
    const text = scripts.flatMap((script) => [script, "\n"]) as BlobPart[];
    const code = new Blob(text, { type: "text/javascript" });
    const url = URL.createObjectURL(code);
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    const key = crypto.randomUUID?.() ?? String(Math.random());
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data?.key !== key || worker !== this.#worker) return;
        if (data.kind === "ready") resolve();
        else if (data.kind === "broken") reject(new Error(data.reason));
        else this.#receive(data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "the worker could not be started"));
        this.#end(`the worker died: ${event.message || "without a reason"}`);
      };
      const { mostExamples } = this;
      const start = { kind: "start" as const, key, wasm: wasm!, files: filePaths() };
      this.#send(mostExamples ? { ...start, mostExamples } : start, [wasm!.buffer]);
    });
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.kind === "shown") this.#watcher.shown(message.cell, message.output);
    if (message.kind === "need") void this.#give(message.name);
    if (message.kind === "stopping" && this.#running?.cell === message.cell)
      this.#endAfter(STOPPING_MS);
    if (message.kind !== "done" || this.#running?.cell !== message.cell) return;
    const { ok, alone, stopped, ms } = message;
    const { end } = this.#running;
    this.#running = undefined;
    end({ ok, alone, stopped, ms });
  }

  async #give(name: string): Promise<void> {
    const worker = this.#worker;
    const send = (message: ToWorker, transfer: Transferable[]): void => {
      if (worker === this.#worker) this.#send(message, transfer);
    };
    for (;;)
      try {
        const bytes = await fileBytes(name);
        return send({ kind: "file", name, bytes }, [bytes.buffer]);
      } catch (error) {
        try {
          if (!(error instanceof MissingFile)) throw error;
          await this.#watcher.missing(error.file);
        } catch (refused) {
          return send({ kind: "file", name, error: (refused as Error).message }, []);
        }
      }
  }

  /** Runs one cell; the caller sees to it that no other runs. Always resolves. */
  async run(cell: number, source: string): Promise<Ended> {
    await this.start();
    return new Promise((end) => {
      this.#running = { cell, began: performance.now(), end };
      this.#send({ kind: "run", cell, source });
    });
  }

  /** Ends the running cell: by its signal, or with its worker where that does not stop it. */
  stop(): void {
    if (!this.#running) return;
    this.#send({ kind: "stop" });
    this.#endAfter(STOP_MS);
  }

  /** Ends the worker unless the running cell ends sooner, or the time is set anew. */
  #endAfter(ms: number): void {
    const running = this.#running;
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => {
      if (running && this.#running === running) this.#end("the cell did not stop by itself");
    }, ms);
  }

  /** Ends the worker; the next cell starts a new one. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#starting = undefined;
    const running = this.#running;
    this.#running = undefined;
    running?.end({
      ok: false,
      alone: false,
      stopped: true,
      ms: performance.now() - running.began,
    });
  }

  #end(reason: string): void {
    if (!this.#worker) return;
    this.#watcher.lost(reason);
    this.end();
  }
}
