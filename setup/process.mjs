// Runs other programs, and ends them with everything that they started.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { progress } from "./progress.mjs";

/**
 * Error that a reader can cure: its message is one sentence with the cure. `output` is set when a
 * program failed: all that it printed.
 */
export class SetupError extends Error {}

/** Stop with one sentence: what is wrong and the cure. */
export function fail(message) {
  throw new SetupError(message);
}

const mostLines = 1000;

/**
 * The process id of the program that set-up is running, in case set-up is killed and the program is
 * not.
 */
export const leftoverFile = ".cache/setup.child";

/** Send a signal to a program that set-up runs, which leads a group, and to all that it started. */
export function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {} // it has ended by itself
}

/** Call `answer` with a signal that would stop us; returns the function that ends it. */
function onSignals(answer) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, answer);
  return () => signals.map((signal) => process.off(signal, answer));
}

/**
 * Run a program and return its output. Throws its last lines and the cure when it fails. A signal
 * that stops us stops it and everything that it started.
 */
export function run(program, args, { cure, ...options } = {}) {
  return new Promise((resolve, reject) => {
    mkdirSync(dirname(leftoverFile), { recursive: true });
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // leads a process group
      ...options,
    });
    const lines = [];
    let stopped;
    const stop = (signal) => {
      stopped = signal;
      endGroup(child.pid, signal);
      setTimeout(() => endGroup(child.pid, "SIGKILL"), 2000); // npm ignores the first one
    };
    const unlisten = onSignals(stop);
    const finish = () => {
      unlisten();
      rmSync(leftoverFile, { force: true });
    };
    try {
      if (child.pid) writeFileSync(leftoverFile, String(child.pid));
    } catch (error) {
      endGroup(child.pid, "SIGKILL");
      finish();
      reject(error);
    }
    for (const input of [child.stdout, child.stderr])
      createInterface({ input, crlfDelay: Infinity }).on("line", (line) => {
        lines.push(line);
        if (lines.length > mostLines) lines.shift();
      });
    child.on("error", (error) => {
      finish();
      reject(
        new SetupError(`${program} did not start (${error.code}); ${cure ?? `install ${program}`}`),
      );
    });
    child.on("close", (code, signal) => {
      finish();
      if (stopped) {
        progress.stop();
        console.error("\nset-up: stopped; the same command goes on from here");
        process.exit(stopped === "SIGINT" ? 130 : 143);
      }
      const output = lines.join("\n");
      if (code === 0) return resolve(output);
      const last = output.trim().split("\n").slice(-12).join("\n  ");
      const what = [program, ...args.slice(0, 3)].join(" ");
      const message = `${what} ended with ${signal ?? code}; ${cure ?? "its last lines tell why"}:\n  ${last}`;
      reject(Object.assign(new SetupError(message), { output }));
    });
  });
}

/** Run a program in the foreground, with our own terminal; resolves to its exit code. */
export function foreground(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    // A terminal sends Ctrl-C to the program as well: twice would cut its clean-up short.
    const pass = (signal) => (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
    const unlisten = onSignals(pass);
    const finish = (code) => {
      unlisten();
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`${program} did not start: ${error.message}`);
      finish(1);
    });
    child.on("close", (code) => finish(code ?? 1));
  });
}
