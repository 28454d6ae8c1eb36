import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inProcess, outcome, runStages, Skip, summary, tapCounts } from "./run-stages.mjs";

test("counts come from a TAP report; a bad exit code is a failure even when every test passed", () => {
  const counts = tapCounts(
    "1..5\n# tests 5\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n",
  );
  assert.deepEqual(counts, { passed: 3, failed: 1, skipped: 1 });
  assert.equal(outcome({ code: 1, counts: { passed: 3, failed: 0, skipped: 0 } }).failed, 1);
  assert.deepEqual(outcome({ code: 0 }), { passed: 1, failed: 0, skipped: 0 });
});

test("a failing stage does not hide the next; a needed stage that is skipped fails in CI only", async (t) => {
  const lines = [];
  t.mock.method(console, "log", (line) => lines.push(line));
  t.mock.method(console, "error", () => {});
  const ran = [];
  const stages = [
    { name: "throws", run: () => Promise.reject(new Error("broke")) },
    { name: "passes", run: async () => ran.push("passes") && 0 },
    {
      name: "needs a browser",
      needed: true,
      run: () => {
        throw new Skip("no browser");
      },
    },
  ];
  assert.equal(await runStages(stages, { ci: false }), 1);
  assert.deepEqual(ran, ["passes"]);
  assert.match(lines.at(-1), /\n1 passed, 1 failed, 1 skipped$/);
  assert.equal(await runStages(stages.slice(1), { ci: false }), 0);
  assert.equal(await runStages(stages.slice(1), { ci: true }), 1);
});

test("the summary ends with the plain line of totals", () => {
  const rows = [
    { name: "a", passed: 12, failed: 1, skipped: 0, seconds: 1, why: "" },
    { name: "b", passed: 0, failed: 0, skipped: 1, seconds: 0, why: "no network" },
  ];
  const lines = summary(rows);
  assert.equal(lines.at(-1), "12 passed, 1 failed, 1 skipped");
  assert.match(lines[0], /^FAILED {2}a .*12 passed, 1 failed/);
  assert.match(lines[1], /^skipped b .*no network/);
});

test("a stage that does not end is stopped and fails, whoever holds its output", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stages-"));
  const program = join(folder, "stage.cjs");
  writeFileSync(
    program,
    `const { spawn } = require("node:child_process");
    process.on("SIGTERM", () => {});
    process.on("message", () => spawn("sleep", ["20"], { stdio: "inherit" }));
    console.log("begun");`,
  );
  try {
    const said = [];
    const start = inProcess("test", { program, limit: 600, grace: 200 });
    const { failed, why } = await start({ name: "endless" }, {}, (text) => said.push(text));
    assert.deepEqual([failed, why], [1, "stopped: it must end within 0.01 minutes"]);
    assert.match(said.join(""), /begun/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
