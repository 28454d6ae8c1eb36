import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import type { Readable } from "node:stream";
import type { Bind } from "./context";

type Stdio = unknown[] | string | undefined;
type Options = { stdio?: Stdio; maxBuffer?: number };
const SYNCHRONOUS = ["spawnSync", "execFileSync", "execSync"] as const;
type Result = { stdout?: Uint8Array | string | null; stderr?: Uint8Array | string | null };

const STREAMS = [undefined, "stdout", "stderr"] as const;

/** Streams that a child would inherit from the kernel, as file descriptors 1 and 2. */
function inherited(stdio: Stdio = "pipe"): { stdio: unknown[]; taken: (1 | 2)[] } {
  const given = Array.isArray(stdio) ? [...stdio] : Array(3).fill(stdio);
  const taken = ([1, 2] as const).filter((fd) => {
    const target: unknown = given[fd];
    return target === "inherit" || target === fd || target === process[STREAMS[fd]!];
  });
  for (const fd of taken) given[fd] = "pipe";
  return { stdio: given, taken };
}

/**
 * Spawns with pipes in place of inherited streams, and writes what comes out of them into the cell.
 */
function forwardSpawned(bind: Bind): void {
  const { prototype } = childProcess.ChildProcess as unknown as {
    prototype: { spawn(this: childProcess.ChildProcess, options: Options): unknown };
  };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const { stdio, taken } = inherited(options.stdio);
    if (taken.length === 0) return spawn.call(this, options);
    const result = spawn.call(this, { ...options, stdio });
    for (const fd of taken) {
      const name = STREAMS[fd]!;
      const stream = this[name] as Readable | null;
      stream?.on(
        "data",
        bind((chunk: Uint8Array) => process[name].write(chunk)),
      );
      Object.defineProperty(this, name, { value: null, configurable: true });
      (this.stdio as unknown[])[fd] = null;
    }
    return result;
  };
}

/**
 * Runs with pipes in place of inherited streams, and writes their text when the child has ended.
 */
function forwardSynchronous(name: (typeof SYNCHRONOUS)[number]): void {
  const run = childProcess[name] as (...args: unknown[]) => unknown;
  const forwarding = (...args: unknown[]): unknown => {
    const isOptions = (each: unknown): boolean =>
      typeof each === "object" && each !== null && !Array.isArray(each);
    const at = args.findIndex(isOptions);
    const options = (at < 0 ? {} : args[at]) as Options;
    const { stdio, taken } = inherited(options.stdio);
    if (taken.length === 0) return run(...args);
    const changed = { ...options, stdio, maxBuffer: options.maxBuffer ?? Number.POSITIVE_INFINITY };
    const given = at < 0 ? [...args, changed] : args.map((each, i) => (i === at ? changed : each));
    const write = (result: Result): void => {
      for (const fd of taken) {
        const stream = STREAMS[fd]!;
        const text = result[stream];
        if (text?.length) process[stream].write(text);
        result[stream] = null;
      }
    };
    if (name === "spawnSync") {
      const result = run(...given) as Result & { output?: unknown[] };
      write(result);
      for (const fd of taken) if (result.output) result.output[fd] = null;
      return result;
    }
    // Node writes the standard error itself where no stdio is given.
    if (taken.includes(2)) delete (changed as Options).stdio;
    try {
      const result = run(...given) as Uint8Array | string;
      if (taken.includes(1)) process.stdout.write(result);
      return stdio[1] === "pipe" && !taken.includes(1) ? result : null;
    } catch (error) {
      if (taken.includes(1)) write({ stdout: (error as Result).stdout ?? null });
      throw error;
    }
  };
  Object.assign(childProcess, { [name]: forwarding });
}

/**
 * Has the output of child processes with `stdio: "inherit"` go into the cell that starts them.
 *
 * They would write to the terminal of Jupyter, which nobody sees.
 */
export function forwardChildProcesses(bind: Bind): void {
  forwardSpawned(bind);
  for (const name of SYNCHRONOUS) forwardSynchronous(name);
  syncBuiltinESMExports();
}
