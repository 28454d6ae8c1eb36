// Inputs read in a process of their own: `node test/faults/reader.mjs KIND SEED COUNT`. Each input
// has a line before it is read and one after, so that whoever watches knows which one hangs or
// kills.
import { writeSync } from "node:fs";
import { blocks, inputsOf } from "./inputs.mjs";
import { random, readers, tf } from "./readers.mjs";

const [kind, seed, count] = process.argv.slice(2);
for (const name of ["log", "warn", "error"]) console[name] = () => {};
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a line that has left when it returns: what process.stdout keeps back would wait for the
 * event loop.
 */
function say(...words) {
  const line = Buffer.from(`${words.join(" ")}\n`);
  for (let at = 0; at < line.length; )
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
}

const reader = readers[kind];
const inputs = inputsOf(reader, random(Number(seed), kind));
let [tensors, memory] = [0, 0];
for (let i = 0; i <= Number(count); i++) {
  const { value } = inputs.next();
  if (i > 0) say("reads");
  const start = performance.now();
  let came = "answered";
  try {
    await reader.read(value);
  } catch (error) {
    // An error of the language itself, such as "Cannot read properties of undefined": the reader
    // did not foresee the input.
    const foreseen =
      error instanceof Error &&
      !/^Cannot |is not (a function|iterable)|Maximum call stack/.test(error.message);
    came = foreseen ? "refused" : `other ${String(error).split("\n")[0]}`;
  }
  if (i > 0) say((performance.now() - start).toFixed(1), came);
  else [tensors, memory] = [tf.memory().numTensors, process.memoryUsage().rss]; // the first loads what is loaded once
}
const grown = Math.max(0, process.resourceUsage().maxRSS * 1024 - memory) / 2 ** 20;
say("end", JSON.stringify({ grown, blocks: blocks(), left: tf.memory().numTensors - tensors }));
process.exit();
