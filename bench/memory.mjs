// Peak memory of the chapters: `npm run bench -- memory [--fresh] [00 07 …]`. Each runs in a kernel
// of its own, one after the other, and then all of them in one kernel; a run that `npm run report`
// kept of the same code is read instead, unless --fresh. Writes bench/memory.json and
// bench/memory.md.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { foreground } from "../setup/process.mjs";
import { python } from "../setup/python.mjs";
import { table, wrapped } from "./page/table.mjs";
import { machine } from "./train/machine.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fresh: { type: "boolean" } },
});
const script = ["bench/memory/series.py", values.fresh ? "fresh" : "kept", ...positionals];
const code = await foreground(python, script);
if (code !== 0) process.exit(code);
const { chapters, series } = JSON.parse(readFileSync("bench/memory.json", "utf8"));

const row = ({ chapter, seconds, peakGB, kept, failure }) => [
  chapter,
  Math.round(seconds),
  peakGB?.toFixed(2) ?? "–",
  failure ? `failed in ${failure}` : kept ? "kept" : "now",
];
const { cpu, cores, memory, node } = machine();
const greatest = chapters.reduce((a, b) => ((b.peakGB ?? 0) > (a.peakGB ?? 0) ? b : a));
const sum = chapters.reduce((total, { peakGB }) => total + (peakGB ?? 0), 0);
const page = wrapped(`# Memory

Written by \`npm run bench -- memory\`. ${cpu}, ${cores} cores, ${memory} GB, Node ${node}.

Peak resident memory of the kernel's process (Linux counts it), in 1e9 bytes, noted by the runner just before the kernel ends. Runs marked "kept" are of the same code, made by an earlier \`npm run report\`, two kernels at a time; runs marked "now" had one kernel at a time.

${table(["chapter", "seconds", "peak GB", "run"], [...chapters, { ...series, chapter: "all of them in one kernel" }].map(row))}

The largest is ${greatest.chapter} with ${greatest.peakGB?.toFixed(2) ?? "–"} GB. In one kernel, where names of earlier cells stay reachable, the series peaks at ${series.peakGB?.toFixed(2) ?? "–"} GB, ${(series.peakGB / (greatest.peakGB || Number.NaN)).toFixed(1)} times that; the peaks of all chapters sum to ${sum.toFixed(1)} GB.

## Where the memory of one kernel goes

Measured apart from the runs above, on 2026-11-30, by the kernel's peak over all cells in one kernel. "40 steps" means that every training ended after 40 steps.

${table(
  ["change, each on top of those above", "trainings", "peak GB"],
  [
    ["none", "whole", "4.54"],
    ["none", "40 steps", "4.48"],
    ["images of a file held once, whoever reads them", "40 steps", "3.41"],
    ["forgotten tensors collected from 64 MB on, not 256", "whole", "3.38"],
    ["three cells of chapter 11 free their temporaries", "whole", "3.04"],
    ["cells of chapters 01, 03, 11 and 14 free more of theirs", "whole", "2.81"],
  ],
)}

After the second, 2.82 GB were resident at the end: 1.22 in the C library's heap, 0.91 in its blocks above 12 MB (tensors), 0.34 of mapped libraries, and 0.34 of smaller mappings, JavaScript's heap among them. The peak was in chapter 11, where a formula over all 60,000 images kept several tensors of 188 MB inside of one \`tidy\`.

The same code peaks differently from run to run. Ten runs of chapter 08 alone, one at a time, peaked at 1.52 to 2.01 GB and ended at 0.97 to 1.87, with the same tensors (0.28) and the same JavaScript heap (0.18): the rest is the C library's main heap, which had 0.2 GB resident at the end of one run and 0.7 of another, since only what is free at its end goes back. With one arena (\`MALLOC_ARENA_MAX\`) three runs peaked at 1.59 to 1.66, with two at 1.52 to 1.99, with four at 1.55 to 1.62. Nor is the series the same each time: 2.81 and 3.03.

Tried, not adopted: \`malloc_trim(0)\` after each chapter returned up to 0.53 GB, and the peak of chapters 00 to 11, with 40 steps, fell from 3.41 to 3.22; nothing that Node reaches here calls it. Chapter 07 alone, with 40 steps, ended at 1.33 to 1.37 GB and at 0.88 after such a trim; with a trim threshold of 64 MB at 1.14, of 32 MB at 1.35; with blocks mapped from 4 MB on, in huge pages, at 1.35.
`);
writeFileSync("bench/memory.md", page);
console.log(page);
