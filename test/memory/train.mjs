// 10,000 steps of training, and what the process holds at every 1,000th: a line of JSON.
// `train.mjs <replay: true or false>`.
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const require = createRequire(import.meta.url);
const { autoencoder, squaredError, train } = require("../../src/autoencoders/dist/index.js");
const tf = require("@tensorflow/tfjs-node");

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const replay = process.argv[2] === "true";
const [every, last, batchSize] = [1000, 10_000, 16];
const x = tf.randomUniform([1024, 784], 0, 1, "float32", 1);
const { encode, decode, parameters } = autoencoder([784, 32, 784], { activation: "relu", seed: 1 });
const objective = (x) => ({ squaredError: squaredError(x, decode(encode(x))) });
const seen = [];
const begin = performance.now();
for await (const { step } of train(objective, parameters, x, {
  ...{ epochs: 1e6, batchSize, learningRate: 1e-3, seed: 1, replay },
})) {
  if (step % every === 0) {
    collect();
    const { numTensors, numBytes } = tf.memory();
    seen.push({
      step,
      resident: Math.round(process.memoryUsage.rss() / 2 ** 20),
      numTensors,
      numBytes,
    });
  }
  if (step === last) break;
}
const seconds = (performance.now() - begin) / 1000;
console.log(JSON.stringify({ replay, seconds, seen, after: tf.memory().numTensors }));
