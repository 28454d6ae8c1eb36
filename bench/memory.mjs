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

The largest is ${greatest.chapter} with ${greatest.peakGB?.toFixed(2) ?? "–"} GB. In one kernel, where names of earlier cells stay reachable, the series peaks at ${series.peakGB?.toFixed(2) ?? "–"} GB, ${(series.peakGB / (greatest.peakGB || Number.NaN)).toFixed(1)} times that; the peaks of all chapters sum to ${sum.toFixed(1)} GB. Less than half of it are tensors that names still hold, the digits and tensors of their size most of all. The rest are the JavaScript heap, the mapped libraries, and holes that small blocks leave in the C library's heap, of which an earlier trim returns little.
`);
writeFileSync("bench/memory.md", page);
console.log(page);
