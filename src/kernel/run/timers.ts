import { performance } from "node:perf_hooks";
import timersPromises from "node:timers/promises";
import { promisify } from "node:util";
import { type Cell, Interrupted } from "./cell";
import { activeCell, enter, within } from "./context";

type Callback = (...args: unknown[]) => unknown;

/** Sets a timer as Node does: with a callback, for most kinds a delay, and arguments to pass on. */
type SetTimer<T> = (callback: Callback, ...rest: unknown[]) => T;

/**
 * Makes the timers of a cell stop with it: after an interrupt or a failure none of its callbacks
 * runs any more.
 *
 * Timers that no cell started are left as they are. What a callback throws goes to `onError` with
 * the cell it belongs to.
 */
export function guardTimers(onError: (cell: Cell, error: unknown) => void): void {
  const { clearTimeout: clear } = globalThis;
  const owners = new WeakMap<object, Cell>();

  /** The same timer for cells; `fired` is called before each callback, `started` once. */
  const guarded =
    <T>(
      set: SetTimer<T>,
      fired?: (cell: Cell, timer: T) => void,
      started?: (cell: Cell, timer: T, delay: unknown) => void,
    ): SetTimer<T> =>
    (callback, ...rest) => {
      const cell = activeCell();
      if (!cell || typeof callback !== "function") return set(callback, ...rest);
      const timer: T = set(
        (...args) => {
          fired?.(cell, timer);
          if (cell.stopped) return;
          try {
            within(cell, () => callback(...args));
          } catch (error) {
            onError(cell, error);
          }
        },
        ...rest,
      );
      started?.(cell, timer, rest[0]);
      return timer;
    };

  const timeout = guarded(
    setTimeout as SetTimer<NodeJS.Timeout>,
    (cell, timer) => cell.timers.delete(timer),
    (cell, timer, delay) => {
      cell.timers.set(timer, performance.now() + Number(delay ?? 1));
      owners.set(timer, cell);
    },
  );
  const interval = guarded(setInterval as SetTimer<NodeJS.Timeout>, (cell, timer) => {
    if (cell.stopped) clearInterval(timer);
  });
  const immediate = guarded(setImmediate as SetTimer<NodeJS.Immediate>);

  Object.assign(globalThis, {
    setTimeout: Object.assign(timeout, { [promisify.custom]: timersPromises.setTimeout }),
    clearTimeout(timer?: Parameters<typeof clear>[0]): void {
      if (typeof timer === "object" && timer) owners.get(timer)?.timers.delete(timer);
      clear(timer);
    },
    setInterval: interval,
    setImmediate: Object.assign(immediate, { [promisify.custom]: timersPromises.setImmediate }),
  });
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
