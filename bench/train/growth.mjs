// How the cost of a replayed step grows with batch, width and depth, and what starting and keeping a recorded step takes.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const cases = {
  batch: [16, 64, 256, 1024, 4096].map((batch) => ({ batch, widths: [784, 128, 32, 128, 784] })),
  width: [32, 128, 512, 2048].map((width) => ({ batch: 256, widths: [784, width, 784], at: width })),
  depth: [2, 4, 6, 8].map((layers) => ({
    batch: 256,
    widths: [784, ...new Array(layers - 1).fill(128), 784],
    at: layers,
  })),
};

/** Milliseconds a step (the lowest tenth of 40, since other programs only ever add time) and before the first replayed one, by what grows. */
export function growth() {
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "-1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(String(stdout));
}

async function measure({ batch, widths, at = batch }) {
  const require = createRequire(import.meta.url);
  require("../../dist/engine/compat.js");
  const tf = require("@tensorflow/tfjs-node");
  const { autoencoder, squaredError, train } = require("../../dist/index.js");
  const model = autoencoder(widths, { activation: "relu", seed: 1 });
  const x = tf.randomUniform([4 * batch, 784], 0, 1, "float32", 1);
  const objective = (x) => ({ squaredError: squaredError(x, model.decode(model.encode(x))) });
  const steps = train(objective, model.parameters, x, {
    epochs: 1e6,
    batchSize: batch,
    learningRate: 1e-3,
    replay: true,
  });
  const begin = performance.now();
  await steps.next();
  const start = performance.now() - begin;
  const seen = [];
  for (let i = 0; i < 40; i++) {
    const from = performance.now();
    await steps.next();
    seen.push(performance.now() - from);
  }
  await steps.return();
  tf.dispose([x, ...Object.values(model.parameters)]);
  seen.sort((a, b) => a - b);
  return { at, step: seen[seen.length / 10], start };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = {};
  for (const [name, list] of Object.entries(cases)) {
    result[name] = [];
    for (const one of list) result[name].push(await measure(one));
  }
  console.log(JSON.stringify(result));
}
