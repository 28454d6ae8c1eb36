import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

for (const threads of [1, 2])
  test(`every kind of objective is replayed from its third step on, with ${threads} inter-op threads`, () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(__dirname, "fixtures", "replayed.js")],
      { env: { ...process.env, TF_NUM_INTEROP_THREADS: String(threads) }, encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    const runs = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(runs.length > 20);
    for (const { name, replayed, refusal } of runs)
      assert.deepEqual({ name, replayed, refusal }, { name, replayed: 6, refusal: undefined });
  });
