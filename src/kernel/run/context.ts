import type { Cell } from "./cell";

/** Gives a handler the context of the cell that runs now. */
export type Bind = <A extends unknown[]>(handler: (...args: A) => unknown) => (...args: A) => void;

let active: Cell | undefined;
let running: Cell | undefined;

/**
 * The cell that the running code belongs to, which may have ended.
 *
 * Kept by hand through `await`, `for await` and timers. AsyncLocalStorage would do it everywhere,
 * but up to Node 22 it works by promise hooks, and Node aborts when code between two of these is
 * terminated, as an interrupt does.
 */
export const activeCell = (): Cell | undefined => active;

/** Makes the cell the running one. */
export function begin(cell: Cell): void {
  active = cell;
  running = cell;
}

/**
 * Enters the context of a cell again; what an ended cell left behind gets it for one step of code
 * only.
 */
export function enter(cell: Cell | undefined): void {
  active = cell;
  if (cell !== running)
    queueMicrotask(() => {
      if (active === cell) active = running;
    });
}

/** Runs the function in the context of a cell. */
export function within<T>(cell: Cell, run: () => T): T {
  const before = active;
  active = cell;
  try {
    return run();
  } finally {
    active = before;
  }
}
