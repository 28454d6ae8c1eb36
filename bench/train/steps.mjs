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

/** Function that answers the endless steps of a task, the same when asked again. */
export function stepper(tf, library, taken) {
  const { autoencoder, bernoulliKL, gaussian, l1, squaredError, train } = library;

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
  return ({ name, widths, batch, objective }) => {
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
