import type { Header } from "./wire";

const FLUSH_MS = 25;
const FLUSH_CHARACTERS = 32_768;

/** Joins consecutive writes of one stream of one cell into one message, at most 25 ms late. */
export class StreamBuffer {
  #parent: Header | undefined;
  #name = "";
  #text: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly send: (parent: Header | undefined, name: string, text: string) => void,
  ) {}

  write(parent: Header | undefined, name: string, text: string): void {
    if (name !== this.#name || parent?.msg_id !== this.#parent?.msg_id) this.flush();
    this.#parent = parent;
    this.#name = name;
    this.#text.push(text);
    this.#length += text.length;
    if (this.#length >= FLUSH_CHARACTERS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Takes back the line that the cell has begun and not ended, as far as it is still held here. */
  takeUnfinishedLine(parent: Header): string {
    if (this.#name !== "stdout" || parent.msg_id !== this.#parent?.msg_id) return "";
    const text = this.#text.join("");
    const at = text.lastIndexOf("\n") + 1;
    this.#text = [text.slice(0, at)];
    this.#length = at;
    return text.slice(at);
  }

  /** Sends what is held back; call it before any other message, so that order is kept. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text.join("");
    this.#text = [];
    this.#length = 0;
    if (text === "") return;
    this.send(this.#parent, this.#name, text);
  }
}
