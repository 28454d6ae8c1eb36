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
    ["cells of chapters 01, 03, 11 and 14 free more of theirs", "whole", "2.81, 3.03"],
    ["freed blocks are joined again; 05 and 08 free more of theirs", "whole", "2.71, 2.70"],
  ],
)}

At its peak, where chapter 08 compares two reconstructions of 10,000 images, its kernel has 1.50 GB: 0.73 in blocks above 13 MB (tensors), 0.34 of mapped libraries, 0.28 of smaller mappings, JavaScript's heap among them, 0.12 in the C library's main heap and 0.03 in its others.

## Why chapters took more, and not always as much

Until the fifth change, the same code peaked differently from run to run: ten runs of chapter 08 alone at 1.52 to 2.01 GB, with the same tensors (0.28) and the same JavaScript heap (0.18), and the series at 2.81 and 3.03. The rest was in the C library's main heap, up to 0.7 GB in chapter 08 and 1.1 in others. TensorFlow asks for aligned blocks. Before version 2.39 glibc puts the up to 96 bytes beside such a block into its caches of small pieces, where they keep freed blocks from being joined, so that the next block of the same size does not fit ([bug 30723](https://sourceware.org/bugzilla/show_bug.cgi?id=30723)). Eight covariances of the digits, one after the other, let the heap grow to 318 and 405 MB; without the thread cache to 271 and 299; without the fast bins too, to 211 and 216. Without both, and with the heap trimmed from 64 MB on instead of 256, the peaks of repeated runs, one at a time, in GB:

${table(
  ["chapter", "peaks"],
  [
    ["03", "1.25, 1.25, 1.26, 1.27"],
    ["04", "1.32, 1.34, 1.35, 1.35"],
    ["05", "1.40, 1.41, 1.42, 1.47"],
    ["07", "1.33, 1.34, 1.35"],
    ["08", "1.33, 1.47, 1.47, 1.50"],
    ["11", "1.40, 1.40"],
    ["15", "1.19, 1.20, 1.21"],
  ],
)}

The seven trainings of \`npm run bench -- train\` run at 0.95 to 1.03 of their speed before (medians of nine runs of half a second, interleaved; the noise is as large).

Tried, not adopted: one arena (\`MALLOC_ARENA_MAX\`), with which 08 peaked at 1.59 to 1.66 GB and the small trainings ran at 0.92 of their speed; two arenas, 1.52 to 1.99; four, 1.55 to 1.62. \`malloc_trim(0)\` after each cell, through a foreign-function interface: 05 still peaked at up to 1.77 and 08 at up to 1.82, since the blocks of one cell suffice. Blocks mapped from 4 MB on, in huge pages.
`);
writeFileSync("bench/memory.md", page);
console.log(page);
