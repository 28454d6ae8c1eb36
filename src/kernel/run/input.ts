import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Answer, Outgoing } from "../wire/channel";
import { Flag } from "../wire/flags";
import { type Cell, Interrupted } from "./cell";
import type { PromptOptions } from "./globals";

/** Thrown where code asks for a line and nobody can give one; named as in IPython. */
export class StdinNotImplementedError extends Error {
  override name = "StdinNotImplementedError";
}

interface Asked {
  prompt: string | undefined;
  password?: boolean;
}

interface Pending {
  resolve(line: string | null): void;
  reject(reason: unknown): void;
}

/** Asks the front end for lines on behalf of the running cell. */
export class Input {
  readonly #pending = new Map<number, Pending>();
  #count = 0;

  constructor(
    private readonly flags: Int32Array,
    private readonly answers: MessagePort,
    readonly owner: () => Cell | undefined,
    private readonly send: (message: Outgoing) => void,
  ) {
    answers.on("message", (answer: Answer) => this.#settle(answer));
  }

  /** The cell that may ask and the identities of its front end; throws if there is none. */
  require(who: string): { cell: Cell; identities: Uint8Array[] } {
    const cell = this.owner();
    if (!cell || cell.ended)
      throw new StdinNotImplementedError(
        `${who} must be called while its cell runs, got a call after it had ended; await the answer in the cell`,
      );
    const { asks: identities } = cell.options;
    if (!identities)
      throw new StdinNotImplementedError(
        `${who} needs a front end that takes input, got a request that allows none (allow_stdin is false or the cell is silent); run the cell in JupyterLab, or write the value into the cell`,
      );
    return { cell, identities };
  }

  /** Asks without blocking; the cell does not end before the answer or the signal. */
  ask(who: string, asked: Asked, signal: AbortSignal): Promise<string | null> {
    const { cell, identities } = this.require(who);
    const line = new Promise<string | null>((resolve, reject) =>
      this.#question(cell, identities, asked, { resolve, reject }),
    );
    cell.controller.signal.addEventListener("abort", () => this.drop(), { once: true });
    const over = new Promise<unknown>((resolve) => {
      line.then(resolve, resolve);
      signal.addEventListener("abort", resolve, { once: true });
    });
    cell.pendingInputs.add(over);
    void over.then(() => cell.pendingInputs.delete(over));
    return line;
  }

  /** Asks and blocks the thread; an interrupt wakes it and throws. */
  askNow(who: string, asked: Asked): string | null {
    const { cell, identities } = this.require(who);
    let answer: { line: string | null } | undefined;
    const resolve = (line: string | null): void => {
      answer = { line };
    };
    const id = this.#question(cell, identities, asked, { resolve, reject: () => {} });
    for (;;) {
      const bell = Atomics.load(this.flags, Flag.Bell);
      for (;;) {
        const received = receiveMessageOnPort(this.answers);
        if (!received) break;
        this.#settle(received.message as Answer);
      }
      if (answer) return answer.line;
      if (Atomics.load(this.flags, Flag.Interrupted) === cell.serial) {
        this.#pending.delete(id);
        throw new Interrupted();
      }
      Atomics.wait(this.flags, Flag.Bell, bell);
    }
  }

  /** Rejects what a cell waits for that has ended or been interrupted. */
  drop(): void {
    for (const { reject } of this.#pending.values()) reject(new Interrupted());
    this.#pending.clear();
  }

  #question(cell: Cell, identities: Uint8Array[], asked: Asked, pending: Pending): number {
    const id = ++this.#count;
    const { prompt, password = false } = asked;
    const { parent } = cell.options;
    this.#pending.set(id, pending);
    this.send({ kind: "question", question: { id, parent, identities, prompt, password } });
    return id;
  }

  #settle({ id, line }: Answer): void {
    this.#pending.get(id)?.resolve(line);
    this.#pending.delete(id);
  }
}

/** `prompt` and `confirm` as on the web, for the cells. */
export function dialogs(input: Input): Pick<typeof globalThis, "prompt" | "confirm"> {
  return {
    prompt(message = "Prompt", options = {}) {
      const { default: otherwise, password = false }: PromptOptions =
        typeof options === "object" && options !== null ? options : { default: String(options) };
      const shown = otherwise === undefined ? `${message} ` : `${message} [${otherwise}] `;
      const line = input.askNow("prompt", { prompt: shown, password });
      return line === "" && otherwise !== undefined ? otherwise : line;
    },
    confirm(message = "Confirm") {
      const line = input.askNow("confirm", { prompt: `${message} [y/N] ` });
      return /^\s*y(es)?\s*$/i.test(line ?? "");
    },
  };
}
