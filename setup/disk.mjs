// The disk that set-up writes to: space for a step, and sentences for a refusal to write.
import fs from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { SetupError } from "./process.mjs";

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
const size = (bytes) => (bytes < 1e9 ? `${Math.floor(bytes / 1e6)} MB` : gigabytes(bytes));

/** A path, or the nearest existing folder above it. */
function nearest(path) {
  const whole = resolve(path);
  return fs.existsSync(whole) || dirname(whole) === whole ? whole : nearest(dirname(whole));
}

/** Bytes that an ordinary user may still write in a folder, or above it when it is missing. */
export function freeBytes(folder = ".") {
  const disk = fs.statfsSync(nearest(folder));
  return disk.bavail * disk.bsize;
}

/** The system's error on making an entry in a folder, if any: modes alone do not tell. */
function writeError(folder) {
  try {
    fs.rmdirSync(fs.mkdtempSync(join(folder, ".set-up-")));
    return undefined;
  } catch (error) {
    return error;
  }
}

export const canWrite = (folder) => writeError(folder) === undefined;

/** Use folders of the project when HOME is unset, or the temporary folder cannot be written. */
export function ensureWritableFolders() {
  if (process.env.HOME === "") delete process.env.HOME;
  try {
    homedir();
  } catch {
    process.env.HOME = ownFolder(".cache/home"); // a user without an entry in the system's list
  }
  if (!canWrite(tmpdir())) process.env.TMPDIR = ownFolder(".cache/tmp");
}

function ownFolder(name) {
  try {
    fs.mkdirSync(name, { recursive: true });
  } catch {} // the step that needs it reports it
  return resolve(name);
}

/** Bytes of all files under a folder; 0 when there is none. */
export function bytesUnder(folder) {
  if (!fs.existsSync(folder)) return 0;
  return fs
    .readdirSync(folder, { recursive: true })
    .map((name) => fs.lstatSync(join(folder, name), { throwIfNoEntry: false }))
    .reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0);
}

/** Peak of bytes over steps in order, each of `{ peak, kept }`: while it runs, and after it. */
export function bytesFor(steps) {
  let [kept, most] = [0, 0];
  for (const step of steps) {
    most = Math.max(most, kept + (step.peak ?? 0));
    kept += step.kept ?? 0;
  }
  return most;
}

/** The sentence for a disk too full for a step and those after it, or undefined. */
export function diskProblem(name, needed, free) {
  if (free >= needed) return undefined;
  return `${name}: ${gigabytes(needed)} of disk must be free for this step and those after it, got ${size(free)} in ${resolve(".")}; make room and run the command again`;
}

/** Cause and cure for each code with which a system refuses to write in a folder. */
const refusals = {
  ENOSPC: (where, needed) => [
    `have ${needed ? size(needed) : "room"} free on its disk, got ${size(freeBytes(where))}`,
    "make room there",
  ],
  EDQUOT: () => ["be within your disk quota, got a quota that is used up", "make room in it"],
  EROFS: () => [
    "be writable, got a read-only file system",
    "move the project, or HOME, to a disk that can be written",
  ],
  EACCES: (where) => {
    const { uid, mode } = fs.statSync(where);
    const folder = `${where}${sep}`.startsWith(resolve(".") + sep) ? resolve(".") : where;
    return [
      `be readable and writable, got no permission: its owner is user ${uid}, its mode ${(mode & 0o7777).toString(8)}, and set-up runs as user ${process.getuid?.() ?? "?"}`,
      `give it to the user who runs set-up (sudo chown -R "$(id -un)" '${folder}')`,
    ];
  },
};
refusals.EPERM = refusals.EACCES;

/** Refusal that folders of set-up meet now: why a program may have failed. */
function currentRefusal(needed) {
  const folders = [".", ".cache", ".cache/setup.tmp", process.env.HOME || "."].map(nearest);
  for (const folder of new Set(folders)) {
    if (freeBytes(folder) < Math.min(needed || 1e6, 5e7)) return { code: "ENOSPC", path: folder };
    const error = folder === nearest(process.env.HOME || ".") ? undefined : writeError(folder);
    if (error) return { code: error.code, path: folder };
  }
  return undefined;
}

/** The system's own error when Node hides it: on a read-only file system mkdir says ENOENT. */
function ownError(error) {
  if (error.code !== "ENOENT" || error.syscall !== "mkdir") return error;
  return Object.assign(writeError(nearest(error.path)) ?? error, { path: error.path });
}

/**
 * The sentence for a refusal to write, met by Node itself or, when a program failed, by the
 * folders of set-up right now; undefined for another error. `needed` is in bytes.
 */
export function refusal(name, thrown, needed) {
  const failed = thrown instanceof SetupError;
  if (failed && thrown.output === undefined) return undefined;
  const error = failed ? currentRefusal(needed) : ownError(thrown);
  const sentence = error && refusals[error.code];
  if (!sentence) return undefined;
  const file = error.dest ?? error.path ?? ".";
  const where = nearest(file);
  const [expected, cure] = sentence(where, needed);
  const what = resolve(file) === where ? where : `${where}, for ${resolve(file)},`;
  const last = (failed ? thrown : error).message.trim().split("\n").at(-1).trim();
  return `${name}: ${what} must ${expected}; ${cure} and run the command again, it resumes with this step:\n  ${last}`;
}
