import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { inVenv } from "../../setup/python.mjs";

/** Virtual environment of the peers. */
export const peers = ".cache/peers";

/** The Python that `npm run bench -- train --install-peers` makes. */
export const python = inVenv(peers, "python");

/**
 * A process that answers each line with a line of JSON. It takes the threads it would take by
 * itself, unless `env` says how many.
 */
export function contender(command, env = {}) {
  const names = ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"];
  const none = Object.fromEntries(names.map((name) => [name, undefined]));
  const child = spawn(command[0], command.slice(1), {
    env: { ...process.env, ...none, ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  return { ask, end: () => child.kill() };
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
