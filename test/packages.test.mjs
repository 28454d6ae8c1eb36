import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { byLicense, nodeLicenses } from "../setup/licenses.mjs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));

test("every Node package has a SHA-512 in the lock file, and none runs code while it is installed", () => {
  for (const [path, { link, integrity, inBundle }] of Object.entries(lock.packages))
    if (path.includes("node_modules/") && !link && !inBundle)
      assert.match(integrity ?? "none", /^sha512-[\w+/]{86}==$/, path);
  assert.match(readFileSync(".npmrc", "utf8"), /^ignore-scripts=true$/m);
});

test("every Python package is pinned and hashed", () => {
  const packages = [
    "setup/requirements.txt",
    "setup/audit-requirements.txt",
    "setup/binder-requirements.txt",
  ]
    .flatMap((path) => readFileSync(path, "utf8").replaceAll("\\\n", " ").split("\n"))
    .filter((line) => /^\w/.test(line));
  assert.ok(packages.length > 50);
  for (const line of packages)
    assert.match(line, /^[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}/);
});

test("actions are pinned by commit, base images by digest", () => {
  const lines = (path, start) =>
    readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.trim().replace(/^- /, ""))
      .filter((line) => line.startsWith(start));
  const workflows = readdirSync(".github/workflows").map((name) => `.github/workflows/${name}`);
  const uses = workflows.flatMap((path) => lines(path, "uses:"));
  assert.ok(uses.length > 3);
  for (const line of uses) assert.match(line, /^uses: [\w./-]+@[0-9a-f]{40} # v/);
  for (const line of lines(".binder/Dockerfile", "FROM"))
    assert.match(line, /^FROM (\S+@sha256:[0-9a-f]{64} AS tools|tools)$/);
  const installs = readFileSync(".binder/Dockerfile", "utf8").split("pip install").slice(1);
  assert.ok(installs.length > 0);
  for (const line of installs) assert.match(line, /^[^&]*--require-hashes/);
});

test("a license is listed for every package of the lock file, and one that states none is said to", () => {
  const listed = nodeLicenses(lock);
  assert.equal(
    listed.length,
    Object.entries(lock.packages).filter(
      ([path, { link }]) => path.includes("node_modules/") && !link,
    ).length,
  );
  assert.deepEqual(
    byLicense([
      ["a@1", "MIT"],
      ["b@2", ""],
      ["c@3", "MIT"],
    ]),
    ["MIT (2): a@1, c@3", "not stated (1): b@2"],
  );
});
