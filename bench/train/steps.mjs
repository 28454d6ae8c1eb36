// Training of the tasks, for every contender on tfjs: in Node and in a browser.
import { examples, rate } from "./task.mjs";

/** A turn of the event loop, by which a page's worker hears of Stop. */
function turn() {
  if (globalThis.setImmediate) return new Promise((next) => setImmediate(next));
  const { port1, port2 } = new MessageChannel();
  return new Promise((next) => {
    port1.onmessage = next;
    port2.postMessage(0);
  });
}

/** Objective of a task on a model, in the library's losses. */
function objectiveOf(library, { encode, decode }, objective) {
  const { bernoulliKL, gaussian, l1, squaredError } = library;
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
async function* stockSteps(tf, f, variables, x, batch) {
  const adam = tf.train.adam(rate);
  const at = {
    draw: {
      normal: (shape) => tf.randomNormal(shape),
      uniform: (shape) => tf.randomUniform(shape),
    },
  };
  for (;;) {
    const order = tf.util.createShuffledIndices(examples);
    for (let from = 0; from < examples; from += batch) {
      yield tf.tidy(() => {
        const some = Int32Array.from(order.subarray(from, from + batch));
        const rows = tf.gather(x, tf.tensor1d(some, "int32"));
        const loss = () => tf.addN(Object.values(f(rows, at)));
        const { value, grads } = tf.variableGrads(loss, variables);
        adam.applyGradients(grads);
        return value.dataSync()[0];
      });
      await turn();
    }
  }
}

/** Function that answers the endless steps of a task, the same when asked again. */
export function stepper(tf, library, taken) {
  const start = ({ widths, batch, objective }) => {
    const model = library.autoencoder(widths, {
      activation: "relu",
      ...(objective === "kl" && { codeActivation: "sigmoid" }),
      seed: 1,
    });
    const f = objectiveOf(library, model, objective);
    const x = tf.randomUniform([examples, widths[0]], 0, 1, "float32", 1);
    if (taken === "stock") return stockSteps(tf, f, Object.values(model.parameters), x, batch);
    return library.train(f, model.parameters, x, {
      epochs: 1e6,
      batchSize: batch,
      learningRate: rate,
      replay: taken === "replay",
    });
  };
  const runs = new Map();
  return (task) => {
    if (!runs.has(task.name)) runs.set(task.name, start(task));
    return runs.get(task.name);
  };
}

/** Steps for so many seconds, after a first one that is not counted. */
export async function measured(steps, batch, seconds) {
  await steps.next();
  const begin = performance.now();
  let done = 0;
  let last;
  do {
    last = (await steps.next()).value;
    done += 1;
  } while (performance.now() - begin < 1000 * seconds);
  const elapsed = (performance.now() - begin) / 1000;
  return { samples: done * batch, elapsed, loss: last.loss ?? last };
}
