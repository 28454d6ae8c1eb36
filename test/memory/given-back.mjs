// Tensors of up to 188 MB that come and go, and the process's resident memory, in MB, before, at
// its highest, and when all are disposed of: a line of JSON.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
require("../../src/autoencoders/dist/engine/compat.js");
const tf = require("@tensorflow/tfjs-node");

const resident = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
const product = (rows) => {
  const x = tf.fill([rows, 784], 1);
  return tf
    .matMul(x.add(1).mul(x), tf.fill([784, 256], 1))
    .relu()
    .sum()
    .dataSync()[0];
};
tf.tidy(() => product(10));
const before = resident();
const { user, system } = process.cpuUsage();
for (let i = 0; i < 5; i++)
  for (const rows of [60_000, 10_000, 5_000, 1_000]) tf.tidy(() => product(rows));
const taken = process.cpuUsage({ user, system });
console.log(
  JSON.stringify({
    before,
    peak: Math.round(process.resourceUsage().maxRSS / 1024),
    after: resident(),
    seconds: (taken.user + taken.system) / 1e6,
  }),
);
