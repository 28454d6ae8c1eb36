import { performance } from "node:perf_hooks";
import timersPromises from "node:timers/promises";
import { promisify } from "node:util";
import { type Cell, cells, Interrupted } from "./cell";

type Callback = (...args: unknown[]) => unknown;

/** The callback, which does nothing once its cell was stopped. */
const unlessStopped =
  (cell: Cell, callback: Callback, done: () => void): Callback =>
  (...args) => {
    done();
    if (!cell.stopped) callback(...args);
  };

/**
 * Makes the timers of a cell stop with it: after an interrupt or a failure none of its callbacks runs any more.
 *
 * Timers that no cell started are left as they are.
 */
export function guardTimers(): void {
  const { setTimeout: timeout, setInterval: interval, setImmediate: immediate } = globalThis;

  const guardedTimeout = (callback: Callback, delay?: number, ...args: unknown[]): NodeJS.Timeout => {
    const cell = cells.getStore();
    if (!cell || typeof callback !== "function") return timeout(callback, delay, ...args);
    const timer: NodeJS.Timeout = timeout(
      unlessStopped(cell, callback, () => cell.timers.delete(timer)),
      delay,
      ...args,
    );
    cell.timers.set(timer, performance.now() + (delay ?? 1));
    return timer;
  };
  const guardedInterval = (callback: Callback, delay?: number, ...args: unknown[]): NodeJS.Timeout => {
    const cell = cells.getStore();
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
    const cell = cells.getStore();
    if (!cell || typeof callback !== "function") return immediate(callback, ...args);
    return immediate(
      unlessStopped(cell, callback, () => {}),
      ...args,
    );
  };

  globalThis.setTimeout = Object.assign(guardedTimeout, {
    [promisify.custom]: timersPromises.setTimeout,
  }) as unknown as typeof setTimeout;
  globalThis.setInterval = guardedInterval as typeof setInterval;
  globalThis.setImmediate = Object.assign(guardedImmediate, {
    [promisify.custom]: timersPromises.setImmediate,
  }) as unknown as typeof setImmediate;
}

/** Passes a value on that the running cell awaited; throws when the cell was stopped meanwhile. */
export function resumed<T>(value: T): T {
  if (cells.getStore()?.stopped) throw new Interrupted();
  return value;
}

/** Iterates like `source`, and throws between two values once the running cell was stopped. */
export function watched<T>(source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const inner: AsyncIterator<T> | Iterator<T | PromiseLike<T>> =
        Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
      return {
        async next() {
          const step = await inner.next();
          const value = await step.value;
          if (cells.getStore()?.stopped) {
            void inner.return?.();
            throw new Interrupted();
          }
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
