// Damaged inputs of one kind, read in this process: `node test/faults/reader.mjs KIND COUNT`.
// Prints as JSON how much memory grew, in MB, and how many tensors were left.
import fc from "fast-check";
import { readers, tf } from "./readers.mjs";

const [kind, count] = process.argv.slice(2);
for (const name of ["log", "warn", "error"]) console[name] = () => {};

/** Errors of the language itself, such as "Cannot read properties of undefined". */
const unforeseen = /^Cannot |is not (a function|iterable)|Maximum call stack/;

const { inputs, sound, read } = readers[kind];
await read(sound); // loads what is loaded once
const before = { tensors: tf.memory().numTensors, memory: process.memoryUsage().rss };
const readOrRefused = async (input) => {
  try {
    await read(input);
  } catch (error) {
    if (!(error instanceof Error) || unforeseen.test(error.message)) throw error;
  }
};
await fc.assert(fc.asyncProperty(inputs, readOrRefused), { numRuns: Number(count), seed: 11 });
const grown = Math.max(0, process.resourceUsage().maxRSS * 1024 - before.memory) / 2 ** 20;
const left = tf.memory().numTensors - before.tensors;
process.stdout.write(JSON.stringify({ grown, left }));
process.exitCode = 0;
