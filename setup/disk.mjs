import { statfsSync } from "node:fs";

const gigabytes = (bytes) => (bytes / 1e9).toFixed(1);

/** Bytes that an ordinary user may still write in this folder. */
export function freeBytes() {
  const disk = statfsSync(".");
  return disk.bavail * disk.bsize;
}

/** The sentence for a disk too full for a step, or undefined. */
export function diskProblem(name, needed, free) {
  if (!needed || free >= needed) return undefined;
  return `${name}: ${gigabytes(needed)} GB of disk must be free, got ${gigabytes(free)} GB; make room and run the command again`;
}
