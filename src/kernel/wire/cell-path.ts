import { tmpdir } from "node:os";
import path from "node:path";

/** Numbers with which a client computes the path of a cell from its text; part of `debugInfo`. */
export const CELL_PATHS = {
  hashMethod: "Murmur2",
  hashSeed: 0xc70f6907,
  tmpFilePrefix: path.join(tmpdir(), `jupyter-typescript-${process.pid}`) + path.sep,
  tmpFileSuffix: ".ts",
} as const;

const MULTIPLIER = 0x5bd1e995;

/** Murmur2 of the text in UTF-8, as JupyterLab and ipykernel compute it. */
export function murmur2(text: string, seed: number): number {
  const bytes = Buffer.from(text, "utf8");
  const whole = bytes.length & ~3;
  let hash = seed ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word ^ (word >>> 24), MULTIPLIER);
  }
  if (whole < bytes.length)
    hash = Math.imul(hash ^ bytes.readUIntLE(whole, bytes.length - whole), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The path by which a client names a cell of this text; no such file is written. */
export const cellPath = (code: string): string =>
  `${CELL_PATHS.tmpFilePrefix}${murmur2(code, CELL_PATHS.hashSeed)}${CELL_PATHS.tmpFileSuffix}`;
