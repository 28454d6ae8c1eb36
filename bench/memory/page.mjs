import { table } from "../page/table.mjs";

const n = (value) => Math.round(value).toLocaleString("en");
const megabytes = (bytes) => n(bytes / 1e6);

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
  "chapter",
  "peak, MB",
  "at its end, MB",
  "tensors",
  "their MB",
  "reached, MB",
  "variables",
  "open files",
  "sockets",
];
const chapterRow = (one) => [
  one.name + failures(one),
  ...[one.peak, one.resident, one.numTensors].map(n),
  megabytes(one.numBytes),
  one.reached === undefined ? "" : megabytes(one.reached),
  ...[one.variables, one.files, one.sockets].map(n),
];

function rerun({ kept, disposed }) {
  const at = [1, 5, 10, 20, 30, 40, 50].filter((run) => run <= disposed.length);
  const rows = at.map((run) => {
    const [with_, without] = [disposed[run - 1], kept[run - 1]];
    return [run, ...[with_.resident, with_.numTensors, without.resident, without.numTensors].map(n)];
  });
  return table(["run", "resident, MB", "tensors", "kept: resident, MB", "kept: tensors"], rows);
}

/** What was measured, as bench/memory.md. */
export function page({ machine, train, cost, cell, rerun: reruns, alone, together }) {
  const parts = [
    `# Memory

Written by \`npm run bench -- memory\`, Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, load ${machine.load} at its start. MB are 2²⁰ bytes where memory is
resident, 10⁶ where TensorFlow.js counts its tensors. A kernel is measured 1.5 s after its last cell, without being asked to collect garbage; *reached* is
what is left of the tensors when it is asked to, after its last chapter: what names of cells still reach.`,
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
  cost.map(({ name, stock, watched, ratio }) => [name, stock.toFixed(2), watched.toFixed(2), ratio.toFixed(2)]),
)}`);
  if (alone)
    parts.push(`## Each chapter in a kernel of its own

${table(chapterHead, alone.map(chapterRow))}`);
  if (together)
    parts.push(`## All chapters in one kernel, one after the other

Nothing is disposed of between them; names are declared again. The peak is the highest so far.

${table(chapterHead, together.map(chapterRow))}`);
  return `${parts.join("\n\n")}\n`;
}
