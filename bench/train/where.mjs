// Where the time of one replayed step goes: parts of the recorded graph are fetched alone, and differences are taken.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { deep } from "./task.mjs";

/** Microseconds by part, for batches of 64 and 256. Runs in a process of its own, whose TensorFlow has the threads it wants. */
export function whereTimeGoes() {
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "-1" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(String(stdout));
}

/** Other programs only ever add time: the lowest tenth is what the work itself takes. */
const lowestTenth = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)];

async function parts(batch) {
  const require = createRequire(import.meta.url);
  require("../../dist/engine/compat.js");
  const tf = require("@tensorflow/tfjs-node");
  const graphs = require("../../dist/engine/graph.js");
  const { autoencoder, squaredError, train } = require("../../dist/index.js");
  const open = graphs.openSession;
  let nodes;
  let session;
  graphs.openSession = (given) => {
    nodes = given;
    session = open(given);
    return session;
  };
  const model = autoencoder(deep, { activation: "relu", seed: 1 });
  const x = tf.randomUniform([4096, deep[0]], 0, 1, "float32", 1);
  const objective = (x) => ({ squaredError: squaredError(x, model.decode(model.encode(x))) });
  const steps = train(objective, model.parameters, x, {
    epochs: 1e6,
    batchSize: batch,
    learningRate: 1e-3,
    replay: true,
  });
  const { binding } = tf.backend();
  for (let i = 0; i < 10; i++) await steps.next();

  const byName = new Map(nodes.map((node) => [node.name, node]));
  const p = `rows${batch}_`;
  const packed = byName.get(byName.get(`${p}done`).inputs[0]);
  const full = (name) => (name.includes(":") ? name : `${name}:0`);
  const counters = () => binding.createTensor([4], binding.TF_INT32, Int32Array.of(3, 0, 0, 0));
  const numbers = () =>
    binding.createTensor([6], binding.TF_FLOAT, Float32Array.of(0.9, 0.999, 1e-3, 0.9, 0.999, 1e-7));
  const block = tf.backend().getInputTensorIds([x.slice([0, 0], [batch, -1])])[0];
  const [c, n] = [counters(), numbers()];
  const fetch = (outputs) => () => {
    for (const { id } of session.run("block:0,counters:0,numbers:0", [block, c, n], outputs)) binding.deleteTensor(id);
  };
  const time = async (work, repeats = 40) => {
    const seen = [];
    for (let i = 0; i < repeats; i++) {
      const begin = performance.now();
      await work();
      seen.push(1000 * (performance.now() - begin));
    }
    return lowestTenth(seen);
  };
  const call = await time(fetch("zero:0"));
  const batchOnly = await time(fetch(full(`${p}x`)));
  const forward = await time(fetch(full(packed.inputs[0])));
  const whole = await time(fetch(`${p}done:0`));
  const feeds = await time(() => [counters(), numbers()].map(binding.deleteTensor));
  const order = tf.tensor1d(
    Int32Array.from({ length: 4096 }, (_, i) => (i * 1031) % 4096),
    "int32",
  );
  const gather = ((await time(() => tf.gather(x, order).dispose(), 40)) * batch) / 4096;
  const turn = await time(() => new Promise((next) => setImmediate(next)));
  const step = await time(() => steps.next(), 120);
  await steps.return();
  return {
    "session call, nothing in it": call,
    "take the batch": Math.max(0, batchOnly - call),
    "forward pass and loss": forward - Math.max(call, batchOnly),
    "backward pass, norms, finite check, Adam": whole - forward,
    "feed the step's numbers": feeds,
    "gather the rows (its share)": gather,
    "one turn of the event loop": turn,
    "the rest of train, in JavaScript": Math.max(0, step - whole - feeds - gather - turn),
    "a step, as the reader sees it": step,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = {};
  for (const batch of [64, 256]) result[batch] = await parts(batch);
  console.log(JSON.stringify(result));
}
