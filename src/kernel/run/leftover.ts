import { Session } from "node:inspector";
import path from "node:path";

const KERNEL = path.resolve(__dirname, "..") + path.sep;
/** Modules of the kernel that call what cells leave behind. */
const CALLERS = new Set(["timers.js", "context.js"].map((name) => path.join(__dirname, name)));

const isKernels = (file: string): boolean => file.startsWith(KERNEL) && !CALLERS.has(file);

/** Files of the functions that run, from the caller of `from` on. */
function runningFiles(from: () => void): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, from);
    return holder.stack!.map((site) => site.getScriptNameOrSourceURL() || site.getFileName() || "");
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}

/**
 * True if cells left behind what runs, false if it is the kernel's own code or nothing runs.
 *
 * V8's inspector calls `from`, the caller, on top of that code, which goes no further meanwhile.
 */
export function isLeftover(from: () => void, isReaders: (file: string) => boolean): boolean {
  const files = runningFiles(from).filter((file) => file !== "" && !file.startsWith("node:"));
  return files.some(isReaders) || (files.length > 0 && !files.some(isKernels));
}

/**
 * Terminates what runs below the caller, at the next call or turn of a loop.
 *
 * Call nothing behind it: the termination would end the caller alone.
 */
export function terminateBelow(): void {
  const session = new Session();
  session.connect();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
