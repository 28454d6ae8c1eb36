// Two set-ups at once would tread on each other: the second waits for the first, and the lock of a
// dead one is taken over.
import fs from "node:fs";
import { dirname, sep } from "node:path";

/**
 * The process id of the program that set-up is running, in case set-up is killed and the program is
 * not.
 */
export const leftoverFile = ".cache/setup.child";

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

/**
 * State, parent and time of start of a process, where the system has /proc. A killed one that its
 * parent has not noticed yet is in state Z.
 */
export function processState(pid) {
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ");
  return { state: fields[0], parent: fields[1], started: fields[19] };
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return processState(pid).state !== "Z";
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** A process by its id and its time of start: another program may get the id later. */
const identity = (pid) => `${pid} ${processState(pid).started ?? ""}`.trim();

/**
 * Liveness of the process that wrote an identity; undefined if a living one may be another program.
 */
function lives(written) {
  const [pid, started] = written.split(" ");
  if (!isAlive(Number(pid))) return false;
  return started ? written === identity(pid) : undefined;
}

function read(path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The lock appears with its content in one step; answers whether it is ours. */
function take(path) {
  const own = `${path}.${process.pid}`;
  fs.writeFileSync(own, identity(process.pid));
  try {
    fs.linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Move a dead owner's lock away; put it back if a living process took it in between. */
function takeAway(path, dead) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    fs.renameSync(path, aside);
    if (read(aside) !== dead) fs.linkSync(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** Send a signal to a program that set-up runs, which leads a group, and to all that it started. */
export function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {} // it has ended by itself
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
 * Run `work` while holding the lock at `path`. A lock is stale when its process is gone; where the
 * system cannot tell that from another program with the same id, when nobody touches it for
 * `staleAfter` ms of our own time, in which a sleeping machine does not age.
 */
export async function withLock(path, work, { staleAfter = 60_000, say = console.log } = {}) {
  fs.mkdirSync(dirname(path), { recursive: true });
  let told = false;
  let [touched, seen] = [undefined, 0];
  while (!take(path)) {
    const owner = read(path);
    const now = fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (now !== touched) [touched, seen] = [now, performance.now()];
    const alive = lives(owner) ?? performance.now() - seen < staleAfter;
    if (owner !== "" && !alive) {
      takeAway(path, owner);
      continue;
    }
    if (!told) say(`set-up: waiting for another set-up (process ${owner.split(" ")[0]}) to finish`);
    told = true;
    await sleep(250);
  }
  const own = identity(process.pid);
  const touch = setInterval(() => {
    const now = new Date();
    if (read(path) === own) fs.utimesSync(path, now, now);
  }, staleAfter / 6);
  touch.unref();
  try {
    await endLeftover();
    return await work();
  } finally {
    clearInterval(touch);
    if (read(path) === own) fs.rmSync(path, { force: true });
  }
}
