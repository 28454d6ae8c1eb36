// A replayed training of a plain net, for the benchmarks that look into it. Loaded in processes of
// its own, whose TensorFlow has the threads it wants.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * JSON printed by the module at `url`, with one thread for an op, and `sideBySide` ops at a time.
 */
export function inOwnProcess(url, sideBySide) {
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(url)], {
    env: {
      ...process.env,
      TF_NUM_INTRAOP_THREADS: "1",
      TF_NUM_INTEROP_THREADS: String(sideBySide),
    },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(String(stdout));
}

export const isRun = (url) => process.argv[1] === fileURLToPath(url);

/**
 * TensorFlow with the engine of this project, and a function that starts to train a net of `widths`
 * on `examples` random rows.
 */
export function engine() {
  const require = createRequire(import.meta.url);
  require("../../src/autoencoders/dist/engine/compat.js");
  const tf = require("@tensorflow/tfjs-node");
  const { autoencoder, squaredError, train } = require("../../src/autoencoders/dist/index.js");
  const start = ({ widths, batch, examples }) => {
    const { encode, decode, parameters } = autoencoder(widths, { activation: "relu", seed: 1 });
    const x = tf.randomUniform([examples, widths[0]], 0, 1, "float32", 1);
    const objective = (x) => ({ squaredError: squaredError(x, decode(encode(x))) });
    const options = { epochs: 1e6, batchSize: batch, learningRate: 1e-3, replay: true };
    return { x, parameters, steps: train(objective, parameters, x, options) };
  };
  return { tf, start, graphs: require("../../src/autoencoders/dist/engine/graph.js") };
}

/** Other programs only ever add time: the lowest tenth is what the work itself takes. */
export const lowestTenth = (values) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)];

/** Milliseconds of some work: the lowest tenth of the repeats. */
export async function milliseconds(work, repeats = 40) {
  const seen = [];
  for (let i = 0; i < repeats; i++) {
    const begin = performance.now();
    await work();
    seen.push(performance.now() - begin);
  }
  return lowestTenth(seen);
}
