import * as tf from "@tensorflow/tfjs-node";
import { requireFiniteTensor } from "./linalg";
import { fitSoftmax } from "./linear-probe";
import {
  requireExamples,
  requireInteger,
  requireName,
  requireNumber,
  requirePair,
  shapeText,
} from "./preconditions";

// A metric is read at once, so it is a plain number; a loss or a penalty is a scalar in the graph.
const read = (compute: () => tf.Tensor): number => tf.tidy(() => compute().asScalar().arraySync());

/**
 * The power of two that brings the largest entry of finite tensors near 1: squares then stay in
 * float32, and no digit changes.
 */
function unitScale(...tensors: tf.Tensor[]): number {
  const largest = Math.max(...tensors.map((x) => read(() => tf.abs(x).max())));
  return 2 ** -Math.min(Math.max(Math.floor(Math.log2(largest)), -126), 126);
}

/**
 * Peak signal-to-noise ratio in decibels: ``10 log₁₀(peak² / mean squared error)``, the mean taken
 * over all entries of all images.
 *
 * `x`, `xHat` [n, d]; `peak` the largest value of a pixel, 1 unless given; ``∞`` where the two are
 * equal or differ by less than about 1e-19, ``−∞`` where they differ by more than about 1e19, since
 * float32 holds no such squares. With `per: "image"`, the mean of every image's own ratio, which is
 * never smaller. NaN in, NaN out. Throws on other shapes or types.
 */
export function psnr(
  x: tf.Tensor,
  xHat: tf.Tensor,
  { peak = 1, per = "batch" }: { peak?: number; per?: "batch" | "image" } = {},
): number {
  requirePair(x, xHat, "x", "xHat");
  requireNumber(peak, "peak", "a number above 0", (v) => v > 0);
  requireName(per, "per", ["batch", "image"]);
  const errors = tf.tidy(() => tf.squaredDifference(x, xHat).mean(1).dataSync()); // [n]
  const decibels = (error: number) => 20 * Math.log10(peak) - 10 * Math.log10(error);
  return per === "image" ? mean(errors, decibels) : decibels(mean(errors));
}

function mean(values: ArrayLike<number>, f: (value: number) => number = (v) => v): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += f(values[i]);
  return sum / values.length;
}

/**
 * Explained variance: ``1 − Σᵢ ‖xᵢ − x̂ᵢ‖² / Σᵢ ‖xᵢ − x̄‖²``, the coefficient of determination over
 * all dimensions together.
 *
 * `x`, `xHat` [n, d]; 1 at best, 0 for the mean ``x̄``, negative below that, ``−∞`` where the
 * residual is above 1e19 times the largest ``|x|``. Throws on other shapes or types, where an entry
 * is not finite, and where all examples are equal.
 */
export function explainedVariance(x: tf.Tensor, xHat: tf.Tensor): number {
  requirePair(x, xHat, "x", "xHat");
  requireFiniteTensor(x, "x");
  requireFiniteTensor(xHat, "xHat");
  const scale = unitScale(x);
  const residual = read(() => tf.squaredDifference(tf.mul(x, scale), tf.mul(xHat, scale)).sum());
  const total = read(() => {
    const scaled = tf.mul(x, scale);
    // exactly 0 where all examples are equal
    const shifted = tf.sub(scaled, tf.slice(scaled, [0, 0], [1, -1]));
    return tf.squaredDifference(shifted, tf.mean(shifted, 0)).sum();
  });
  if (total === 0)
    throw new RangeError(
      "x must hold examples that differ, got a variance of 0; explained variance is undefined there",
    );
  return 1 - residual / total;
}

/**
 * Mean number of active units per example: ``(1/n) Σᵢ |{j : |hᵢⱼ| > threshold}|``.
 *
 * `h` [n, m]; `threshold` 0 unless given. Throws on other shapes or types, and where an entry is
 * not finite.
 */
export function meanL0(h: tf.Tensor, threshold = 0): number {
  return read(() => activity(h, threshold).sum()) / h.shape[0];
}

/**
 * Number of units that no example activates: ``|{j : |hᵢⱼ| ≤ threshold for all i}|``.
 *
 * `h` [n, m]; `threshold` 0 unless given. Throws on other shapes or types, and where an entry is
 * not finite.
 */
export function deadUnits(h: tf.Tensor, threshold = 0): number {
  return read(() => tf.sub(1, activity(h, threshold).max(0)).sum());
}

/** 1 where a unit is active, else 0: [n, m]. */
function activity(h: tf.Tensor, threshold: number): tf.Tensor {
  requireExamples(h, "h");
  requireFiniteTensor(h, "h");
  requireNumber(threshold, "threshold", "a number of at least 0", (v) => v >= 0);
  return tf.greater(tf.abs(h), threshold).toFloat();
}

/** Codes [n, m] and their labels: a tensor [n] of whole numbers, or an array of them. */
export interface LabeledCodes {
  codes: tf.Tensor;
  labels: tf.Tensor | ArrayLike<number>;
}

interface Labeled {
  codes: tf.Tensor2D;
  labels: Int32Array;
}

function requireLabeled(set: LabeledCodes, name: string): Labeled {
  if (set === null || typeof set !== "object")
    throw new TypeError(`${name} must be { codes, labels }, got ${typeof set}`);
  const { codes, labels } = set;
  requireExamples(codes, `${name}.codes`);
  requireFiniteTensor(codes, `${name}.codes`);
  let values: ArrayLike<number>;
  if (labels instanceof tf.Tensor) {
    if (labels.isDisposed)
      throw new Error(`${name}.labels must be a live tensor, got one that was disposed of`);
    if (labels.rank !== 1)
      throw new RangeError(`${name}.labels must be a vector, got shape ${shapeText(labels.shape)}`);
    values = labels.dataSync();
  } else values = labels;
  if (values?.length !== codes.shape[0]) {
    throw new RangeError(
      `${name}.labels must have ${codes.shape[0]} entries, one for each code, got ${values?.length ?? "none"}`,
    );
  }
  for (let i = 0; i < values.length; i++)
    requireInteger(values[i], `${name}.labels[${i}]`, 0, 2 ** 31 - 1);
  return { codes, labels: Int32Array.from(values) };
}

