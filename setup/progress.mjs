// The line of a running step: its name, its seconds, the megabytes written so far.

/**
 * Line of a running step: redrawn each second in a terminal; elsewhere its start and, when it is
 * done, its end.
 */
export class Progress {
  #out;
  #head;
  #start;
  #timer;

  constructor(out = process.stdout) {
    this.#out = out;
  }

  /** Start the line of a step; `written` returns the bytes that it has made so far. */
  start(head, written) {
    this.#head = head;
    this.#start = Date.now();
    this.#out.write(head);
    if (!this.#out.isTTY || process.env.TERM === "dumb") return;
    this.#timer = setInterval(() => {
      const made = written?.() ?? 0;
      this.#draw(`${head}${this.seconds(0)}${made < 1e6 ? "" : `, ${Math.round(made / 1e6)} MB`}`);
    }, 1000);
    this.#timer.unref();
  }

  /** Time since the start, as "3.1 s". */
  seconds(digits = 1) {
    return `${((Date.now() - this.#start) / 1000).toFixed(digits)} s`;
  }

  /** End the line with a word. */
  end(text) {
    if (this.#timer) this.#draw(this.#head);
    this.stop();
    this.#out.write(`${text}\n`);
  }

  /** Stop redrawing. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #draw(line) {
    this.#out.write(`\r${line.slice(0, (this.#out.columns || 80) - 1)}\x1b[K`);
  }
}

export const progress = new Progress();
