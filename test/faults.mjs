// Damaged files, killed processes and extreme numbers: `node test/faults.mjs [--inputs 20000] [--kills 12] [--runs 200] [--messages 10000]`. Writes test/faults.md;
// leaves with 1 where anything was not survived.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table } from "../bench/page/table.mjs";
import { readers } from "./faults/readers.mjs";
import { tryTheWatch, watch } from "./faults/watch.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "..");
const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    kills: { type: "string", default: "12" },
    runs: { type: "string", default: "200" },
    messages: { type: "string", default: "10000" },
  },
});
const mostGrown = 256; // MB

await tryTheWatch();
const files = [];
for (const [kind, { share = 1 }] of Object.entries(readers)) {
  const reader = path.join(here, "faults/reader.mjs");
  const command = (seed, count) => [
    process.execPath,
    "--max-old-space-size=512",
    reader,
    kind,
    String(seed),
    String(count),
  ];
  const row = await watch(kind, Math.ceil(Number(values.inputs) * share), command);
  files.push({
    ...row,
    sound: row.other + row.hung + row.died + row.left === 0 && row.grown <= mostGrown,
  });
  console.log(JSON.stringify(files.at(-1)));
}
/** Runs a test file in its long version: what it says of itself, and its counts. */
function long(name, env) {
  const { stdout } = spawnSync(
    process.execPath,
    ["--test", "--test-reporter=tap", `src/${name}.test.js`],
    {
      cwd: root,
      env: { ...process.env, ...env },
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    },
  );
  const count = (word) =>
    Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(stdout)?.[1] ?? Number.NaN);
  const said = (what) =>
    [...stdout.matchAll(what)].map(([, n]) => Number(n ?? 1)).reduce((a, b) => a + b, 0);
  return { pass: count("pass"), failed: count("fail") + count("cancelled"), said };
}

const killed = long("autoencoders/dist/killed", {
  KILLS: String(Math.ceil(Number(values.kills) / 4)),
});
const extremes = long("autoencoders/dist/extremes", { FUZZ_RUNS: values.runs });
const messages = long("kernel/dist/fuzz", { FUZZ_MESSAGES: values.messages });
const sweep = spawnSync(path.join(root, ".venv/bin/python"), ["src/sweep/test_sweep.py", "-v"], {
  cwd: root,
  encoding: "utf8",
});
const sweepTests = [...sweep.stderr.matchAll(/ \.\.\. (ok|\w+)$/gm)].map(([, word]) => word);
const interrupts = JSON.parse(readFileSync(path.join(here, "interrupts.json"), "utf8"));

/** All or, where a test failed, not all: a failed test does not say how many of its inputs came through. */
const survivors = ({ failed }, tried) => (failed === 0 ? tried : 0);
const faults = [
  {
    fault:
      "SIGKILL to a process that saves after every step, then resumed (Adam and Momentum, replayed and eager)",
    tried: Math.ceil(Number(values.kills) / 4) * 4,
    survived: survivors(killed, killed.said(/killed at step \d+/g)),
    kept: "the same losses and weights as unbroken",
  },
  {
    fault:
      "extreme numbers, wrong shapes, disposed tensors: properties of every export of the library",
    tried: extremes.pass + extremes.failed,
    survived: extremes.pass,
    kept: `no silent NaN, no tensor left; ${extremes.said(/tried (\d+) inputs/g).toLocaleString("en")} inputs`,
  },
  {
    fault: "malformed, unsigned and forged messages to the kernel",
    tried: Number(values.messages),
    survived: survivors(messages, messages.said(/^ok \d+ - (\d+) malformed/gm)),
    kept: "nothing executed, the kernel alive and its state with it",
  },
  {
    fault: "a sweep with workers, scheduler or driver killed, a full disk, torn results: tests",
    tried: sweepTests.length,
    survived: sweepTests.filter((word) => word === "ok").length,
    kept: "whole lines, each experiment once",
  },
  ...interrupts.map(({ place, fault, ...row }) => ({ fault: `${fault} during ${place}`, ...row })),
];

const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 });
writeFileSync(
  path.join(here, "faults.md"),
  `# Faults

Written by \`node test/faults.mjs\`, Node ${process.versions.node}. Every number is counted by the run, which fails where a fault was not survived.

## Damaged files

${number(files.reduce((sum, { tried }) => sum + tried, 0))} inputs, each read in a process that is watched while it reads. Bytes: sound ones changed again and again, guided by the coverage of the reading
code (*blocks*: how many of its blocks were entered). JSON values: any, or a sound document with a field replaced. *Answered*: the input was still sound, or sound enough to read. *Refused*: an error
that does not read like one of the language itself. *Other*: one that does. *Hung*: 10 s without a word, killed. *Died*: the process ended. *Grown*: the most
resident memory above that of the first reading, ${mostGrown} MB at most, with a heap of 512 MB.

${table(
  [
    "input",
    "tried",
    "blocks",
    "answered",
    "refused",
    "other",
    "hung",
    "died",
    "slowest, ms",
    "grown, MB",
    "tensors left",
  ],
  files.map((r) => [
    r.kind,
    ...[
      r.tried,
      r.blocks,
      r.answered,
      r.refused,
      r.other,
      r.hung,
      r.died,
      r.slowest,
      r.grown,
      r.left,
    ].map(number),
  ]),
)}

## Faults injected

The rows with "during" were measured by \`node test/interrupts.mjs\`, whose results are in [interrupts.json](interrupts.json).

${table(
  ["fault", "tried", "survived", "what was kept"],
  faults.map(({ fault, tried, survived, kept }) => [fault, number(tried), number(survived), kept]),
)}
`,
);
process.exit(
  files.every(({ sound }) => sound) &&
    faults.every(({ tried, survived }) => tried > 0 && survived === tried)
    ? 0
    : 1,
);
