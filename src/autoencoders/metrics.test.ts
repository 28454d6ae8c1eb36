import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { assertClose, assertLeaves, assertRefuses, fixture, matrix } from "./fixtures/fixtures";
import { fitSoftmax } from "./linear-probe";
import {
  deadUnits,
  explainedVariance,
  linearProbeAccuracy,
  meanL0,
  nearestNeighborAccuracy,
  psnr,
} from "./metrics";
import { random } from "./random";

const numbers = fixture("metrics");
const [x, xHat] = [matrix(numbers.x), matrix(numbers.xHat)];
const codes = matrix(numbers.codes);
const labels = tf.tensor1d(numbers.labels as number[], "int32");
const train = { codes: codes.slice([0, 0], [500, -1]), labels: labels.slice(0, 500) };
const test_ = { codes: codes.slice([500, 0], [200, -1]), labels: labels.slice(500, 200) };

test("psnr is that of the mean error, or the mean of each image's own, which is never smaller", () => {
  assertClose(psnr(x, xHat), numbers.psnr, 1e-6);
  assertClose(psnr(x, xHat, { per: "image" }), numbers.psnrPerImage, 1e-6);
  assert.ok(psnr(x, xHat, { per: "image" }) >= psnr(x, xHat));
  assertClose(psnr(matrix([[0, 0]]), matrix([[0.1, 0.1]])), 20, 1e-6);
  assertClose(psnr(matrix([[0, 0]]), matrix([[25.5, 25.5]]), { peak: 255 }), 20, 1e-6);
  assert.equal(psnr(x, x), Number.POSITIVE_INFINITY);
});

test("explainedVariance is the variance-weighted r² of scikit-learn: 1 for a copy, 0 for the mean", () => {
  assertClose(explainedVariance(x, xHat), numbers.r2, 1e-6);
  assert.equal(explainedVariance(x, x), 1);
  assertClose(
    explainedVariance(
      x,
      tf.tidy(() => tf.zerosLike(x).add(x.mean(0))),
    ),
    0,
    1e-6,
    1,
  );
  assertRefuses(
    () => explainedVariance(xHat.slice([0, 0], [1, 5]).dispose() as never, x),
    /x must be a tensor/,
  );
  const [same, other] = [
    matrix([
      [1, 2],
      [1, 2],
    ]),
    matrix([
      [0, 0],
      [0, 0],
    ]),
  ];
  assertRefuses(() => explainedVariance(same, other), /x must hold examples that differ/);
  const tenths = tf.fill([1000, 7], 0.1) as tf.Tensor2D;
  assertRefuses(() => explainedVariance(tenths, tenths), /x must hold examples that differ/);
});

test("meanL0 counts active units per example, deadUnits those that no example activates", () => {
  const h = matrix([
    [0, 0.5, -2, 0],
    [0, 0, 1e-6, 0],
  ]);
  assert.equal(meanL0(h), 1.5);
  assert.equal(deadUnits(h), 2);
  assert.equal(meanL0(h, 1), 0.5);
  assert.equal(deadUnits(h, 1), 3);
  assertRefuses(() => meanL0(h, -1), /threshold must be a number of at least 0, got -1/);
  assertRefuses(() => deadUnits(h, Number.NaN), /threshold must be/);
});

test("nearestNeighborAccuracy equals scikit-learn's for 1 and 7 neighbors", () => {
  assert.equal(
    assertLeaves(0, () => nearestNeighborAccuracy(train, test_)),
    numbers.nearest[1],
  );
  assertClose(nearestNeighborAccuracy(train, test_, { k: 7 }), numbers.nearest[7], 0.011, 1); // ties are broken otherwise
});

