import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { clock, Flag, ring } from "./flags";

/** Calls the executing thread's `Evaluator`, which may not be loaded yet. */
const END_LEFTOVER = "globalThis.__tslab__?.endLeftover?.()";
const POLL_MS = 10;
const TERMINATE_AFTER_MS = 50;
const NATIVE_AFTER_MS = 700;
const AGAIN_AFTER_MS = 20;
/** Time for a cell to end that has seen its interrupt: 0.6 s, unless its code blocks. */
const OVERDUE_AFTER_MS = 1000;
/** Time that code may take to its next loop check, once no native operation holds it. */
const CHECK_MS = 50;
/** Time that the event loop may take to see the interrupt, once code was terminated. */
const TURN_MS = 10;

/** Has V8 do something on the main thread at the next point where JavaScript can be interrupted. */
function onMainThread(method: string, parameters = {}): Promise<void> {
  const session = new Session();
  (session as Session & { connectToMainThread(): void }).connectToMainThread();
  return new Promise((resolve) =>
    session.post(method, parameters, () => {
      session.disconnect();
      resolve();
    }),
  );
}

/**
 * Terminates the code of that cell, unless it stops by itself or the executing thread is back in
 * the kernel's own code. One that is overdue has seen its interrupt and does not stop.
 *
 * The first question is answered when no native operation runs any more; the cell's own loops stop
 * cleanly soon after. Each thread first says what it is about to do (`Terminating` here,
 * `Terminable` there), then reads the other's flag, so that the kernel's own code is never
 * terminated.
 */
async function terminate(flags: Int32Array, serial: number, overdue: boolean): Promise<void> {
  Atomics.store(flags, Flag.Asking, 1);
  await onMainThread("Runtime.getIsolateId");
  Atomics.store(flags, Flag.Asking, 0);
  await sleep(Atomics.load(flags, Flag.Terminated) === serial ? TURN_MS : CHECK_MS);
  const seenMeanwhile = Atomics.load(flags, Flag.Acknowledged) === serial && !overdue;
  if (Atomics.load(flags, Flag.Terminable) !== serial || seenMeanwhile) return;
  Atomics.store(flags, Flag.Terminating, serial);
  try {
    if (Atomics.load(flags, Flag.Terminable) !== serial) return;
    Atomics.store(flags, Flag.Terminated, serial);
    await onMainThread("Runtime.terminateExecution");
  } finally {
    Atomics.store(flags, Flag.Terminating, 0);
  }
}

/**
 * Interrupts the cell that has been received and does not run yet: the kernel still starts.
 *
 * Returns its serial number if it began meanwhile, else 0.
 */
function interruptNext(flags: Int32Array): number {
  const answered = Atomics.load(flags, Flag.Answered);
  if (Atomics.load(flags, Flag.Received) === answered) return 0;
  Atomics.store(flags, Flag.InterruptedAt, clock());
  Atomics.store(flags, Flag.InterruptedRequest, answered + 1);
  return Atomics.load(flags, Flag.Running);
}

/**
 * Ends code that an earlier cell left behind, such as a timer's, if it keeps the main thread from
 * seeing the interrupt.
 */
async function interruptLeftover(flags: Int32Array, notify: () => void): Promise<void> {
  const seen = Atomics.load(flags, Flag.Seen);
  const blocked = (): boolean =>
    Atomics.load(flags, Flag.Seen) === seen && Atomics.load(flags, Flag.Running) === 0;
  Atomics.store(flags, Flag.InterruptedAt, clock());
  notify();
  for (let wait = TERMINATE_AFTER_MS; ; wait = AGAIN_AFTER_MS) {
    await sleep(wait);
    if (!blocked()) return;
    await onMainThread("Runtime.evaluate", { expression: END_LEFTOVER });
  }
}

/**
 * Interrupts the running cell, and only that one; without a cell, what an earlier one left behind.
 *
 * `notify` tells the executing thread, which sees it when its event loop is free. When it does not,
 * or code that runs afterwards blocks it, its code is terminated, again and again while it comes
 * back from a queue of ticks. `onNative` is called once when that takes long: a native operation is
 * running, and has to end first.
 */
export async function interruptCell(
  flags: Int32Array,
  notify: () => void,
  onNative: () => void,
): Promise<void> {
  const serial = Atomics.load(flags, Flag.Running) || interruptNext(flags);
  if (serial === 0) return interruptLeftover(flags, notify);
  if (Atomics.load(flags, Flag.Interrupted) === serial) return;
  const runs = (): boolean => Atomics.load(flags, Flag.Running) === serial;
  const acknowledged = (): boolean => Atomics.load(flags, Flag.Acknowledged) === serial;
  Atomics.store(flags, Flag.InterruptedAt, clock());
  Atomics.store(flags, Flag.Interrupted, serial);
  ring(flags);
  notify();
  let waited = 0;
  let terminateAt = TERMINATE_AFTER_MS;
  let told = false;
  let busy = false;
  let overdue = false;
  while (runs()) {
    await sleep(POLL_MS);
    if (Atomics.load(flags, Flag.Terminable) !== serial) continue;
    waited += POLL_MS;
    if (acknowledged() && !overdue) {
      overdue = true;
      terminateAt = waited + OVERDUE_AFTER_MS;
    }
    if (waited >= terminateAt && !busy && runs()) {
      busy = true;
      void terminate(flags, serial, overdue).finally(() => {
        busy = false;
        terminateAt = Math.max(terminateAt, waited + AGAIN_AFTER_MS);
        if (runs()) notify(); // again: its handler may be what was terminated
      });
    }
    const isNative = waited >= NATIVE_AFTER_MS && Atomics.load(flags, Flag.Asking) === 1;
    if (isNative && !told && runs()) {
      told = true;
      onNative();
    }
  }
}
