// Two set-ups at once would tread on each other: the second waits for the first.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { dirname, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endGroup, leftoverFile } from "./process.mjs";
import { systemPython } from "./python.mjs";

/**
 * State and parent of a process, where the system has /proc. A killed one that its parent has not
 * noticed yet is in state Z.
 */
export function processState(pid) {
  const [state, parent] = read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ");
  return { state, parent };
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return processState(pid).state !== "Z";
  } catch (error) {
    return error.code === "EPERM";
  }
}

function read(path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * End the program that a killed set-up left running in this project, so that two do not write the
 * same files.
 */
async function endLeftover() {
  const pid = Number(read(leftoverFile));
  try {
    const folder = fs.readlinkSync(`/proc/${pid}/cwd`);
    const ours = folder === process.cwd() || folder.startsWith(process.cwd() + sep);
    if (pid > 0 && pid !== process.pid && ours) {
      endGroup(pid, "SIGTERM");
      for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(100);
      endGroup(pid, "SIGKILL");
    }
  } catch {
    // No such process, or a system without /proc: nothing to end.
  }
  fs.rmSync(leftoverFile, { force: true });
}

/**
 * Lock an open file by flock(2), which Node does not have and Python has; true once it is locked.
 * The lock is the open file's: it ends as we close it or end ourselves, by whatever signal.
 */
async function lock(file, ...flags) {
  const how = ["LOCK_EX", ...flags].map((flag) => `fcntl.${flag}`).join(" | ");
  const program = ["-c", `import fcntl; fcntl.flock(3, ${how})`];
  const stdio = ["ignore", "ignore", "ignore", file];
  const [code] = await once(spawn(systemPython(), program, { stdio }), "close");
  return code === 0;
}

/** Run `work` while holding a lock on the file at `path`, which names the process that holds it. */
export async function withLock(path, work, { say = console.log } = {}) {
  fs.mkdirSync(dirname(path), { recursive: true });
  const file = fs.openSync(path, "a+");
  try {
    if (!(await lock(file, "LOCK_NB"))) {
      say(`set-up: waiting for another set-up (process ${read(path)}) to finish`);
      if (!(await lock(file))) say("set-up: this file system has no locks; start one at a time");
    }
    fs.ftruncateSync(file);
    fs.writeSync(file, String(process.pid));
    await endLeftover();
    return await work();
  } finally {
    fs.closeSync(file);
  }
}
