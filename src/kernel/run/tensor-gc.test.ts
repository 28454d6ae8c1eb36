// In a process of its own: the engine is watched from the moment it is loaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { collectGarbage } from "./garbage";
import { collectTensors, recoverEngine } from "./tensor-gc";

collectTensors();
require("../../../autoencoders/dist/engine/compat");
const tf = require("@tensorflow/tfjs-node") as typeof import("@tensorflow/tfjs-node");
type Tensor = import("@tensorflow/tfjs-node").Tensor;
type Variable = import("@tensorflow/tfjs-node").Variable;

/** Lets V8 collect and the disposals happen. */
async function collected(): Promise<{
  numTensors: number;
  numBytes: number;
  numDataBuffers: number;
}> {
  for (let i = 0; i < 3; i++) {
    await sleep(1);
    collectGarbage();
  }
  await sleep(1);
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  return { numTensors, numBytes, numDataBuffers };
}
const variables = () => tf.engine().registeredVariables as Record<string, Variable>;

test("what no code can reach is disposed of, data that others share stays", async () => {
  const before = await collected();
  (() => tf.ones([10, 10]).mul(2).add(1).sum().dataSync())();
  assert.ok(tf.memory().numTensors >= before.numTensors + 4);
  assert.deepEqual(await collected(), before);
  let clone: Tensor | undefined = (() => tf.tensor1d([1, 2]).square().clone())();
  assert.deepEqual(await collected(), {
    numTensors: before.numTensors + 1,
    numBytes: before.numBytes + 8,
    numDataBuffers: before.numDataBuffers + 1,
  });
  assert.deepEqual([...clone.dataSync()], [1, 4]);
  clone = undefined;
  assert.deepEqual(await collected(), before);
});

test("inside of tidy the counts are those of TensorFlow.js, and dispose counts once", async () => {
  const before = await collected();
  const x = tf.tidy(() => {
    const made = tf.ones([3]).add(1);
    assert.ok(tf.memory().numTensors > before.numTensors);
    return made;
  });
  assert.equal(tf.memory().numTensors, before.numTensors + 1);
  x.dispose();
  x.dispose();
  assert.deepEqual(await collected(), before);
});

test("a variable stays while code reaches it, with the value it was given last; a named one stays for its name", async () => {
  const before = await collected();
  let w: Variable | undefined = tf.variable(tf.tensor1d([1, 2]));
  const { name } = w;
  (() => tf.variable(tf.tensor1d([7]), true, "kept by its name"))();
  for (let i = 0; i < 3; i++) w.assign(w.mul(2));
  const held = await collected();
  assert.equal(held.numTensors, before.numTensors + 2);
  assert.deepEqual([...w.dataSync()], [8, 16]);
  assert.equal(variables()[name], w);
  assert.deepEqual([...variables()["kept by its name"].dataSync()], [7]);
  assert.throws(() => tf.variable(tf.scalar(1), true, "kept by its name"), /already registered/);
  w = undefined;
  await collected();
  assert.equal(variables()[name], undefined);
  assert.deepEqual(Object.keys(variables()), ["kept by its name"]);
  variables()["kept by its name"].dispose();
  assert.deepEqual(await collected(), before);
});

test("training by an optimizer that asks for all variables goes on over collections", async () => {
  const before = await collected();
  await (async () => {
    const w = tf.variable(tf.scalar(3));
    (() => tf.variable(tf.scalar(5)))();
    const adam = tf.train.adam(0.1);
    for (let i = 0; i < 60; i++) {
      adam.minimize(() => w.sub(1).square() as import("@tensorflow/tfjs-node").Scalar);
      if (i % 20 === 0) await collected();
    }
    assert.ok(Math.abs(w.dataSync()[0] - 1) < 0.3, `${w.dataSync()[0]} is near 1`);
    adam.dispose();
  })();
  assert.deepEqual(await collected(), before);
});

test("what a terminated gradient held is disposed of: its scopes and its tape", async () => {
  const x = tf.tensor1d([1, 2]);
  const before = await collected();
  const engine = tf.engine() as unknown as { startScope(): void; startTape(): void };
  engine.startTape();
  engine.startScope();
  x.square().mul(x);
  assert.ok(tf.memory().numTensors >= before.numTensors + 4);
  recoverEngine();
  assert.deepEqual(await collected(), before);
  assert.deepEqual(
    [
      ...tf
        .grad((y) => y.square())(x)
        .dataSync(),
    ],
    [2, 4],
  );
});

test("1.2 GB forgotten in turns of the event loop leave fewer behind", async () => {
  const before = await collected();
  for (let i = 0; i < 150; i++) {
    tf.ones([1000, 1000]).add(i); // 8 MB
    await sleep(0);
  }
  const held = tf.memory().numBytes - before.numBytes;
  assert.ok(held < 600e6, `${held} bytes are held`);
  assert.deepEqual(await collected(), before);
});

test("tensors forgotten at leisure are disposed of from 64 MB on", async () => {
  const before = await collected();
  let most = 0;
  for (let i = 0; i < 30; i++) {
    tf.ones([1000, 2000]).add(i); // 16 MB
    await sleep(50);
    most = Math.max(most, tf.memory().numBytes - before.numBytes);
  }
  assert.ok(most < 200e6, `${most} bytes are held`);
  assert.deepEqual(await collected(), before);
});

test("random programs see the numbers that plain arrays would give, whatever is forgotten and collected", async () => {
  const before = await collected();
  const action = fc.record({ kind: fc.nat(8), i: fc.nat(5), j: fc.nat(5) });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60 }), async (actions) => {
      const names = 6;
      const tensors: Tensor[] = Array.from({ length: names }, (_, i) => tf.tensor1d([i, i + 1]));
      const numbers = tensors.map((t) => [...t.dataSync()]);
      const put = (i: number, t: Tensor, values: number[]) => {
        tensors[i] = t;
        numbers[i] = values.map(Math.fround);
      };
      for (const { kind, i, j } of actions) {
        const [a, b] = [tensors[i], tensors[j]];
        if (kind === 0)
          put(
            i,
            a.add(b).mul(0.5),
            numbers[i].map((v, k) => Math.fround(v + numbers[j][k]) * 0.5),
          );
        else if (kind === 1) put(i, b.clone(), numbers[j]);
        else if (kind === 2) put(i, b.reshape([1, 2]).reshape([2]), numbers[j]);
        else if (kind === 3) put(i, tf.variable(b), numbers[j]);
        else if (kind === 4) {
          if (a instanceof tf.Variable) {
            (a as Variable).assign(b.clone());
            tensors.forEach((t, k) => {
              if (t === a) numbers[k] = numbers[j];
            });
          } else
            put(
              i,
              tf.keep(b.neg()),
              numbers[j].map((v) => -v),
            );
        } else if (kind === 5) {
          const others = tensors.some((t, k) => t === a && k !== i);
          if (!others) a.dispose();
          put(i, tf.tensor1d([j, 1]), [j, 1]);
        } else if (kind === 6)
          put(
            i,
            tf.grad((x) => x.square().sum())(b),
            numbers[j].map((v) => 2 * v),
          );
        else if (kind === 7) put(i, b, numbers[j]);
        else await collected();
      }
      assert.deepEqual(
        tensors.map((t) => [...t.dataSync()]),
        numbers,
      );
    }),
    { numRuns: 25, seed: 1 },
  );
  assert.deepEqual(await collected(), before);
});
