import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { klBernoulli, klGaussian } from "./divergence";
import { assertClose, assertLeaves, assertRefuses, fixture, matrix } from "./fixtures/fixtures";
import { bernoulliKL, contraction, gaussianKL, l0, l1, l2, unitNormRows } from "./penalties";

const numbers = fixture("penalties");
const penalties: Record<string, (...tensors: tf.Tensor[]) => tf.Scalar> = {
  l1,
  l2,
  bernoulliKL: (h) => bernoulliKL(numbers.bernoulliKL.rho, h),
  gaussianKL,
};

for (const [name, penalty] of Object.entries(penalties)) {
  test(`${name}: value and gradients equal JAX's in float64`, () => {
    const { arguments: args, value, gradients } = numbers[name];
    const tensors = args.map(matrix);
    assertClose(penalty(...tensors), value, 2e-6);
    const found = tf.grads((...t: tf.Tensor[]) => penalty(...t))(tensors);
    for (const [i, gradient] of found.entries()) assertClose(gradient, gradients[i], 5e-6, 0.1);
  });
}

const activations = { sigmoid: tf.sigmoid, tanh: tf.tanh, relu: tf.relu };
for (const [name, activation] of Object.entries(activations) as [
  keyof typeof activations,
  (z: tf.Tensor) => tf.Tensor2D,
][]) {
  test(`contraction: value and gradient of a ${name} code equal those of JAX's Jacobian`, () => {
    const { x, b, [name]: expected } = numbers.contraction;
    const code = (W: tf.Tensor) =>
      activation(tf.matMul(matrix(x), W as tf.Tensor2D).add(tf.tensor1d(b)));
    const penalty = (W: tf.Tensor) => contraction(code(W), W, name);
    const W = matrix(expected.arguments[0]);
    assertClose(penalty(W), expected.value, 5e-6);
    assertClose(tf.grad(penalty)(W), expected.gradients[0], 2e-5, 1);
  });
}

test("contraction refuses W that has no column for each unit, and other activations", () => {
  const [h, W] = [matrix([[0.5, 0.5]]), tf.zeros([3, 4])];
  assertRefuses(
    () => contraction(h, W, "sigmoid"),
    /^W must have a column for each of the 2 units of h, got shape \[3, 4\]/,
  );
  assertRefuses(
    () => contraction(h, tf.tensor2d([[1, 2]]).dispose() as never, "tanh"),
    /W must be a tensor/,
  );
  assertRefuses(
    () => contraction(h, h, "swish" as never),
    /activation must be one of "sigmoid", "tanh", "relu", got "swish"/,
  );
});

test("l0 counts the entries that are not 0, per example, and has gradient 0", () => {
  const h = matrix([
    [0, -2, 3],
    [0, 0, 1e-30],
  ]);
  assertClose(l0(h), 1.5);
  assertClose(tf.grad((h: tf.Tensor) => l0(h))(h), new Array(6).fill(0));
});

test("l1 and l2 have gradient 0 where a unit is 0", () => {
  for (const penalty of [l1, l2])
    assertClose(tf.grad((h: tf.Tensor) => penalty(h))(matrix([[0, 0]])), [0, 0]);
});

test("bernoulliKL is the sum of klBernoulli over units, and 0 exactly where every mean is ρ", () => {
  const unit = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(unit, unit, unit, (rho, a, b) => {
      const value = tf.tidy(() =>
        bernoulliKL(
          rho,
          matrix([
            [a, b],
            [b, a],
            [a, b],
            [b, a],
          ]),
        ).arraySync(),
      );
      assertClose(value, 2 * klBernoulli(rho, (Math.fround(a) + Math.fround(b)) / 2), 1e-4, 0.01);
    }),
    { numRuns: 50 },
  );
  assertClose(
    bernoulliKL(
      0.25,
      matrix([
        [0.25, 0],
        [0.25, 0.5],
      ]),
    ),
    0,
    1e-6,
    1,
  );
});

test("bernoulliKL has the gradient −ρ/ρ̂ + (1 − ρ)/(1 − ρ̂) by the mean: 0.9375 at ρ = 0.05, ρ̂ = 0.2", () => {
  const slope = tf.grad((h: tf.Tensor) => bernoulliKL(0.05, h))(matrix([[0.1], [0.3]]));
  assertClose(slope, [0.9375 / 2, 0.9375 / 2]);
});

test("bernoulliKL is infinite where a unit is always 0 or always 1, and refuses ρ outside (0, 1)", () => {
  assert.equal(bernoulliKL(0.05, matrix([[0, 0.5]])).arraySync(), Number.POSITIVE_INFINITY);
  assert.equal(bernoulliKL(0.05, matrix([[1, 0.5]])).arraySync(), Number.POSITIVE_INFINITY);
  const h = matrix([[0.5]]);
  for (const rho of [0, 1, -0.1, 1.5, Number.NaN, "0.05" as never])
    assertRefuses(
      () => bernoulliKL(rho, h),
      /^rho must be a number between 0 and 1, both excluded, got/,
    );
});

test("gaussianKL is the sum of klGaussian to the standard normal", () => {
  const [mu, logVar] = [
    [0.5, -2],
    [0.3, -1.2],
  ];
  const expected = mu.reduce(
    (sum, mean, j) => sum + klGaussian({ mean, sd: Math.exp(logVar[j] / 2) }, { mean: 0, sd: 1 }),
    0,
  );
  assertClose(gaussianKL(matrix([mu]), matrix([logVar])), expected, 1e-6);
  assertClose(gaussianKL(matrix([[0, 0]]), matrix([[0, 0]])), 0);
});

test("penalties do not change when units are permuted", () => {
  const h = tf.randomUniform([6, 4], 0.1, 0.9, "float32", 3) as tf.Tensor2D;
  const shuffled = tf.gather(h, [2, 0, 3, 1], 1);
  for (const penalty of [
    l0,
    l1,
    l2,
    (h: tf.Tensor) => bernoulliKL(0.1, h),
    (h: tf.Tensor) => gaussianKL(h, h),
  ])
    assertClose(penalty(shuffled), penalty(h), 1e-6);
});

test("unitNormRows gives every row norm 1 and its old direction, and leaves a row of zeros", () => {
  const W = matrix([
    [3, 4],
    [0, 0],
    [-1e-25, 0],
    [1e30, 1e30],
  ]);
  assertClose(unitNormRows(W), [0.6, 0.8, 0, 0, -1, 0, Math.SQRT1_2, Math.SQRT1_2]);
});

test("a penalty leaves only its result, in the graph or out of it", () => {
  const h = matrix([
    [0.5, 0.25],
    [0.125, 0.75],
  ]);
  const all = [
    l0,
    l1,
    l2,
    unitNormRows,
    (h: tf.Tensor) => bernoulliKL(0.1, h),
    (h: tf.Tensor) => gaussianKL(h, h),
    (h: tf.Tensor) => contraction(h, h, "tanh"),
  ];
  for (const penalty of all) {
    assertLeaves(1, () => penalty(h));
    assertLeaves(1, () => tf.grad((h: tf.Tensor) => penalty(h).sum())(h));
  }
});
