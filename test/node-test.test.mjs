// Tests of the runner of test files.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeTest } from "./node-test.mjs";

/** Run files of these texts in shared processes; returns the result and the lines said. */
async function together(texts, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "node-test-"));
  const lines = [];
  const { log } = console;
  console.log = (line) => lines.push(line);
  try {
    const paths = texts.map((text, i) => {
      const path = join(folder, `${i}.test.cjs`);
      writeFileSync(path, `const { test } = require("node:test");\n${text}`);
      return path;
    });
    return {
      ...(await nodeTest([], { together: paths, ...options })),
      said: lines.join("\n"),
      paths,
    };
  } finally {
    console.log = log;
    rmSync(folder, { recursive: true });
  }
}

const passes = `test("one", () => {}); test("two", () => {});`;

test("tests that fail in a shared process are named with their file, and the others count", async () => {
  const fails = `test("a sum", () => require("node:assert").equal(1 + 1, 3));`;
  const { code, counts, said, paths } = await together([fails, passes, `throw new Error("early")`]);
  assert.equal(code, 1);
  assert.deepEqual([counts.passed, counts.failed], [2, 1]); // a suite is not a test
  assert.match(said, /not ok 1 - a sum/);
  for (const path of [paths[0], paths[2]]) assert.ok(said.includes(`- ${path}`), said);
  assert.match(said, /early/);
});

for (const end of ["process.exit(0)", "process.abort()"])
  test(`${end} in a shared process fails, and the files after it run alone`, async () => {
    const { code, counts, said, paths } = await together([
      `test("ends", () => ${end});`,
      passes,
      passes,
    ]);
    assert.notEqual(code, 0);
    assert.ok(counts.passed >= 4, JSON.stringify(counts));
    assert.ok(said.includes(`run alone: ${paths[0]}, ${paths[2]}`), said);
  });

test("a file that does not end is stopped, with the last of its tests that passed", async () => {
  const endless = `test("begins", () => {}); test("waits", () => new Promise((end) => setTimeout(end, 60_000)));`;
  const { code, said, paths } = await together([endless], { limit: 2000 });
  assert.equal(code, 1);
  assert.match(said, /test timed out after 2000ms/);
  assert.match(said, /the last that passed: begins/);
  assert.ok(said.includes(`run alone: ${paths[0]}`), said);
});
