import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { assertClose, assertLeaves, assertRefuses, matrix } from "./fixtures/fixtures";
import { gradientCheck } from "./gradient-check";
import { autoencoder } from "./layers";
import { binaryCrossEntropy, squaredError } from "./losses";
import { bernoulliKL, contraction, l1 } from "./penalties";
import { random } from "./random";

const x = random(8).uniform<tf.Rank.R2>([20, 5]);
const model = autoencoder([5, 3, 5], { activation: "sigmoid", seed: 3 });
const { parameters, encode, decode } = model;

const objectives: Record<string, () => tf.Tensor> = {
  squaredError: () => squaredError(x, decode(encode(x))),
  binaryCrossEntropy: () => binaryCrossEntropy(x, decode(encode(x))),
  bernoulliKL: () => bernoulliKL(0.05, encode(x)),
  contraction: () => contraction(encode(x), parameters.W1, "sigmoid"),
  l1: () => l1(encode(x)),
  "a loss of 10,000 times the size": () => squaredError(x, decode(encode(x))).mul(1e4),
};
for (const [name, f] of Object.entries(objectives)) {
  test(`the gradient of ${name} passes with an error of a few thousandths, and the parameters are as before`, () => {
    const before = parameters.W1.arraySync();
    const check = assertLeaves(0, () => gradientCheck(() => tf.tidy(f), parameters));
    assert.ok(check.worst < 5e-3, JSON.stringify(check));
    assert.equal(check.checked, 15 + 3 + 15 + 5);
    assert.deepEqual(parameters.W1.arraySync(), before);
  });
}

/** Σ w² whose derivative is given as `slope(w)` instead of 2w. */
const faulty = (slope: (w: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((...inputs) => {
    const [w, save] = inputs as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([w]);
    return {
      value: w.square().sum(),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [slope(saved[0]).mul(dy)],
    };
  });

test("a wrong sign gives 2, a missing factor of 2 gives a half, a forgotten entry 1, and where they are", () => {
  const w = tf.variable(
    matrix([
      [0.5, -1],
      [2, 0.25],
    ]),
  );
  const check = (slope: (w: tf.Tensor) => tf.Tensor) =>
    gradientCheck(() => faulty(slope)(w), { w });
  assertClose(check((w) => w.mul(-2)).worst, 2, 1e-3);
  assertClose(check((w) => w).worst, 0.5, 1e-3);
  const mask = matrix([
    [2, 2],
    [2, 0],
  ]);
  const { worst, where, analytic, numeric } = check((w) => w.mul(mask));
  assertClose([worst, analytic, numeric], [1, 0, 0.5], 1e-3);
  assert.deepEqual(where, { parameter: "w", index: [1, 1] });
});

test("a fault in one of two parameters is found in that one, however small the parameter", () => {
  const [big, b] = [tf.variable(tf.ones([50, 50])), tf.variable(tf.tensor1d([0.5, 1, 1.5]))];
  const f = () =>
    tf.tidy(
      () =>
        big
          .square()
          .mean()
          .add(faulty((w) => w.mul(2.2))(b)) as tf.Scalar,
    );
  const { worst, where, checked } = gradientCheck(f, { big, b });
  assert.equal(where.parameter, "b");
  assertClose(worst, 0.2 / 2.2, 1e-2);
  assert.equal(checked, 23);
});

test("a parameter that f does not use has gradient 0 and passes", () => {
  const [used, unused] = [tf.variable(tf.scalar(3)), tf.variable(tf.scalar(5))];
  const { worst } = gradientCheck(() => tf.square(used), { used, unused });
  assert.ok(worst < 1e-4);
  assert.ok(gradientCheck(() => tf.scalar(1), { unused }).worst === 0);
});

test("kinks of a ReLU net stay below the errors of a wrong gradient", () => {
  const net = autoencoder([5, 20, 10, 20, 5], { activation: "relu", seed: 1 });
  const check = gradientCheck(() => squaredError(x, net.decode(net.encode(x))), net.parameters);
  assert.ok(check.worst < 0.1, JSON.stringify(check));
});

test("the sample depends on the seed alone, and holds the steepest entry", () => {
  const w = tf.variable(random(2).normal([1000]));
  const check = (seed: number) =>
    gradientCheck(() => tf.tidy(() => faulty((w) => w.mul(3))(w)), { w }, { seed, entries: 5 });
  assert.deepEqual(check(1), check(1));
  assert.equal(check(1).checked, 5);
  const spike = tf.variable(tf.oneHot(tf.scalar(737, "int32"), 1000).toFloat().mul(5));
  assert.deepEqual(
    gradientCheck(() => faulty((w) => w)(spike), { spike }, { entries: 1 }).where.index,
    [737],
  );
});

test("f receives the parameters", () => {
  const w = tf.variable(tf.scalar(3));
  assertClose(gradientCheck(({ w }) => tf.square(w), { w }).analytic, 6);
});

test("unusable functions and parameters are refused, with parameters restored and nothing leaked", () => {
  const w = tf.variable(tf.tensor1d([1, 2]));
  let calls = 0;
  assertRefuses(
    () => gradientCheck(() => tf.tidy(() => w.sum().add(calls++)), { w }),
    /f must be deterministic, got 3 and then 4/,
  );
  assertRefuses(
    () => gradientCheck(() => w.clone(), { w }),
    /f must return a scalar, got shape \[2\]/,
  );
  assertRefuses(
    () => gradientCheck(() => 3 as never, { w }),
    /f must return a scalar tensor, got number/,
  );
  assertRefuses(
    () => gradientCheck(() => tf.tidy(() => w.sub(5).log().sum()), { w }),
    /f must be finite at the parameters, got NaN/,
  );
  assertRefuses(
    () => gradientCheck(() => w.sum(), {}),
    /parameters must be a record of tf.Variable by name, got none/,
  );
  assertRefuses(
    () => gradientCheck(() => w.sum(), { w: x as never }),
    /parameter "w" must be a tf.Variable/,
  );
  assertRefuses(
    () => gradientCheck(() => w.sum(), { w }, { entries: 0 }),
    /entries must be an integer of at least 1/,
  );
  assertRefuses(() => gradientCheck(3 as never, { w }), /f must be a function/);
  let evaluations = 0;
  const fails = () => {
    if (++evaluations > 5) throw new Error("failed inside");
    return w.sum();
  };
  assertRefuses(() => gradientCheck(fails, { w }), /failed inside/);
  assertClose(w, [1, 2], 0);
});
