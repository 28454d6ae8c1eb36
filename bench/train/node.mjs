// A contender in Node: `node node.mjs KIND`, of the kinds in engines.mjs. Reads a task a line and
// answers with what it measured; goes on where it stopped.
import { createInterface } from "node:readline";
import { engines } from "./engines.mjs";

const kind = process.argv[2];
const begun = performance.now();
const { tf, library, steps: taken } = await engines[kind]();
const started = performance.now() - begun;
const { autoencoder, bernoulliKL, gaussian, l1, squaredError, train } = library;
const { examples, rate } = await import("./task.mjs");
const turn = () => new Promise((next) => setImmediate(next));

function objectiveOf({ encode, decode }, objective) {
  const noise = gaussian(0.3);
  return (x, at) => {
    const h = encode(objective === "noise" ? noise(x, at) : x);
    const terms = { squaredError: squaredError(x, decode(h)) };
    if (objective === "l1") terms.sparsity = l1(h).mul(1e-3);
    if (objective === "kl") terms.sparsity = bernoulliKL(0.05, h).mul(0.1);
    return terms;
  };
}

/** tfjs as a tutorial writes it: variableGrads, its own Adam, tf.randomNormal. */
async function* stockSteps(model, objective, x, batch) {
  const adam = tf.train.adam(rate);
  const at = {
    draw: {
      normal: (shape) => tf.randomNormal(shape),
      uniform: (shape) => tf.randomUniform(shape),
    },
  };
  const f = objectiveOf(model, objective);
  const variables = Object.values(model.parameters);
  for (;;) {
    const order = tf.util.createShuffledIndices(examples);
    for (let from = 0; from < examples; from += batch) {
      yield tf.tidy(() => {
        const rows = tf.gather(
          x,
          tf.tensor1d(Int32Array.from(order.subarray(from, from + batch)), "int32"),
        );
        const { value, grads } = tf.variableGrads(
          () => tf.addN(Object.values(f(rows, at))),
          variables,
        );
        adam.applyGradients(grads);
        return value.dataSync()[0];
      });
      await turn();
    }
  }
}

const runs = new Map();
function stepsOf({ name, widths, batch, objective }) {
  if (!runs.has(name)) {
    const model = autoencoder(widths, {
      activation: "relu",
      ...(objective === "kl" && { codeActivation: "sigmoid" }),
      seed: 1,
    });
    const x = tf.randomUniform([examples, widths[0]], 0, 1, "float32", 1);
    const options = {
      epochs: 1e6,
      batchSize: batch,
      learningRate: rate,
      replay: taken === "replay",
    };
    runs.set(
      name,
      taken === "stock"
        ? stockSteps(model, objective, x, batch)
        : train(objectiveOf(model, objective), model.parameters, x, options),
    );
  }
  return runs.get(name);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { seconds, ...task } = JSON.parse(line);
  const steps = stepsOf(task);
  await steps.next();
  const before = process.cpuUsage();
  const begin = performance.now();
  let done = 0;
  let last;
  do {
    last = (await steps.next()).value;
    done += 1;
  } while (performance.now() - begin < 1000 * seconds);
  const elapsed = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  const samples = done * task.batch;
  console.log(
    JSON.stringify({
      perSecond: samples / elapsed,
      perCpuSecond: (1e6 * samples) / (user + system),
      loss: last.loss ?? last,
      started,
      megabytes: process.memoryUsage().rss / 2 ** 20,
    }),
  );
}
process.exit(0);
