import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { debugInfo, type FromDebugger, response, type ToDebugger } from "./debug-messages";
import type { Json, Request } from "./wire";

const PATIENCE_MS = 300;

export interface DebuggerClient {
  reply(request: Request, content: object): void;
  publish(content: object): void;
}

/**
 * The socket thread's end of the debugger, whose thread is started by the first request that needs
 * it.
 */
export class DebuggerLink {
  #worker: Worker | undefined;
  #asked = 0;
  #interrupts = 0;
  readonly #open = new Map<number, Request>();
  /** Those who wait for an answer of the thread, in turn. */
  readonly #waiting: Record<"released" | "closed", (() => void)[]> = { released: [], closed: [] };

  constructor(
    private readonly client: DebuggerClient,
    private readonly thread = (): Worker =>
      new Worker(path.join(__dirname, "../debug/thread.js"), { stdout: false, stderr: false }),
  ) {}

  receive(request: Request): void {
    const { content } = request;
    if (!this.#worker && content.command === "debugInfo") {
      this.client.reply(request, response(0, content, { body: debugInfo(false) }));
      return;
    }
    const id = ++this.#asked;
    this.#open.set(id, request);
    this.#start().postMessage({ kind: "request", id, content } satisfies ToDebugger);
  }

  /**
   * Resumes a paused cell and interrupts it; code may pause again when the last interrupt has ended
   * what it was meant for.
   */
  async withoutPauses(interrupt: () => Promise<void>): Promise<void> {
    this.#interrupts++;
    await this.#told("release", "released");
    try {
      await interrupt();
    } finally {
      if (--this.#interrupts === 0)
        this.#worker?.postMessage({ kind: "interrupts ended" } satisfies ToDebugger);
    }
  }

  /** Resumes and closes the session with the main thread, with which it could not exit. */
  close(): Promise<void> {
    return this.#told("close", "closed");
  }

  async #told(kind: "release" | "close", answer: "released" | "closed"): Promise<void> {
    if (!this.#worker) return;
    const settled = new Promise<void>((resolve) => {
      this.#waiting[answer].push(resolve);
    });
    this.#worker.postMessage({ kind } satisfies ToDebugger);
    await Promise.race([settled, sleep(PATIENCE_MS)]);
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.thread();
    worker.on("message", (message: FromDebugger) => {
      if (message.kind === "event") this.client.publish(message.content);
      else if (message.kind === "response") this.#reply(message.id, message.content);
      else this.#waiting[message.kind].shift()?.();
    });
    worker.on("error", (error) => this.#failed(error));
    this.#worker = worker;
    return worker;
  }

  #reply(id: number, content: object): void {
    const request = this.#open.get(id);
    this.#open.delete(id);
    if (request) this.client.reply(request, content);
  }

  /**
   * The thread's end closes its session and with it every breakpoint; the next request starts
   * another.
   */
  #failed(error: Error): void {
    this.#worker = undefined;
    const message = `the debugger failed and is off: ${error.message}`;
    for (const [id, { content }] of this.#open)
      this.#reply(id, response(0, content as Json, { message }));
  }
}
