import { table } from "../../bench/page/table.mjs";

const n = (value) => Math.round(value).toLocaleString("en");
const megabytes = (bytes) => n(bytes / 2 ** 20);

const failures = ({ failed }) => failed && ` (${failed})`;

function training({ replay, seconds, seen, after }) {
  const [first] = seen;
  const last = seen.at(-1);
  const rows = seen.map(({ step, resident, numTensors, numBytes }) => [
    n(step),
    n(resident),
    n(numTensors),
    megabytes(numBytes),
  ]);
  return `${replay ? "Replayed" : "Eager"}, ${n(seconds)} s: resident memory ${last.resident - first.resident} MB more at the last row than at the first, ${
    last.numTensors - first.numTensors
  } tensors more; ${n(after)} tensors after the loop was left.

${table(["step", "resident, MB", "tensors", "their MB"], rows)}`;
}

const chapterHead = [
  ...["chapter", "peak, MB", "at its end, MB", "tensors", "their MB", "collected, MB"],
  ...["mapped", "heap", "arrays", "reached", "rest", "variables", "open files", "sockets"],
];
const MB = 2 ** 20;
/** Resident memory after a collection, by kind. */
function where({ resident, mapped, heapTotal, external, numBytes }) {
  const known = [mapped, heapTotal / MB, external / MB, numBytes / MB];
  return [resident, ...known, resident - known.reduce((sum, part) => sum + part)];
}
const chapterRow = (one) => [
  one.name + failures(one),
  ...[one.peak, one.resident, one.numTensors, one.numBytes / MB].map(n),
  ...(one.collected ? where(one.collected).map(n) : new Array(6).fill("")),
  ...[one.variables, one.files, one.sockets].map(n),
];

function rerun({ kept, disposed }) {
  const at = [1, 5, 10, 20, 30, 40, 50].filter((run) => run <= disposed.length);
  const rows = at.map((run) => {
    const [with_, without] = [disposed[run - 1], kept[run - 1]];
    return [
      run,
      ...[with_.resident, with_.numTensors, without.resident, without.numTensors].map(n),
    ];
  });
  return table(["run", "resident, MB", "tensors", "kept: resident, MB", "kept: tensors"], rows);
}

/** The measurements as test/memory.md. */
export function page({
  machine,
  train,
  cost,
  allocators,
  cell,
  rerun: reruns,
  repeats,
  alone,
  together,
}) {
  const parts = [
    `# Memory

Written by \`node test/memory.mjs\`, Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, load ${machine.load} at its start. MB are 2²⁰ bytes.
A kernel is measured 1.5 s after a chapter's last cell, and again 1.5 s after it was asked to collect garbage. What is resident then is *mapped*: pages of
programs and libraries; *heap*: what V8 has for JavaScript's objects, the compiler's among them; *arrays*: numbers that JavaScript's objects hold outside of the
heap, which a tensor made of them may share and then counts as well; *reached*: tensors that names of cells still reach; *rest*: all else, which is
TensorFlow's own structures, the socket thread, and what the C library's allocator has been given back and keeps.`,
  ];
  if (train)
    parts.push(`## 10,000 steps

784-32-784, batches of 16, after a collection of garbage.

${train.map(training).join("\n\n")}`);
  if (reruns)
    parts.push(`## One cell, run again and again

\`${cell}\` makes 75 MB of tensors at the top of a cell. The kernel disposes of what no code can reach any more; *kept* is the same kernel with that turned off.

${rerun(reruns)}`);
  if (cost)
    parts.push(`What it costs: processor time of a tensor of 4 × 4 numbers in microseconds, in five pairs of processes, medians.

${table(
  ["", "stock", "in the kernel", "ratio, median of pairs"],
  cost.map(({ name, stock, watched, ratio }) => [
    name,
    stock.toFixed(2),
    watched.toFixed(2),
    ratio.toFixed(2),
  ]),
)}`);
  if (allocators)
    parts.push(`## What goes back to the system

Products of up to 60,000 rows of 784 numbers, and all of it disposed of: resident memory in MB, and the processor's seconds.

${table(
  ["allocator", "before", "highest", "when all is gone", "seconds"],
  allocators.map(({ name, before, peak, after, seconds }) => [
    name,
    ...[before, peak, after].map(n),
    seconds.toFixed(1),
  ]),
)}`);
  if (repeats)
    parts.push(`## One chapter, all cells, five times in one kernel

${Object.values(repeats)
  .map((rows) =>
    table(
      ["run", ...chapterHead],
      rows.map((row, i) => [i + 1, ...chapterRow(row)]),
    ),
  )
  .join("\n\n")}`);
  if (alone)
    parts.push(`## Each chapter in a kernel of its own

${table(chapterHead, alone.map(chapterRow))}`);
  if (together)
    parts.push(`## Chapters in one kernel, one after the other

Nothing is disposed of between them; names are declared again. The peak is the highest so far.

${table(chapterHead, together.map(chapterRow))}`);
  return `${parts.join("\n\n")}\n`;
}
