// What set-up says, and how it runs other programs.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { endGroup, leadsGroup, leftoverFile } from "./lock.mjs";

/** Something a reader can cure: the message is one sentence with the cure. */
export class SetupError extends Error {}

/** Stop with one sentence: what is wrong and the cure. */
export function fail(message) {
  throw new SetupError(message);
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Run a program to its end and answer its output; where it fails, throw with its last lines and the cure. What stops us stops it and all it started. */
export function run(program, args, { cure, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: leadsGroup, ...options });
    if (child.pid) {
      mkdirSync(dirname(leftoverFile), { recursive: true });
      writeFileSync(leftoverFile, String(child.pid));
    }
    let output = "";
    let stopped;
    const stop = (signal) => {
      stopped = signal;
      endGroup(child.pid, signal);
      setTimeout(() => endGroup(child.pid, "SIGKILL"), 2000); // npm goes on to its end when it is asked to stop
    };
    for (const signal of signals) process.on(signal, stop);
    const finish = () => {
      for (const signal of signals) process.off(signal, stop);
      rmSync(leftoverFile, { force: true });
    };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-20_000);
      });
    child.on("error", (error) => {
      finish();
      reject(new SetupError(`${program} did not start (${error.code}); ${cure ?? `install ${program}`}`));
    });
    child.on("close", (code, signal) => {
      finish();
      if (stopped) {
        console.error("\nset-up: stopped; the same command goes on from here");
        process.exit(stopped === "SIGINT" ? 130 : 143);
      }
      if (code === 0) return resolve(output);
      const last = output.trim().split("\n").slice(-12).join("\n  ");
      const what = [program, ...args.slice(0, 3)].join(" ");
      reject(new SetupError(`${what} ended with ${signal ?? code}; ${cure ?? "its last lines say why"}:\n  ${last}`));
    });
  });
}

/** Run a program in the foreground, with our own terminal; resolves to its exit code. */
export function foreground(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    // A terminal gives Ctrl-C to the program as well: twice would cut its clean-up short.
    const pass = (signal) => (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
    for (const signal of signals) process.on(signal, pass);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`${program} did not start: ${error.message}`);
      finish(1);
    });
    child.on("close", (code) => finish(code ?? 1));
  });
}
