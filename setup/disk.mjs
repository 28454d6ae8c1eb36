// The disk that set-up writes to: whether a step has room, and what a refusal to write says, in one sentence with the cure.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  statfsSync,
  statSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { SetupError } from "./say.mjs";

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
const size = (bytes) => (bytes < 1e9 ? `${Math.floor(bytes / 1e6)} MB` : gigabytes(bytes));

/** A path, or the nearest folder above it that is there. */
function nearest(path) {
  const whole = resolve(path);
  return existsSync(whole) || dirname(whole) === whole ? whole : nearest(dirname(whole));
}

/** Bytes that an ordinary user may still write in a folder, or where it would be made. */
export function freeBytes(folder = ".") {
  const disk = statfsSync(nearest(folder));
  return disk.bavail * disk.bsize;
}

/** Whether a folder is there and takes a new entry: asked by making one, since a file system may refuse what its modes allow. */
export function canWrite(folder) {
  try {
    rmdirSync(mkdtempSync(join(folder, ".set-up-")));
    return true;
  } catch {
    return false;
  }
}

/** A folder of the project instead of a HOME that is not set, and of a temporary folder that cannot be written: programs ask for both. */
export function useFoldersThatHold() {
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
    mkdirSync(name, { recursive: true });
  } catch {} // what needs it says so
  return resolve(name);
}

/** Bytes of all files under a folder; 0 where there is none. */
export function bytesUnder(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return (
      sum +
      (entry.isDirectory()
        ? bytesUnder(path)
        : (statSync(path, { throwIfNoEntry: false })?.size ?? 0))
    );
  }, 0);
}

/** Bytes that steps in a row need at their fullest moment, each of `{ peak, kept }`: while it runs and after it. */
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

/** How Node, npm, Python and a compiler say that the system refused to write. */
const refusals = [
  ["full", /\bENOSPC\b|\bErrno 28\b|\(28: |No space left on device/],
  ["quota", /\bEDQUOT\b|\bErrno 122\b|\(122: |Disk quota exceeded/],
  ["read-only", /\bEROFS\b|\bErrno 30\b|\(30: |Read-only file system/],
  ["denied", /\bEACCES\b|\bEPERM\b|\bErrno 13\b|\(13: |Permission denied/],
];

/** The path that a refusal names: in quotes, after `path` in npm's lines, or before the system's words. */
function pathIn(line, lines) {
  const quoted = line.match(/['"‘“](\/[^'"’”]+)['"’”]/)?.[1];
  const npm = lines
    .map((one) => one.match(/^npm (?:error|ERR!) (?:dest|path) (\/.*)$/)?.[1])
    .find(Boolean);
  const before = line.split(/: (?=No space|Disk quota|Read-only|Permission)/)[0];
  return quoted ?? npm ?? before.match(/(?:\bfile |: |^)(?!.*\bfile )([^:]*\/[^:]*)$/)?.[1];
}

/** Of the project and HOME, where package managers keep their caches, the one with less room. */
function fullest() {
  const both = [".", process.env.HOME || "."].map(nearest);
  return freeBytes(both[1]) < freeBytes(both[0]) ? both[1] : both[0];
}

/** What the refused permission hangs on, and the cure: an earlier run as another user leaves more than one file of his in the project. */
function permission(where) {
  const { uid, mode } = statSync(where);
  const folder = `${where}${sep}`.startsWith(resolve(".") + sep) ? resolve(".") : where;
  return [
    `be readable and writable, got no permission: its owner is user ${uid}, its mode ${(mode & 0o7777).toString(8)}, and set-up runs as user ${process.getuid?.() ?? "?"}`,
    `give it to the user who runs set-up (sudo chown -R "$(id -un)" '${folder}')`,
  ];
}

/** What is wrong with a folder that refused, in the words of `refusals`, and the cure. */
const sentences = {
  full: (where, needed) => [
    `have ${needed ? size(needed) : "room"} free on its disk, got ${size(freeBytes(where))}`,
    "make room there",
  ],
  quota: () => ["be within your disk quota, got a quota that is used up", "make room in it"],
  "read-only": () => [
    "be writable, got a read-only file system",
    "move the project, or HOME, to a disk that can be written",
  ],
  denied: permission,
};

/** The system's own error where Node says of a folder that it could not make that there is none: on a read-only file system. */
function ownError(error) {
  if (error.code !== "ENOENT" || error.syscall !== "mkdir") return error;
  try {
    rmdirSync(mkdtempSync(join(nearest(error.path), ".set-up-")));
    return error;
  } catch (real) {
    return Object.assign(real, { path: error.path });
  }
}

/** The sentence for an error that is the system's refusal to write, of Node itself or in what a program printed; undefined for another error. `needed` are bytes. */
export function refusal(name, thrown, needed) {
  const error = ownError(thrown);
  const text = error instanceof SetupError ? (error.output ?? "") : error.message;
  const lines = text.split("\n").map((line) => line.trim());
  for (const [kind, words] of refusals) {
    const line = lines.find((one) => words.test(one));
    if (line === undefined) continue;
    const file = error.dest ?? error.path ?? pathIn(line, lines);
    const where = nearest(file ?? (kind === "full" ? fullest() : "."));
    const [found, cure] = sentences[kind](where, needed);
    const what = file && resolve(file) !== where ? `${where}, for ${resolve(file)},` : where;
    return `${name}: ${what} must ${found}; ${cure} and run the command again, it goes on with this step:\n  ${line}`;
  }
  return undefined;
}
