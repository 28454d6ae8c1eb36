// Damaged and hostile files, each kind read in a process of its own. FAULT_INPUTS sets how many.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readers } from "./faults/readers.mjs";

const inputs = Number(process.env.FAULT_INPUTS ?? 100);
const mostGrown = 256; // MB
const reader = fileURLToPath(new URL("./faults/reader.mjs", import.meta.url));

for (const [kind, { share = 1 }] of Object.entries(readers))
  test(`${kind}: every damaged input is read or refused in a sentence, in time and within memory`, async () => {
    const count = Math.ceil(inputs * share);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--max-old-space-size=512", reader, kind, String(count)],
      { timeout: 60_000 + 1000 * count, killSignal: "SIGKILL" },
    );
    const { grown, left } = JSON.parse(stdout);
    assert.equal(left, 0, "tensors left");
    assert.ok(grown <= mostGrown, `${grown} MB above the first reading`);
  });
