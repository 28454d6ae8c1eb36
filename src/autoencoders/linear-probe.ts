import * as tf from "@tensorflow/tfjs-node";
import { covariance, symmetricEigen } from "./engine";
import { random } from "./random";

/**
 * Gap between the objective where a fit stops and its minimum, at most; `rough` in
 * cross-validation.
 */
const [tolerance, rough] = [1e-5, 1e-2];
/** A fit of a ridge below about 10⁻⁴ may end by these instead. */
const mostSteps = 2000;
const mostRoughSteps = 12; // each ridge starts from the fit of the larger one
/** Pairs of steps and gradients that L-BFGS remembers. */
const memory = 20;
/** Ridges that cross-validation tries, from the largest on. */
const ridges = Array.from({ length: 9 }, (_, i) => 10 ** (-i / 2));
const folds = 5;
/** Examples that cross-validation takes at most. */
const mostValidated = 5000;

/** A fitted softmax regression. Dispose of it after use. */
export interface SoftmaxRegression {
  /** Class scores: [n, m] → [n, classes]. */
  scores(x: tf.Tensor2D): tf.Tensor2D;
  ridge: number;
  /** The objective where the fit stopped. */
  loss: number;
  dispose(): void;
}

/**
 * Softmax regression: the minimum over V, c of ``−(1/n) Σᵢ ln softmax(zᵢV + c)_{yᵢ} + ½ρ ‖V‖²``, z
 * being the codes shifted to mean 0 and scaled to mean variance 1.
 *
 * `x` [n, m], `labels` [n] from 0 to `classes` − 1. Full batch, from 0, by L-BFGS until ‖gradient‖²
 * ≤ 2ρ·10⁻⁵, which bounds the gap to the minimum by 10⁻⁵, or 2,000 steps. ρ = `ridge`; unless
 * given, the one with the least cross-entropy in a 5-fold cross-validation on these examples, or on
 * 5,000 of them, whose ρn is then taken over. Source: Nocedal and Wright (2006), algorithm 7.5;
 * Böhning (1992) for the bound of the curvature that scales its first step.
 */
export function fitSoftmax(
  x: tf.Tensor2D,
  labels: Int32Array,
  classes: number,
  ridge?: number,
): SoftmaxRegression {
  const { z, curvature, project } = principalCodes(x);
  try {
    const chosen = ridge ?? chooseRidge(z, curvature, labels, classes);
    const fit = minimize({ z, curvature, labels, classes, ridge: chosen });
    const [V, c] = tf.tidy(() => {
      const V = tf.tensor2d(Float32Array.from(fit.weights), [curvature.length + 1, classes]);
      return [
        tf.slice(V, [0, 0], [-1 + V.shape[0], -1]),
        tf.slice(V, [V.shape[0] - 1, 0], [1, -1]),
      ];
    });
    return {
      scores: (x) =>
        tf.tidy(() => tf.matMul(project.of(x), V as tf.Tensor2D).add(c) as tf.Tensor2D),
      ridge: chosen,
      loss: fit.loss,
      dispose: () => {
        tf.dispose([V, c]);
        project.dispose();
      },
    };
  } finally {
    z.dispose();
  }
}

interface PrincipalCodes {
  /**
   * The codes in the basis of their covariance's eigenvectors [n, k], without directions of no
   * variance.
   */
  z: tf.Tensor2D;
  /** Böhning's bound of the curvature along each direction: half the variance. */
  curvature: Float64Array;
  project: { of(x: tf.Tensor2D): tf.Tensor2D; dispose(): void };
}

/**
 * Rotation changes neither the ridge nor the scores, and makes the bound of the curvature diagonal.
 */
function principalCodes(x: tf.Tensor2D): PrincipalCodes {
  const m = x.shape[1];
  const { mean, matrix } = covariance(x);
  const { values, vectors } = symmetricEigen(matrix, m);
  const total = values.reduce((sum, value) => sum + Math.max(value, 0), 0);
  const scale = total > 0 ? 1 / Math.sqrt(total / m) : 1;
  const k = Math.max(1, values.filter((value) => value > 1e-12 * values[0]).length);
  const basis = new Float32Array(m * k);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < k; j++) basis[i * k + j] = scale * vectors[i * m + j];
  const shift = tf.tensor1d(Float32Array.from(mean));
  const rotation = tf.tensor2d(basis, [m, k]);
  const of = (x: tf.Tensor2D): tf.Tensor2D =>
    tf.tidy(() => tf.matMul(tf.sub(x, shift) as tf.Tensor2D, rotation as tf.Tensor2D));
  return {
    z: of(x),
    curvature: Float64Array.from(
      values.slice(0, k),
      (value) => (Math.max(value, 0) * scale ** 2) / 2,
    ),
    project: { of, dispose: () => tf.dispose([shift, rotation]) },
  };
}

