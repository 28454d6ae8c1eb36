// Processor time of a tensor, in microseconds, the least of 25 runs: a line of JSON.
// `cost.mjs <watched: true or false>` says whether as in the kernel.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
if (process.argv[2] === "true") require("../../src/kernel/dist/run/tensor-gc.js").collectTensors();
require("../../src/autoencoders/dist/engine/compat.js");
const tf = require("@tensorflow/tfjs-node");

const x = tf.ones([4, 4]);
const w = tf.variable(x);
const [count, runs, inTidy] = [2000, 25, 100];

const tidied = (make) => () => {
  for (let i = 0; i < count; i += inTidy)
    tf.tidy(() => {
      for (let j = 0; j < inTidy; j++) make();
    });
};
const atTop = (make) => () => {
  for (let i = 0; i < count; i++) make();
};
const work = {
  "clone in a tidy": tidied(() => x.clone()),
  "relu in a tidy": tidied(() => tf.relu(x)),
  "clone and dispose at the top": atTop(() => x.clone().dispose()),
  "relu and dispose at the top": atTop(() => tf.relu(x).dispose()),
  "variable.assign": atTop(() => w.assign(x)),
};

function microseconds(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const result = {};
for (const [name, run] of Object.entries(work)) {
  run();
  result[name] = Math.min(...Array.from({ length: runs }, () => microseconds(run)));
}
console.log(JSON.stringify(result));
