// What set-up says, and how it runs other programs.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { endGroup, leadsGroup, leftoverFile } from "./lock.mjs";

/** Something a reader can cure: the message is one sentence with the cure; `output` is what a failed program printed. */
export class SetupError extends Error {}

/** Stop with one sentence: what is wrong and the cure. */
export function fail(message) {
  throw new SetupError(message);
}

/** The line of a step that runs: in a terminal drawn anew each second, elsewhere its beginning and, when it is done, its end. */
export class Progress {
  #out;
  #head;
  #now = "";
  #start;
  #timer;

  constructor(out = process.stdout) {
    this.#out = out;
  }

  /** Begin the line of a step; `written` answers the bytes that it has made so far. */
  start(head, written) {
    this.#head = head;
    this.#now = "";
    this.#start = Date.now();
    this.#out.write(head);
    if (!this.#out.isTTY || process.env.TERM === "dumb") return;
    this.#timer = setInterval(() => {
      const made = Math.max(0, written?.() ?? 0);
      const parts = [
        this.seconds(0),
        made >= 1e6 && `${Math.round(made / 1e6)} MB`,
        this.#now,
      ].filter(Boolean);
      this.#draw(`${head}${parts.join(", ")}`);
    }, 1000);
    this.#timer.unref();
  }

  /** What the step is at. */
  at(now) {
    this.#now = now;
  }

  /** Time since the start, as "3.1 s". */
  seconds(digits = 1) {
    return `${((Date.now() - this.#start) / 1000).toFixed(digits)} s`;
  }

  /** End the line with a word on how it went. */
  end(text) {
    if (this.#timer) this.#draw(this.#head);
    this.stop();
    this.#out.write(`${text}\n`);
  }

  /** Draw no more; what the line shows stays. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #draw(line) {
    this.#out.write(`\r${line.slice(0, (this.#out.columns || 80) - 1)}\x1b[K`);
  }
}

export const progress = new Progress();

const mostLines = 1000;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Run a program to its end and answer its output; where it fails, throw with its last lines and the cure. What stops us stops it and all it started.
 * `doing` takes a line that only says what the program is at, and answers that in a word: such lines are shown and not kept.
 */
export function run(program, args, { cure, doing = () => undefined, ...options } = {}) {
  return new Promise((resolve, reject) => {
    mkdirSync(dirname(leftoverFile), { recursive: true });
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: leadsGroup,
      ...options,
    });
    const lines = [];
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
    try {
      if (child.pid) writeFileSync(leftoverFile, String(child.pid));
    } catch (error) {
      endGroup(child.pid, "SIGKILL");
      finish();
      reject(error);
    }
    for (const input of [child.stdout, child.stderr])
      createInterface({ input, crlfDelay: Infinity }).on("line", (line) => {
        const now = doing(line);
        if (now === undefined) lines.push(line);
        if (lines.length > mostLines) lines.shift();
        else progress.at(now);
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
      const message = `${what} ended with ${signal ?? code}; ${cure ?? "its last lines say why"}:\n  ${last}`;
      reject(Object.assign(new SetupError(message), { output }));
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
