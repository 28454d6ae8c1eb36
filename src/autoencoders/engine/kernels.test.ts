import "./compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { assertClose, assertLeaves } from "../fixtures/fixtures";
import { fastKernels } from "./kernels";
import { record } from "./record";

const entries = [0.3, -0.7, 1.2];
const x = tf.tensor1d(entries);
const sum = entries.reduce((a, b) => a + b);
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** Functions of a vector, and by entry the derivative of the sum of their gradient. */
const twice: Record<string, [(x: tf.Tensor) => tf.Tensor, (x: number) => number]> = {
  Relu: [(x) => tf.relu(x).mul(x), (x) => (x > 0 ? 2 : 0)],
  Sigmoid: [tf.sigmoid, (x) => sigmoid(x) * sigmoid(-x) * (1 - 2 * sigmoid(x))],
  Tanh: [tf.tanh, (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2)],
  Square: [(x) => tf.square(x).mul(x), (x) => 6 * x],
  SquaredDifference: [(x) => tf.squaredDifference(x, x.mul(3)).mul(x), (x) => 24 * x],
  Sum: [(x) => tf.sum(x.mul(x).mul(x)), (x) => 6 * x],
  Mean: [(x) => tf.mean(x.mul(x)).mul(tf.sum(x)), (x) => 2 * x + (4 * sum) / 3],
  Add: [(x) => tf.add(x.reshape([1, 3]).mul(x), x.mul(x).mul(x)).mul(x), (x) => 6 * x + 12 * x * x],
};

fastKernels();
for (const [name, [f, second]] of Object.entries(twice))
  test(`${name}: the gradient can be differentiated again`, () => {
    const gradient = (x: tf.Tensor) => tf.grad((x: tf.Tensor) => f(x).sum())(x);
    const again = () => tf.grad((x: tf.Tensor) => gradient(x).sum())(x);
    assertClose(again(), entries.map(second), 1e-5, 1);
    assertLeaves(1, again); // the first time, the kernels keep their constants
  });

test("the cheaper kernels are put in place once", () => {
  const { kernelFunc } = tf.getKernel("Sum", "tensorflow");
  fastKernels();
  assert.equal(tf.getKernel("Sum", "tensorflow").kernelFunc, kernelFunc);
});

test("a recorded product has the shape that its recorded factors broadcast to", () => {
  const gradient = () => tf.grad((x: tf.Tensor) => x.sum().mul(2))(tf.ones([4, 4]));
  const factors = { gradient, ones: () => tf.ones([4, 4]), row: () => tf.ones([1, 4]) };
  for (const a of Object.values(factors))
    for (const b of Object.values(factors)) {
      const { nodes, outputs } = record("n", new Map(), () => tf.tidy(() => a().mul(b())));
      for (const { name, inputs } of nodes.filter(({ op }) => op === "Mul")) {
        const [left, right] = inputs.map((input) => outputs.get(input)!.shape);
        const { shape } = outputs.get(name)!;
        const broadcast = tf.backend_util.assertAndGetBroadcastShape(left, right);
        assert.equal(tf.util.sizeFromShape(broadcast), tf.util.sizeFromShape(shape));
      }
    }
});
