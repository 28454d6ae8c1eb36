/** Seconds in words: "0.4 s", "12 s", "3 min". */
export function duration(seconds: number): string {
  if (seconds < 0.05) return "less than 0.1 s";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Slowdown of a page compared with the author's machine, before any cell has run. */
const FIRST_RATIO = 3;
const WORTH_SAYING_S = 2;

/** Expects times of cells from the author's, by what the cells took here so far. */
export class Estimate {
  #author = 1;
  #here = FIRST_RATIO;

  learn(author: number | undefined, here: number): void {
    if (author === undefined || author < 0.2) return;
    this.#author += author;
    this.#here += here;
  }

  /** ", about 2 min here", or nothing where it is short or unknown. */
  words(authors: readonly (number | undefined)[]): string {
    const sum = authors.reduce<number>((total, one) => total + (one ?? 0), 0);
    const seconds = (sum * this.#here) / this.#author;
    return seconds < WORTH_SAYING_S ? "" : `, about ${duration(Math.round(seconds))} here`;
  }
}
