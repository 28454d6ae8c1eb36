import { performance } from "node:perf_hooks";
import timersPromises from "node:timers/promises";
import { promisify } from "node:util";
import { type Cell, Interrupted } from "./cell";
import { activeCell, enter, within } from "./context";

type Callback = (...args: unknown[]) => unknown;

/**
 * Makes the timers of a cell stop with it: after an interrupt or a failure none of its callbacks
 * runs any more.
 *
 * Timers that no cell started are left as they are. What a callback throws goes to `onError` with
 * the cell it belongs to.
 */
export function guardTimers(onError: (cell: Cell, error: unknown) => void): void {
  const unlessStopped =
    (cell: Cell, callback: Callback, done: () => void): Callback =>
    (...args) => {
      done();
      if (cell.stopped) return;
      try {
        within(cell, () => callback(...args));
      } catch (error) {
        onError(cell, error);
      }
    };
  const {
    setTimeout: timeout,
    clearTimeout: clear,
    setInterval: interval,
    setImmediate: immediate,
  } = globalThis;
  const owners = new WeakMap<object, Cell>();

  const guardedTimeout = (
    callback: Callback,
    delay?: number,
    ...args: unknown[]
  ): NodeJS.Timeout => {
    const cell = activeCell();
    if (!cell || typeof callback !== "function") return timeout(callback, delay, ...args);
    const timer: NodeJS.Timeout = timeout(
      unlessStopped(cell, callback, () => cell.timers.delete(timer)),
      delay,
      ...args,
    );
    cell.timers.set(timer, performance.now() + (delay ?? 1));
    owners.set(timer, cell);
    return timer;
  };
  const guardedClear: typeof clear = (timer) => {
    if (typeof timer === "object" && timer) owners.get(timer)?.timers.delete(timer);
    clear(timer);
  };
  const guardedInterval = (
    callback: Callback,
    delay?: number,
    ...args: unknown[]
  ): NodeJS.Timeout => {
    const cell = activeCell();
    if (!cell || typeof callback !== "function") return interval(callback, delay, ...args);
    const timer: NodeJS.Timeout = interval(
      unlessStopped(cell, callback, () => {
        if (cell.stopped) clearInterval(timer);
      }),
      delay,
      ...args,
    );
    return timer;
  };
  const guardedImmediate = (callback: Callback, ...args: unknown[]): NodeJS.Immediate => {
    const cell = activeCell();
    if (!cell || typeof callback !== "function") return immediate(callback, ...args);
    return immediate(
      unlessStopped(cell, callback, () => {}),
      ...args,
    );
  };

  globalThis.setTimeout = Object.assign(guardedTimeout, {
    [promisify.custom]: timersPromises.setTimeout,
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = guardedClear;
  globalThis.setInterval = guardedInterval as typeof setInterval;
  globalThis.setImmediate = Object.assign(guardedImmediate, {
    [promisify.custom]: timersPromises.setImmediate,
  }) as unknown as typeof setImmediate;
}

/**
 * Passes a value on that code of the cell awaited, in the context of that cell; throws when it was
 * stopped meanwhile.
 */
export function resumed<T>(cell: Cell | undefined, value: T): T {
  if (cell?.stopped) throw new Interrupted();
  enter(cell);
  return value;
}

/** Iterates like `source`, and throws between two values once the cell was stopped. */
export function watched<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
): AsyncIterable<T> {
  const cell = activeCell();
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const inner: AsyncIterator<T> | Iterator<T | PromiseLike<T>> =
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
      return {
        async next() {
          const step = await inner.next();
          const value = await step.value;
          if (cell?.stopped) {
            void inner.return?.();
            throw new Interrupted();
          }
          enter(cell);
          return { done: step.done === true, value } as IteratorResult<T>;
        },
        async return(value?: unknown) {
          await inner.return?.();
          return { done: true, value } as IteratorResult<T>;
        },
      };
    },
  };
}