test("nearestNeighborAccuracy equals brute force, over several blocks and with ties to the nearest", () => {
  const draw = random(11);
  const set = (n: number) => ({
    codes: draw.uniform<tf.Rank.R2>([n, 8]),
    labels: Array.from({ length: n }, () => draw.integer(3)),
  });
  const brute = (known: ReturnType<typeof set>, asked: ReturnType<typeof set>, k: number) => {
    const [p, q] = [known.codes.dataSync(), asked.codes.dataSync()];
    const distance = (i: number, j: number) => {
      let sum = 0;
      for (let t = 0; t < 8; t++) sum += (p[8 * j + t] - q[8 * i + t]) ** 2;
      return sum;
    };
    const hits = asked.labels.filter((label, i) => {
      const far = known.labels.map((_, j) => distance(i, j));
      const least = () => far.indexOf(far.reduce((a, b) => Math.min(a, b)));
      const order = k === 1 ? [least()] : far.map((_, j) => j).sort((a, b) => far[a] - far[b]);
      const near = order.slice(0, k).map((j) => known.labels[j]);
      const votes = (of: number) => near.filter((other) => other === of).length;
      return near.reduce((best, other) => (votes(other) > votes(best) ? other : best)) === label;
    });
    return hits.length / asked.labels.length;
  };
  const [some, others, many, several] = [set(60), set(40), set(200_000), set(50)]; // 20 rows a block beside 200,000 codes
  for (const k of [1, 2, 3, 4, 60])
    assert.equal(nearestNeighborAccuracy(some, others, { k }), brute(some, others, k));
  assert.equal(nearestNeighborAccuracy(many, several), brute(many, several, 1));
  assert.equal(nearestNeighborAccuracy(some, some), 1);
});

test("the probe reaches the minimum that scikit-learn finds, and its accuracy", () => {
  assertClose(
    assertLeaves(0, () => linearProbeAccuracy(train, test_, { ridge: 1e-4 })),
    numbers.probe,
    0.006,
    1,
  );
  const of500 = Int32Array.from(numbers.labels.slice(0, 500));
  const model = fitSoftmax(train.codes as tf.Tensor2D, of500, 4, 1e-4);
  assert.ok(Math.abs(model.loss - numbers.probeLoss) < 1e-5);
  model.dispose();
});

test("the probe gives the same number twice, and does not change when units are permuted or all scaled", () => {
  const accuracy = linearProbeAccuracy(train, test_);
  assert.equal(linearProbeAccuracy(train, test_), accuracy);
  const by = (f: (t: tf.Tensor) => tf.Tensor) =>
    linearProbeAccuracy({ ...train, codes: f(train.codes) }, { ...test_, codes: f(test_.codes) });
  assertClose(
    by((t) => tf.reverse(t, 1)),
    accuracy,
    0.006,
    1,
  );
  assertClose(
    by((t) => t.mul(1000).add(3)),
    accuracy,
    0.006,
    1,
  );
});

test("the probe of codes that are all equal falls back on the most frequent class", () => {
  const constant = { codes: tf.ones([10, 3]), labels: [7, 7, 7, 7, 7, 7, 2, 2, 2, 2] };
  assert.equal(linearProbeAccuracy(constant, constant), 0.6);
});

test("codes and labels that do not fit are refused, and nothing leaks", () => {
  for (const accuracy of [nearestNeighborAccuracy, linearProbeAccuracy]) {
    assertRefuses(
      () => accuracy({ ...train, labels: [1, 2] }, test_),
      /train.labels must have 500 entries, one for each code, got 2/,
    );
    assertRefuses(
      () => accuracy(train, { codes: train.codes } as never),
      /test.labels must have 500 entries, .* got none/,
    );
    assertRefuses(
      () => accuracy(train, { ...test_, labels: codes }),
      /test.labels must be a vector, got shape \[700, 8\]/,
    );
    assertRefuses(() => accuracy(train, undefined as never), /test must be \{ codes, labels \}/);
    assertRefuses(
      () => accuracy({ codes: x, labels: [0, 1, 2, 3, 4, 0.5] }, test_),
      /train.labels\[5\] must be an integer/,
    );
    assertRefuses(
      () => accuracy({ codes: x, labels: [0, 1, 2, 3, 4, -1] }, test_),
      /train.labels\[5\] must be an integer/,
    );
    assertRefuses(
      () => accuracy({ codes: x, labels: [0, 1, 2, 3, 4, 5] }, test_),
      /train.codes and test.codes must have the same width, got 5 and 8/,
    );
  }
  assertRefuses(
    () => linearProbeAccuracy(train, test_, { ridge: 0 }),
    /ridge must be a number of at least 1e-9, got 0/,
  );
  assertRefuses(
    () => nearestNeighborAccuracy(train, test_, { k: 501 }),
    /k must be an integer from 1 to 500, got 501/,
  );
  const other = { codes: x, labels: [9, 9, 9, 9, 9, 9] };
  assertRefuses(
    () => linearProbeAccuracy({ codes: x, labels: [0, 1, 2, 3, 4, 5] }, other),
    /test.labels must be labels of the training codes, got 9/,
  );
});