function requireSets(train: LabeledCodes, test: LabeledCodes): [Labeled, Labeled] {
  const [a, b] = [requireLabeled(train, "train"), requireLabeled(test, "test")];
  if (a.codes.shape[1] !== b.codes.shape[1]) {
    throw new RangeError(
      `train.codes and test.codes must have the same width, got ${a.codes.shape[1]} and ${b.codes.shape[1]}`,
    );
  }
  return [a, b];
}

function shareOfHits(predicted: ArrayLike<number>, labels: Int32Array): number {
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) hits++;
  return hits / labels.length;
}

/** Distances computed at once: 16 MB. */
const distancesPerBlock = 2 ** 22;

/**
 * Accuracy of the k nearest neighbors: the share of test codes whose label wins the vote among the
 * k nearest training codes.
 *
 * Euclidean distance in float32; `k` 1 unless given; of labels with equal votes the one of the
 * nearest code wins, and of equal distances the code that comes first. Throws on other shapes or
 * types, codes that are not finite, labels that are not whole numbers from 0, and k above the
 * number of training codes.
 */
export function nearestNeighborAccuracy(
  train: LabeledCodes,
  test: LabeledCodes,
  { k = 1 }: { k?: number } = {},
): number {
  const [known, asked] = requireSets(train, test);
  const n = known.codes.shape[0];
  requireInteger(k, "k", 1, n);
  const rows = Math.max(1, Math.floor(distancesPerBlock / n));
  const predicted = new Int32Array(asked.labels.length);
  tf.tidy(() => {
    // Neither scaling nor centering changes who is nearest; both keep digits in the squares.
    const scale = unitScale(known.codes, asked.codes);
    const codes = tf.mul<tf.Tensor2D>(known.codes, scale);
    const center = tf.mean(codes, 0);
    const a = tf.sub<tf.Tensor2D>(codes, center);
    const halfSquares = tf.square(a).sum(1, true).mul(-0.5); // [n, 1]
    // One more column, so that one product gives the distances.
    const augmented = tf.concat([a, halfSquares], 1) as tf.Tensor2D;
    for (let start = 0; start < predicted.length; start += rows) {
      const count = Math.min(rows, predicted.length - start);
      const nearest = tf.tidy(() => {
        const b = tf.slice(asked.codes, [start, 0], [count, -1]).mul(scale).sub(center);
        const closeness = tf.matMul(
          tf.concat([b, tf.ones([count, 1])], 1) as tf.Tensor2D,
          augmented,
          false,
          true,
        ); // −½‖a − b‖² + ½‖b‖²
        const order = k === 1 ? tf.argMax(closeness, 1) : tf.topk(closeness, k).indices;
        return order.dataSync();
      });
      for (let i = 0; i < count; i++)
        predicted[start + i] = vote(nearest.subarray(i * k, i * k + k), known.labels);
    }
  });
  return shareOfHits(predicted, asked.labels);
}

function vote(nearest: ArrayLike<number>, labels: Int32Array): number {
  const votes = new Map<number, number>(); // in order of first appearance, nearest first
  for (let i = 0; i < nearest.length; i++) {
    const label = labels[nearest[i]];
    votes.set(label, (votes.get(label) ?? 0) + 1);
  }
  return [...votes].reduce((most, vote) => (vote[1] > most[1] ? vote : most))[0];
}

/**
 * Accuracy of a linear probe: the share of test codes that a softmax regression fitted to the
 * training codes puts into their class.
 *
 * Full batch and deterministic: mean cross-entropy plus ``½ρ ‖V‖²``, on codes shifted and scaled as
 * a whole, is minimized to within 10⁻⁵, or until 2,000 steps or float32 allow no further decrease
 * (see `fitSoftmax`). ``ρ`` = `ridge`, at least 1e-9; unless given, it is chosen by 5-fold
 * cross-validation within the training codes. Throws on other shapes or types, codes that are not
 * finite, labels that are not whole numbers from 0, and test labels that training does not have.
 */
export function linearProbeAccuracy(
  train: LabeledCodes,
  test: LabeledCodes,
  { ridge }: { ridge?: number } = {},
): number {
  const [known, asked] = requireSets(train, test);
  if (ridge !== undefined)
    requireNumber(ridge, "ridge", "a number of at least 1e-9", (v) => v >= 1e-9);
  const classes = new Set(known.labels);
  for (const label of asked.labels) {
    if (!classes.has(label))
      throw new RangeError(
        `test.labels must be labels of the training codes, got ${label}; fit with every class`,
      );
  }
  const order = [...classes].sort((a, b) => a - b);
  const rank = new Map(order.map((label, i) => [label, i]));
  const scale = unitScale(known.codes); // which accuracy does not depend on
  const codes = tf.mul<tf.Tensor2D>(known.codes, scale);
  const model = fitSoftmax(
    codes,
    known.labels.map((label) => rank.get(label)!),
    order.length,
    ridge,
  );
  try {
    const predicted = tf.tidy(() =>
      tf.argMax(model.scores(tf.mul(asked.codes, scale)), 1).dataSync(),
    );
    return shareOfHits(
      predicted,
      asked.labels.map((label) => rank.get(label)!),
    );
  } finally {
    model.dispose();
    codes.dispose();
  }
}