interface Problem {
  z: tf.Tensor2D;
  curvature: Float64Array;
  labels: Int32Array;
  classes: number;
  ridge: number;
  /** V above c, [k + 1, classes], to start from. */
  start?: Float64Array;
  gap?: number;
}

interface Fit {
  weights: Float64Array;
  loss: number;
}

/** Cross-entropy and its gradient by the weights [k + 1, classes], as functions of these. */
function crossEntropyOf(z: tf.Tensor2D, labels: Int32Array, classes: number) {
  const [n, k] = z.shape;
  const target = tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat());
  return {
    at(weights: Float64Array): { loss: number; gradient: Float64Array } {
      const [loss, onV, onC] = tf.tidy(() => {
        const all = tf.tensor2d(Float32Array.from(weights), [k + 1, classes]);
        const scores = tf
          .matMul(z, tf.slice(all, [0, 0], [k, -1]))
          .add(tf.slice(all, [k, 0], [1, -1]));
        const excess = tf.softmax(scores).sub(target) as tf.Tensor2D;
        return [
          tf
            .logSoftmax(scores)
            .mul(target)
            .sum()
            .mul(-1 / n)
            .dataSync()[0],
          tf
            .matMul(z, excess, true, false)
            .mul(1 / n)
            .dataSync(),
          excess.mean(0).dataSync(),
        ] as const;
      }) as unknown as [number, Float32Array, Float32Array];
      const gradient = new Float64Array(weights.length);
      gradient.set(onV);
      gradient.set(onC, k * classes);
      return { loss, gradient };
    },
    dispose: () => target.dispose(),
  };
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Minimizes the regularized cross-entropy by L-BFGS. */
function minimize({ z, curvature, labels, classes, ridge, start, gap = tolerance }: Problem): Fit {
  const k = curvature.length;
  const entropy = crossEntropyOf(z, labels, classes);
  const objective = (weights: Float64Array) => {
    const { loss, gradient } = entropy.at(weights);
    let squares = 0;
    for (let i = 0; i < k * classes; i++) {
      gradient[i] += ridge * weights[i];
      squares += weights[i] ** 2;
    }
    return { weights, loss: loss + (ridge / 2) * squares, gradient };
  };
  const scaling = new Float64Array((k + 1) * classes).fill(2); // of c: a softmax's curvature is at most ½
  for (let j = 0; j < k; j++)
    scaling.fill(1 / (curvature[j] + ridge), j * classes, (j + 1) * classes);
  const history = new History(scaling);
  try {
    let here = objective(start ?? new Float64Array((k + 1) * classes));
    const steps = gap === tolerance ? mostSteps : mostRoughSteps;
    for (let step = 0; step < steps; step++) {
      if (inner(here.gradient, here.gradient) <= 2 * ridge * gap) break;
      const next = search(here, history.direction(here.gradient), objective);
      if (!next) break; // float32 tells no lower value
      history.add(here, next);
      here = next;
    }
    return here;
  } finally {
    entropy.dispose();
  }
}

interface Point extends Fit {
  gradient: Float64Array;
}

/**
 * The last steps and changes of the gradient, from which L-BFGS estimates the inverse curvature.
 */
class History {
  readonly #pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  constructor(private readonly scaling: Float64Array) {}

