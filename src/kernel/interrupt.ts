import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { clock, Flag } from "./flags";

const POLL_MS = 10;
const TERMINATE_AFTER_MS = 50;
const NATIVE_AFTER_MS = 700;
const AGAIN_AFTER_MS = 1500;

/** Stops whatever JavaScript the main thread runs, through V8's inspector; called from the socket thread. */
function terminateMainThread(): Promise<void> {
  const session = new Session();
  (session as Session & { connectToMainThread(): void }).connectToMainThread();
  return new Promise((resolve) =>
    session.post("Runtime.terminateExecution", () => {
      session.disconnect();
      resolve();
    }),
  );
}

/**
 * Terminates the code of that cell, unless the executing thread is back in the kernel's own code.
 *
 * Each thread first says what it is about to do (`Terminating` here, `Terminable` there), then looks at what the other
 * said, so that the kernel's own code is never terminated.
 */
async function terminate(flags: Int32Array, serial: number): Promise<void> {
  Atomics.store(flags, Flag.Terminating, serial);
  try {
    if (Atomics.load(flags, Flag.Terminable) === serial) await terminateMainThread();
  } finally {
    Atomics.store(flags, Flag.Terminating, 0);
  }
}

/**
 * Interrupts the running cell, and only that one.
 *
 * `notify` tells the executing thread, which hears it when its event loop is free. When it does not, its code is
 * terminated. `onNative` is called once when that has no effect either: a native operation is running, and V8 stops when
 * it returns.
 */
export async function interruptCell(flags: Int32Array, notify: () => void, onNative: () => void): Promise<void> {
  const serial = Atomics.load(flags, Flag.Running);
  if (serial === 0 || Atomics.load(flags, Flag.Interrupted) === serial) return;
  const pending = (): boolean =>
    Atomics.load(flags, Flag.Running) === serial && Atomics.load(flags, Flag.Acknowledged) !== serial;
  Atomics.store(flags, Flag.InterruptedAt, clock());
  Atomics.store(flags, Flag.Interrupted, serial);
  notify();
  let waited = 0;
  let terminateAt = TERMINATE_AFTER_MS;
  let told = false;
  while (pending()) {
    await sleep(POLL_MS);
    if (Atomics.load(flags, Flag.Terminable) !== serial) continue;
    waited += POLL_MS;
    if (waited >= terminateAt && pending() && Atomics.load(flags, Flag.Terminating) === 0) {
      terminateAt = waited + AGAIN_AFTER_MS;
      void terminate(flags, serial);
    }
    if (waited >= NATIVE_AFTER_MS && !told && pending()) {
      told = true;
      onNative();
    }
  }
}
