import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { assertClose, assertLeaves, fixture, matrix } from "./fixtures/fixtures";
import { absoluteError, binaryCrossEntropy, marginLosses, squaredError } from "./losses";

const losses = { squaredError, absoluteError, binaryCrossEntropy };

const numbers = fixture("losses");
for (const [name, loss] of [
  ...Object.entries(losses),
  ["binaryCrossEntropyExtreme", binaryCrossEntropy] as const,
]) {
  test(`${name}: value and both gradients equal JAX's in float64`, () => {
    const { arguments: args, value, gradients } = numbers[name];
    const [x, y] = args.map(matrix);
    assertClose(loss(x, y), value, 1e-6);
    const [dx, dy] = tf.grads((a, b) => loss(a, b))([x, y]);
    assertClose(dx, gradients[0], 2e-6, 0.1);
    assertClose(dy, gradients[1], 2e-6, 0.1);
  });
}

test("a loss sums over dimensions and averages over examples", () => {
  assertClose(
    squaredError(
      matrix([
        [0, 0],
        [0, 0],
      ]),
      matrix([
        [1, 2],
        [3, 4],
      ]),
    ),
    15,
  );
  assertClose(
    absoluteError(
      matrix([
        [0, 0],
        [0, 0],
      ]),
      matrix([
        [1, -2],
        [3, -4],
      ]),
    ),
    5,
  );
  assertClose(binaryCrossEntropy(matrix([[1, 0, 1, 0]]), matrix([[0, 0, 0, 0]])), 4 * Math.LN2);
});

test("a batch of copies has the loss of one example, and the order of examples does not matter", () => {
  const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(row, row, row, row, (a, b, c, d) => {
      for (const loss of Object.values(losses)) {
        const value = (x: number[][], y: number[][]) =>
          tf.tidy(() => loss(matrix(x), matrix(y)).arraySync());
        assertClose(value([a, a, a], [b, b, b]), value([a], [b]), 1e-5);
        assertClose(value([a, c], [b, d]), value([c, a], [d, b]), 1e-5);
        assertClose(value([a, c], [b, d]), (value([a], [b]) + value([c], [d])) / 2, 1e-5);
      }
    }),
    { numRuns: 50 },
  );
});

test("binaryCrossEntropy is finite and exact at logits of ±100, and its derivative at 0 is ½ − x", () => {
  assertClose(binaryCrossEntropy(matrix([[0, 1]]), matrix([[100, -100]])), 200);
  assertClose(binaryCrossEntropy(matrix([[1, 0]]), matrix([[100, -100]])), 0);
  assertClose(
    binaryCrossEntropy(matrix([[1]]), matrix([[15]])),
    Math.log1p(Math.exp(-15)),
    1e-5,
    0,
  );
  const slope = tf.grad((z: tf.Tensor) => binaryCrossEntropy(matrix([[1, 0, 0.25]]), z))(
    matrix([[0, 0, 0]]),
  );
  assertClose(slope, [-0.5, 0.5, 0.25]);
});

test("binaryCrossEntropy is least at the logits of x, where it is the entropy of x", () => {
  const x = matrix([[0.2, 0.5, 0.9]]);
  const logits = tf.log(tf.div(x, tf.sub(1, x)));
  const entropy = -[0.2, 0.5, 0.9].reduce(
    (sum, p) => sum + p * Math.log(p) + (1 - p) * Math.log(1 - p),
    0,
  );
  assertClose(binaryCrossEntropy(x, logits), entropy);
  assertClose(tf.grad((z: tf.Tensor) => binaryCrossEntropy(x, z))(logits), [0, 0, 0], 1e-5, 0.01);
});

test("a loss over 60,000 examples keeps float32 accuracy", () => {
  const x = tf.fill([60000, 784], 0.1) as tf.Tensor2D;
  const zero = tf.zeros([60000, 784]);
  assertClose(squaredError(x, zero), 784 * Math.fround(0.1) ** 2, 1e-5);
  assertClose(absoluteError(x, zero), 784 * Math.fround(0.1), 1e-5);
  tf.dispose([x, zero]);
});

test("a loss leaves only its result, in the graph or out of it", () => {
  const [x, y] = [matrix([[0.5, 1]]), matrix([[0.25, 2]])];
  for (const loss of Object.values(losses)) {
    assertLeaves(1, () => loss(x, y));
    assertLeaves(2, () => tf.valueAndGrad((y: tf.Tensor) => loss(x, y))(y));
  }
});

const closed: Record<keyof typeof marginLosses, [(m: number) => number, (m: number) => number]> = {
  zeroOne: [(m) => (m > 0 ? 0 : 1), () => 0],
  absolute: [(m) => Math.abs(1 - m), (m) => Math.sign(m - 1)],
  squared: [(m) => (1 - m) ** 2, (m) => 2 * (m - 1)],
  log: [(m) => Math.log(1 + Math.exp(-m)), (m) => -1 / (1 + Math.exp(m))],
  exponential: [(m) => Math.exp(-m), (m) => -Math.exp(-m)],
  hinge: [(m) => Math.max(0, 1 - m), (m) => (m < 1 ? -1 : 0)],
};
const margins = [-3, -1.5, -0.25, 0, 0.25, 0.75, 1, 1.5, 4];

for (const [name, [value, derivative]] of Object.entries(closed) as [
  keyof typeof marginLosses,
  (typeof closed)["log"],
][]) {
  test(`marginLosses.${name}: numbers and tensors follow the closed form`, () => {
    const loss = marginLosses[name];
    for (const m of margins) {
      assertClose(loss.value(m), value(m), 1e-14);
      assertClose(loss.derivative(m), derivative(m), 1e-14);
    }
    const m = tf.tensor1d(margins);
    assertClose(
      assertLeaves(1, () => loss.value(m)),
      margins.map(value),
      1e-6,
    );
    assertClose(
      assertLeaves(1, () => loss.derivative(m)),
      margins.map(derivative),
      1e-6,
    );
    assert.deepEqual(loss.value(tf.scalar(2)).shape, []);
    assert.ok(Number.isNaN(loss.value(Number.NaN)) && Number.isNaN(loss.derivative(Number.NaN)));
  });

  test(`marginLosses.${name}: the derivative is that of the value, away from kinks`, () => {
    const loss = marginLosses[name];
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), (m) => {
        fc.pre(Math.abs(m) > 1e-4 && Math.abs(m - 1) > 1e-4);
        assertClose(
          loss.derivative(m),
          (loss.value(m + 1e-5) - loss.value(m - 1e-5)) / 2e-5,
          1e-6,
          1,
        );
      }),
    );
    if (name === "zeroOne") return;
    const m = tf.tensor1d([-2, -0.5, 0.5, 1.75]);
    assertClose(tf.grad((m: tf.Tensor) => loss.value(m).sum())(m), loss.derivative(m), 1e-6);
  });
}

test("marginLosses.log stays exact at margins of ±1000 and bounds zeroOne only when divided by ln 2", () => {
  assert.equal(marginLosses.log.value(-1000), 1000);
  assert.equal(marginLosses.log.value(1000), 0);
  assert.ok(marginLosses.log.value(-0.5) < marginLosses.zeroOne.value(-0.5));
  fc.assert(
    fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (m) =>
      assert.ok(marginLosses.log.value(m) / Math.LN2 >= marginLosses.zeroOne.value(m)),
    ),
  );
});
