/**
 * In a notebook, the signal that aborts when the running cell is interrupted; the kernel puts it
 * there.
 */
export const cellSignal = (): AbortSignal | undefined =>
  (globalThis as Record<symbol, unknown>)[Symbol.for("autoencoders.signal")] as
    | AbortSignal
    | undefined;
