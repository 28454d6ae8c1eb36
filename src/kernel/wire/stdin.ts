import { randomUUID } from "node:crypto";
import type { Answer, Question } from "./channel";
import type { Request, seal } from "./wire";

/** Questions of the cells to the front end: one at a time, since front ends show one input box. */
export class Questions {
  #waiting: (Question & { messageId: string })[] = [];
  /** Messages that were asked and dropped; an answer to one of them comes too late. */
  readonly #dropped = new Set<unknown>();

  constructor(
    private readonly send: (message: Parameters<typeof seal>[1]) => void,
    private readonly answer: (answer: Answer) => void,
  ) {}

  ask(question: Question): void {
    this.#waiting.push({ ...question, messageId: randomUUID() });
    if (this.#waiting.length === 1) this.#sendFirst();
  }

  receive({ parent, content }: Request): void {
    if (this.#dropped.delete(parent.msg_id)) return;
    const question = this.#waiting.shift();
    if (!question) return;
    const { value } = content;
    this.answer({ id: question.id, line: typeof value === "string" ? value : null });
    this.#sendFirst();
  }

  /** Drops the questions of a cell that has ended. */
  drop(): void {
    const [asked] = this.#waiting;
    if (asked) this.#dropped.add(asked.messageId);
    this.#waiting = [];
  }

  #sendFirst(): void {
    const [question] = this.#waiting;
    if (!question) return;
    const { messageId: id, identities, parent, prompt, password } = question;
    const content = JSON.stringify({ prompt, password });
    this.send({ id, type: "input_request", identities, parent, content });
  }
}
