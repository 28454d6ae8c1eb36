// Two set-ups at once would tread on each other: the second waits for the first, and the lock of a dead one is taken over.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, sep } from "node:path";

/** The process id of the program that set-up is running, in case set-up is killed and the program is not. */
export const leftoverFile = ".cache/setup.child";

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** A killed process that its parent has not noticed yet still has a process id. */
function isZombie(pid) {
  return /^\d+ \(.*\) Z/s.test(read(`/proc/${pid}/stat`));
}

function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The lock appears with its content in one step; answers whether it is ours. */
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Move a dead owner's lock away; put it back if a living process took it in between. */
function takeAway(path, dead) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== dead) linkSync(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** End the program that a killed set-up left running in this project, so that two do not write the same files. */
async function endLeftover() {
  const pid = Number(read(leftoverFile));
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    const ours = folder === process.cwd() || folder.startsWith(process.cwd() + sep);
    if (pid > 0 && pid !== process.pid && ours) {
      process.kill(pid, "SIGTERM");
      for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(100);
    }
  } catch {
    // No such process, or a system without /proc: nothing to end.
  }
  rmSync(leftoverFile, { force: true });
}

/** Run `work` while holding the lock at `path`. A lock is stale when its process is dead or has not touched it for `staleAfter` ms. */
export async function withLock(path, work, { staleAfter = 60_000, say = console.log } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!take(path)) {
    const owner = read(path);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (owner !== "" && (!isAlive(Number(owner)) || age > staleAfter)) {
      takeAway(path, owner);
      continue;
    }
    if (!told) say(`set-up: waiting for another set-up (process ${owner}) to finish`);
    told = true;
    await sleep(250);
  }
  const touch = setInterval(() => {
    const now = new Date();
    if (read(path) === String(process.pid)) utimesSync(path, now, now);
  }, staleAfter / 6);
  touch.unref();
  try {
    await endLeftover();
    return await work();
  } finally {
    clearInterval(touch);
    if (read(path) === String(process.pid)) rmSync(path, { force: true });
  }
}
