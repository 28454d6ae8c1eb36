import { bind, hook } from "./widget";

/**
 * `input` while a value changes, `commit` when the reader has chosen one, `settled` when the reader
 * has left.
 */
export type Change = "input" | "commit" | "settled";

const cellSignal = (): AbortSignal | undefined =>
  Reflect.get(globalThis, Symbol.for("autoencoders.signal"));

/** Waits until the function given to `start` is called; rejects when the cell is interrupted. */
function until(start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = cellSignal();
    const interrupted = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", interrupted, { once: true });
    start(() => {
      signal?.removeEventListener("abort", interrupted);
      resolve();
    });
  });
}

/**
 * A value that the reader changes: `await` it for the next choice, `for await` over it, or hand it
 * a function.
 *
 * If nobody can choose, as when notebooks are executed without a front end, each takes the value
 * as it is and ends.
 */
export abstract class Observable<T> implements PromiseLike<T>, AsyncIterable<T> {
  abstract get value(): T;
  abstract show(): this;
  /** Shows the value unless it is shown already. */
  protected abstract reveal(): void;
  /** Calls back for each change, until the returned function is called. */
  abstract subscribe(changed: (change: Change) => void): () => void;
  /** False for a button: it has no value before it is pressed. */
  protected readonly startsWithValue: boolean = true;

  /** Resolves to the next value that the reader chooses. */
  // biome-ignore lint/suspicious/noThenProperty: a control is awaited
  then<A = T, B = never>(
    resolve?: ((value: T) => A | PromiseLike<A>) | null,
    reject?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.reveal();
    let stop = (): void => {};
    const chosen = hook().interactive
      ? until((done) => {
          stop = this.subscribe((change) => change === "commit" && done());
        }).finally(() => stop())
      : Promise.resolve();
    return chosen.then(() => this.value).then(resolve, reject);
  }

  /** Yields the value, then the latest one whenever it has changed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    this.reveal();
    const { interactive } = hook();
    let changed = this.startsWithValue;
    let wake = (): void => {};
    const stop = this.subscribe((change) => {
      if (change === "settled") return;
      changed = true;
      wake();
    });
    try {
      for (;;) {
        if (changed) {
          changed = false;
          yield this.value;
        } else if (interactive)
          await until((done) => {
            wake = done;
          });
        else return;
      }
    } finally {
      stop();
    }
  }

  /**
   * Runs the function with the value now and again whenever it has changed, also after the cell has
   * ended.
   *
   * Resolves after the first run. A new value aborts the signal of the run before and waits for its
   * end.
   */
  async each(run: (value: T, signal: AbortSignal) => unknown): Promise<void> {
    this.reveal();
    let running: Promise<unknown> = Promise.resolve();
    let controller = new AbortController();
    let latest = 0;
    const launch = bind((signal: AbortSignal) => {
      running = (async () => run(this.value, signal))();
    });
    const report = bind((error: unknown) => {
      throw error;
    });
    const start = async (): Promise<void> => {
      const turn = ++latest;
      controller.abort();
      await running.catch(() => {});
      if (turn !== latest) return;
      controller = new AbortController();
      launch(controller.signal);
      await running.catch((error) => {
        if (turn === latest) throw error;
      });
    };
    this.subscribe((change) => change === "input" && void start().catch(report));
    if (this.startsWithValue) await start();
  }

  toString(): string {
    return String(this.value);
  }
}
