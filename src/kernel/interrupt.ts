import { Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import { clock, Flag } from "./flags";

const POLL_MS = 20;
const TERMINATE_AFTER_MS = 100;
const NATIVE_AFTER_MS = 700;

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
 * Interrupts the running cell, and only that one.
 *
 * SIGINT stops synchronous code that vm runs, and reaches the process's own handler when the event loop is free. A loop
 * that starves the event loop from a continuation is terminated through the inspector. `onNative` is called once when
 * neither had an effect: a native operation is running, and V8 stops when it returns.
 */
export async function interruptCell(flags: Int32Array, onNative: () => void): Promise<void> {
  const serial = Atomics.load(flags, Flag.Running);
  if (serial === 0) return;
  const acknowledged = Atomics.load(flags, Flag.Acknowledged);
  const pending = (): boolean =>
    Atomics.load(flags, Flag.Running) === serial && Atomics.load(flags, Flag.Acknowledged) === acknowledged;
  Atomics.store(flags, Flag.InterruptedAt, clock());
  Atomics.store(flags, Flag.Interrupted, serial);
  process.kill(process.pid, "SIGINT");
  let terminated = false;
  let told = false;
  for (let waited = 0; pending(); ) {
    await sleep(POLL_MS);
    if (Atomics.load(flags, Flag.Terminable) !== serial) continue;
    waited += POLL_MS;
    if (waited >= TERMINATE_AFTER_MS && !terminated && pending()) {
      terminated = true;
      void terminateMainThread();
    }
    if (waited >= NATIVE_AFTER_MS && !told && pending()) {
      told = true;
      onNative();
    }
  }
}
