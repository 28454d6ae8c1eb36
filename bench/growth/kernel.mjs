import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { lowestTenth } from "../train/replayed.mjs";

const require = createRequire(import.meta.url);
const counts = [1, 10, 30, 100, 300, 1000];

/** Declares an interface, a constant and a function, and uses those of the cell before. */
const cell = (i) => `interface Row${i} { at: number; name: string }
const row${i}: Row${i} = { at: ${i === 0 ? 0 : `row${i - 1}.at + 1`}, name: "row ${i}" };
const twice${i} = (x: number) => 2 * x + row${i}.at;
twice${i}(${i})`;

async function took(work) {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Resident megabytes of a process; not measured except on Linux. */
function resident(pid) {
  const found = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s*(\d+) kB/);
  return (Number(found[1]) * 1024) / 1e6;
}

/**
 * Milliseconds of the n-th cell, of one that declares nothing and of a completion after it, and
 * megabytes of the kernel, against the cells run.
 */
export async function kernel(quick) {
  const { TestClient } = require("../../src/kernel/dist/test-client.js");
  const client = await TestClient.start();
  const { pid } = client.process;
  const run = async (code) => {
    const { content } = await client.execute(code);
    if (content.status !== "ok") throw new Error(`a cell must run, got ${JSON.stringify(content)}`);
  };
  const complete = (i) =>
    client.request("complete_request", { code: `row${i}.na`, cursor_pos: `row${i}.na`.length });
  try {
    await run("1"); // loads what every first cell needs
    await client.request("complete_request", { code: "Math.fl", cursor_pos: 7 });
    const onLinux = process.platform === "linux";
    const fixed = onLinux ? resident(pid) : undefined;
    const rows = [];
    const times = [];
    for (const count of quick ? counts.slice(0, -2) : counts) {
      while (times.length < count) {
        const i = times.length;
        times.push(await took(() => run(cell(i))));
      }
      const [plain, completions] = [[], []];
      for (let i = 0; i < 5; i++) {
        plain.push(await took(() => run(`1 + ${i}`)));
        completions.push(await took(() => complete(count - 1)));
      }
      rows.push({
        count,
        cell: lowestTenth(times.slice(-Math.min(20, count))),
        plain: lowestTenth(plain),
        completion: lowestTenth(completions),
        ...(onLinux && { memory: resident(pid) }),
      });
    }
    const curve = (of, unit, value, more = {}) => ({
      of,
      by: "cells run",
      unit,
      points: rows.map((row) => [row.count, value(row)]),
      ...more,
    });
    return [
      curve("a cell that declares", "ms", (row) => row.cell),
      curve("a cell without names", "ms", (row) => row.plain),
      curve("a completion", "ms", (row) => row.completion),
      ...(onLinux ? [curve("the kernel", "MB", (row) => row.memory, { fixed })] : []),
    ];
  } finally {
    await client.stop();
  }
}
