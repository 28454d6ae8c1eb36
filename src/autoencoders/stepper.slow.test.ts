import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

interface Run {
  name: string;
  replayed: number;
  refusal?: string;
  parts: number;
  terms: number;
  /** Terms and norms of each step. */
  numbers: number[][];
}

/** Runs of every kind of objective, in a process with this many inter-op threads. */
function runsWith(threads: number): Run[] {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(__dirname, "fixtures", "replayed.js")],
    { env: { ...process.env, TF_NUM_INTEROP_THREADS: String(threads) }, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  const runs = stdout.trim().split("\n");
  assert.ok(runs.length > 20);
  return runs.map((line) => JSON.parse(line));
}

const whole = runsWith(1);

// A sum over rows is the sum of the parts' sums, so that numbers agree up to float32's rounding.
for (const parts of [1, 2, 4])
  test(`every kind of objective is replayed from its third step on, in as many parts as inter-op threads: ${parts}, with the numbers of the whole batch`, () => {
    for (const [i, run] of (parts === 1 ? whole : runsWith(parts)).entries()) {
      const { name, replayed, refusal, terms } = run;
      const expected = { name, replayed: 6, refusal: undefined, parts };
      assert.deepEqual({ name, replayed, refusal, parts: run.parts }, expected);
      for (const [step, values] of run.numbers.entries()) {
        const others = whole[i].numbers[step];
        const loss = Math.max(...others.slice(0, terms).map(Math.abs));
        for (const [k, value] of values.entries()) {
          const gap = Math.abs(value - others[k]) / (k < terms ? loss : Math.abs(others[k]) || 1);
          assert.ok(gap <= 1e-5, `${name}, step ${step + 1}, number ${k}: ${gap}`);
        }
      }
    }
  });
