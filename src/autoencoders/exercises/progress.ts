import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { chapters } from "./chapters";

/** What came of an exercise so far. */
interface Entry {
  /** Wrong functions before the first right one. */
  tries: number;
  right: boolean;
}
type Log = Record<string, Entry>;

const notebooks = join(__dirname, "../../../../notebooks");

let memory: Log = {}; // what was tried since the kernel started, where no file keeps it
let told = false;

/** The file that keeps the progress: that of `AE_PROGRESS`, none where it is "off", else one beside the chapters. */
function keptIn(): string | undefined {
  const given = process.env.AE_PROGRESS;
  if (given) return given === "off" ? undefined : given;
  return existsSync(notebooks) ? join(notebooks, ".progress.json") : undefined;
}

const isEntry = (one: unknown): boolean => {
  const { tries, right } = (one ?? {}) as Partial<Entry>;
  return Number.isInteger(tries) && typeof right === "boolean";
};

function parse(text: string): Log {
  const log: unknown = JSON.parse(text);
  const sound =
    log !== null &&
    typeof log === "object" &&
    !Array.isArray(log) &&
    Object.values(log).every(isEntry);
  if (!sound) throw new TypeError("it must hold an entry { tries, right } by exercise");
  return log as Log;
}

/** The progress in a file; a damaged file is set aside under another name. */
function read(path: string): Log {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return parse(text);
  } catch (error) {
    const aside = `${path}.damaged-${Date.now()}`;
    renameSync(path, aside);
    process.stdout.write(
      `${path} was damaged (${(error as Error).message}); it is kept as ${aside}, and progress begins anew\n`,
    );
    return {};
  }
}

/** Writes the file whole: a reader finds the old one or the new one. */
function write(path: string, log: Log): void {
  const part = join(dirname(path), `.progress.${process.pid}.part`);
  try {
    writeFileSync(part, `${JSON.stringify(log, null, 1)}\n`);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** Does something with the file; where the disk refuses, says so once and goes on with what this kernel remembers. */
function orMemory(act: (path: string) => Log): Log {
  const path = keptIn();
  if (!path) return memory;
  try {
    memory = act(path);
  } catch (error) {
    if (!told) {
      process.stdout.write(
        `progress is kept until the kernel stops, no longer: ${(error as Error).message}; set AE_PROGRESS to a file that can be written\n`,
      );
    }
    told = true;
  }
  return memory;
}

const after = (log: Log, name: string, right: boolean): Log => {
  const { tries, right: before } = Object.hasOwn(log, name)
    ? log[name]
    : { tries: 0, right: false };
  return {
    ...log,
    [name]: before ? { tries, right: true } : { tries: tries + (right ? 0 : 1), right },
  };
};

/** Keeps that an exercise was tried; once right, it stays right. */
export function record(name: string, right: boolean): void {
  memory = after(memory, name, right);
  orMemory((path) => {
    const log = after(read(path), name, right);
    write(path, log);
    return log;
  });
}

const tries = (n: number, kind = "") => `${n}${kind} ${n === 1 ? "try" : "tries"}`;

/**
 * Prints a table of all exercises: right, tried so many times, or to do.
 *
 * What `check` found is kept in `notebooks/.progress.json`, on this machine only. `AE_PROGRESS` names another file, or
 * "off" for none; outside this repository nothing is written unless it is set.
 */
export function progress(): void {
  const log = orMemory(read);
  const rows = chapters.map(({ name }) => {
    const entry = Object.hasOwn(log, name) ? log[name] : undefined;
    if (!entry) return { mark: "○", name, state: "to do" };
    if (!entry.right) return { mark: "✗", name, state: `not yet, ${tries(entry.tries)}` };
    return {
      mark: "✓",
      name,
      state: entry.tries === 0 ? "right" : `right, after ${tries(entry.tries, " wrong")}`,
    };
  });
  const width = Math.max(...rows.map(({ name }) => name.length));
  const done = rows.filter(({ mark }) => mark === "✓").length;
  const path = keptIn();
  process.stdout.write(
    `${rows.map(({ mark, name, state }) => `${mark} ${name.padEnd(width)}  ${state}\n`).join("")}${done} of ${rows.length} right; ${path ? `kept in ${relative(process.cwd(), path)}` : "not kept on disk"}\n`,
  );
}
