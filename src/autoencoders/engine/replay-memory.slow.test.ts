// Memory of replayed steps by the thousand, and of trainings by the dozen.
import "./compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs-node";
import { all, error, options, plain } from "../fixtures/objectives";
import { autoencoder } from "../layers";
import type { At, Objective } from "../objective";
import { train } from "../train";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
/**
 * Resident memory outside V8's heap, which grows and shrinks by rules of its own: where tensors
 * are.
 */
function nativeMegabytes(): number {
  collect();
  const { rss, heapTotal } = process.memoryUsage();
  return (rss - heapTotal) / 2 ** 20;
}

test("10,000 replayed steps keep the count of tensors and the memory outside V8's heap flat, and every end frees the session", async () => {
  const model = autoencoder([64, 32, 64], { activation: "relu", seed: 1 });
  const rows = tf.randomUniform([512, 64]) as tf.Tensor2D;
  const run = { ...options, batchSize: 64, replay: true };
  await all(train(plain(model), model.parameters, rows, { ...run, epochs: 1 }));
  collect(); // the optimizers that earlier tests forgot
  await new Promise((turn) => setTimeout(turn, 50));
  const before = tf.memory().numTensors;
  let [tensors, resident] = [0, 0];
  for await (const { step } of train(plain(model), model.parameters, rows, {
    ...run,
    epochs: 2600,
  })) {
    // until then the allocator and V8's compilers take 15 MB or so, once
    if (step === 10_000) [tensors, resident] = [tf.memory().numTensors, nativeMegabytes()];
    if (step === 20_000) {
      assert.equal(tf.memory().numTensors, tensors);
      const grown = nativeMegabytes() - resident;
      assert.ok(grown < 12, `${grown} MB in 10,000 steps`);
      break;
    }
  }
  assert.equal(tf.memory().numTensors, before);
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const { step } of train(plain(model), model.parameters, rows, {
      ...run,
      signal: stop.signal,
    }))
      if (step === 5) stop.abort(new Error("enough"));
  }, /enough/);
  await assert.rejects(
    all(train((x) => ({ bad: x }), model.parameters, rows, run)),
    /term "bad" must be a scalar/,
  );
  assert.equal(tf.memory().numTensors, before);
});

test("30 trainings give back what they took", async () => {
  const big = autoencoder([784, 256, 784], { activation: "relu", seed: 1 });
  const rows = tf.randomUniform([8, 784]) as tf.Tensor2D;
  const once = () =>
    all(train(plain(big), big.parameters, rows, { ...options, epochs: 2, replay: true }));
  for (let i = 0; i < 10; i++) await once();
  const before = nativeMegabytes();
  for (let i = 0; i < 20; i++) await once();
  const grown = nativeMegabytes() - before;
  assert.ok(grown < 50, `${grown} MB in 20 trainings of 4.8 MB of weights and state`);
});

test("20 trainings that end with a number that is not finite, or a constraint that is not, give back their examples", async () => {
  const big = autoencoder([784, 32, 784], { activation: "relu", seed: 1 });
  const rows = tf.randomUniform([4096, 784]) as tf.Tensor2D; // 12.8 MB
  const run = { ...options, batchSize: 64, replay: true };
  const at = ({ step }: At) => tf.sub(6, step).toFloat().relu();
  const infinite: Objective = (x, now) => ({ squared: error(big, x).div(at(now)) });
  const bad = (w: tf.Tensor) => w.div(w.sub(w));
  const once = async () => {
    await assert.rejects(all(train(infinite, big.parameters, rows, run)), /step 6: the loss/);
    const constrain = { W2: bad };
    await assert.rejects(all(train(plain(big), big.parameters, rows, { ...run, constrain })), /W2/);
  };
  for (let i = 0; i < 3; i++) await once();
  const before = nativeMegabytes();
  for (let i = 0; i < 10; i++) await once();
  const grown = nativeMegabytes() - before;
  assert.ok(grown < 60, `${grown} MB in 20 trainings on 12.8 MB of examples`);
});
