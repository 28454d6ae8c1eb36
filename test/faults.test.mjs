// Damaged and hostile files, each read in a process that is watched. FAULT_INPUTS sets how many.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readers } from "./faults/readers.mjs";
import { tryTheWatch, watch } from "./faults/watch.mjs";

const inputs = Number(process.env.FAULT_INPUTS ?? 100);
const mostGrown = 256; // MB
const reader = fileURLToPath(new URL("./faults/reader.mjs", import.meta.url));

test(
  "the watch notices a reader that hangs, dies, or fails with an error of the language",
  tryTheWatch,
);

for (const [kind, { share = 1 }] of Object.entries(readers))
  test(`${kind}: every damaged input is read or refused in a sentence, within memory`, async () => {
    const command = (seed, count) => [
      process.execPath,
      "--max-old-space-size=512",
      reader,
      kind,
      String(seed),
      String(count),
    ];
    const row = await watch(kind, Math.ceil(inputs * share), command);
    const { other, hung, died, left } = row;
    assert.deepEqual({ other, hung, died, left }, { other: 0, hung: 0, died: 0, left: 0 });
    assert.ok(row.grown <= mostGrown, `${row.grown} MB above the first reading`);
  });