  add(from: Point, to: Point): void {
    const s = to.weights.map((value, i) => value - from.weights[i]);
    const y = to.gradient.map((value, i) => value - from.gradient[i]);
    const product = inner(s, y);
    if (product <= 0) return;
    this.#pairs.push({ s, y, rho: 1 / product });
    if (this.#pairs.length > memory) this.#pairs.shift();
  }

  /** Minus the gradient times the estimate of the inverse curvature, by the two-loop recursion. */
  direction(gradient: Float64Array): Float64Array {
    const q = gradient.map((value) => -value);
    const alphas = new Float64Array(this.#pairs.length);
    for (let i = this.#pairs.length - 1; i >= 0; i--) {
      const { s, y, rho } = this.#pairs[i];
      alphas[i] = rho * inner(s, q);
      for (let j = 0; j < q.length; j++) q[j] -= alphas[i] * y[j];
    }
    for (let j = 0; j < q.length; j++) q[j] *= this.scaling[j];
    for (const [i, { s, y, rho }] of this.#pairs.entries()) {
      const beta = rho * inner(y, q);
      for (let j = 0; j < q.length; j++) q[j] += (alphas[i] - beta) * s[j];
    }
    return q;
  }
}

/**
 * A point along the direction where the slope has fallen to a tenth to nine tenths, by doubling and
 * the secant; undefined if there is none. The objective is convex, so slopes alone are enough, and
 * they keep more digits than differences of losses.
 */
function search(
  from: Point,
  direction: Float64Array,
  objective: (weights: Float64Array) => Point,
): Point | undefined {
  const slope = inner(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  let [low, high, lowSlope, highSlope] = [0, Number.POSITIVE_INFINITY, slope, 0];
  let length = 1;
  for (let trial = 0; trial < 20; trial++) {
    const point = objective(from.weights.map((value, i) => value + length * direction[i]));
    const here = inner(point.gradient, direction);
    if (Math.abs(here) <= 0.9 * Math.abs(slope)) return point;
    if (here < 0) [low, lowSlope] = [length, here];
    else [high, highSlope] = [length, here];
    length =
      high === Number.POSITIVE_INFINITY
        ? 2 * length
        : low + ((high - low) * lowSlope) / (lowSlope - highSlope);
  }
  return undefined;
}

/** The folds of examples: each class is dealt out in turn, in an order that does not change. */
function foldsOf(labels: Int32Array): Int32Array {
  const n = labels.length;
  const order = random(1, "folds").permutation(n).subarray(0, mostValidated);
  const fold = new Int32Array(n).fill(-1);
  const dealt = new Map<number, number>();
  for (const i of order) {
    const count = dealt.get(labels[i]) ?? 0;
    fold[i] = count % folds;
    dealt.set(labels[i], count + 1);
  }
  return fold;
}

/**
 * The ridge with the least cross-entropy on held-out folds; a class that a fold misses is left out.
 */
function chooseRidge(
  z: tf.Tensor2D,
  curvature: Float64Array,
  labels: Int32Array,
  classes: number,
): number {
  const fold = foldsOf(labels);
  const count = fold.filter((f) => f >= 0).length;
  const starts: (Float64Array | undefined)[] = new Array(folds).fill(undefined);
  const take = (rows: number[]) => ({
    z: tf.tidy(() => tf.gather(z, tf.tensor1d(rows, "int32"))),
    labels: Int32Array.from(rows, (i) => labels[i]),
  });
  const rows = (wanted: (f: number) => boolean) =>
    [...fold.keys()].filter((i) => fold[i] >= 0 && wanted(fold[i]));
  const parts = Array.from({ length: folds }, (_, f) => {
    const train = take(rows((g) => g !== f));
    const known = new Set(train.labels);
    return { train, test: take(rows((g) => g === f).filter((i) => known.has(labels[i]))) };
  }).filter(({ train, test }) => train.labels.length > 0 && test.labels.length > 0);
  try {
    if (parts.length === 0) return 1e-2;
    const error = (ridge: number) => {
      let sum = 0;
      parts.forEach(({ train, test }, f) => {
        const fit = minimize({
          ...train,
          curvature,
          classes,
          ridge: (ridge * count) / train.labels.length,
          start: starts[f],
          gap: rough,
        });
        starts[f] = fit.weights;
        const held = crossEntropyOf(test.z, test.labels, classes);
        sum += held.at(fit.weights).loss * test.labels.length;
        held.dispose();
      });
      return sum;
    };
    return (leastOf(ridges, error) * count) / labels.length;
  } finally {
    for (const { train, test } of parts) tf.dispose([train.z, test.z]);
  }
}

/** The value with the least error; stops once the error has risen twice in turn. */
function leastOf(values: number[], error: (value: number) => number): number {
  let [best, least, rises] = [values[0], Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    const now = error(value);
    rises = now < least ? 0 : rises + 1;
    if (now < least) [best, least] = [value, now];
    if (rises === 2) break;
  }
  return best;
}
