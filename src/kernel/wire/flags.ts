/** Memory shared by the executing thread and the socket thread: one Int32Array. */
export enum Flag {
  /** Serial number of the running cell, 0 when none runs. */
  Running,
  /**
   * Serial number of the cell whose code runs and may be terminated; 0 while the kernel's own code
   * (the type check) does.
   */
  Terminable,
  /** Serial number of the cell that an interrupt was asked for. */
  Interrupted,
  /** Serial number of the cell whose interrupt the executing thread has seen. */
  Acknowledged,
  /** Serial number of the cell whose code is being terminated. */
  Terminating,
  /** Serial number of the last cell whose code was terminated. */
  Terminated,
  /**
   * 1 while the socket thread waits for the main thread to be interruptible: a native operation
   * runs.
   */
  Asking,
  /** Execute requests received so far. */
  Received,
  /** When the last interrupt was asked for, as `clock()`. */
  InterruptedAt,
  /** Execute requests answered so far; they are answered in turn. */
  Answered,
  /** Number of the execute request to interrupt, asked for before its cell ran. */
  InterruptedRequest,
  /** Changes when an answer has come or an interrupt was asked for; a thread may wait on it. */
  Bell,
  /** Interrupts that the executing thread has seen, those without a cell too. */
  Seen,
}

/** Wakes the thread that waits on `Flag.Bell`. */
export function ring(flags: Int32Array): void {
  Atomics.add(flags, Flag.Bell, 1);
  Atomics.notify(flags, Flag.Bell);
}

/** Milliseconds on a clock that both threads share and that fits the flags. */
export const clock = (): number => Date.now() % 2 ** 30;

export const newFlags = (): Int32Array => new Int32Array(new SharedArrayBuffer(16 * 4));
