import type { Json } from "../wire/wire";

const REMEMBERED = 10_000;

type Entry = [session: number, line: number, input: string];

/**
 * True if the text matches the shell pattern: `*` any text, `?` one character. Takes length times
 * length steps at most.
 */
export function matches(pattern: string, text: string): boolean {
  let [at, position] = [0, 0];
  let star = -1;
  let resume = 0;
  while (at < text.length)
    if (pattern[position] === "*") {
      star = position++;
      resume = at;
    } else if (
      position < pattern.length &&
      (pattern[position] === "?" || pattern[position] === text[at])
    ) {
      position++;
      at++;
    } else if (star >= 0) {
      position = star + 1;
      at = ++resume;
    } else return false;
  while (pattern[position] === "*") position++;
  return position === pattern.length;
}

/** Inputs of this session, as history_request asks for them. */
export class History {
  readonly #entries: Entry[] = [];

  add(line: number, input: string): void {
    this.#entries.push([0, line, input]);
    if (this.#entries.length > REMEMBERED) this.#entries.shift();
  }

  /**
   * The entries of a `tail`, `range` or `search` request; outputs are not kept, so they are null
   * where asked for.
   */
  answer(request: Json): [session: number, line: number, input: string | [string, null]][] {
    const found = this.#find(request);
    return request.output === true
      ? found.map(([session, line, input]) => [session, line, [input, null]])
      : found;
  }

  #find(request: Json): Entry[] {
    const count = typeof request.n === "number" && request.n > 0 ? request.n : REMEMBERED;
    switch (request.hist_access_type) {
      case "range": {
        const start = typeof request.start === "number" ? request.start : 0;
        const stop = typeof request.stop === "number" ? request.stop : Number.POSITIVE_INFINITY;
        return this.#entries.filter(
          ([session, line]) => session === (request.session ?? 0) && line >= start && line < stop,
        );
      }
      case "search": {
        const pattern = typeof request.pattern === "string" ? request.pattern.slice(0, 200) : "*";
        const found = this.#entries.filter(([, , input]) =>
          matches(pattern, input.slice(0, 10_000)),
        );
        const last = new Map(found.map((entry) => [entry[2], entry]));
        return (request.unique === true ? [...last.values()] : found).slice(-count);
      }
      default:
        return this.#entries.slice(-count);
    }
  }
}
