import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Json, Request } from "./wire";

export interface AssistStart {
  folder: string;
  root: string;
}

export interface AssistRequest {
  id: number;
  type: string;
  content: Json;
  /** Declarations of the cells that have run. */
  declarations: readonly string[];
}

const ASSISTED = new Set(["complete_request", "inspect_request"]);

/** The socket thread's end of the thread that completes and inspects while a cell runs. */
export class AssistLink {
  /** Declarations of the cells that have run. */
  declarations: readonly string[] = [];
  #worker: Worker | undefined;
  #asked = 0;
  readonly #open = new Map<number, Request>();

  constructor(
    private readonly start: AssistStart,
    private readonly reply: (request: Request, content: object) => void,
    /** Takes the requests back when the thread has failed. */
    private readonly giveBack: (request: Request) => void,
  ) {}

  takes(request: Request): boolean {
    return ASSISTED.has(request.header.msg_type);
  }

  receive(request: Request): void {
    const id = ++this.#asked;
    this.#open.set(id, request);
    const { declarations } = this;
    const { content, header } = request;
    const message: AssistRequest = { id, type: header.msg_type, content, declarations };
    this.#worker ??= this.#started();
    this.#worker.postMessage(message);
  }

  #started(): Worker {
    const file = path.join(__dirname, "../answer/assist-thread.js");
    const worker = new Worker(file, { workerData: this.start, stdout: false, stderr: false });
    worker.on("message", ({ id, content }: { id: number; content: object }) => {
      const request = this.#open.get(id);
      this.#open.delete(id);
      if (request) this.reply(request, content);
    });
    worker.on("error", () => {
      this.#worker = undefined;
      for (const request of this.#open.values()) this.giveBack(request);
      this.#open.clear();
    });
    return worker;
  }
}
