import * as tf from "@tensorflow/tfjs-node";
import { inverse } from "./engine";

const steps = 100;
const ridge = 1e-4;
/** A step that promises to lower the objective by less than this is the last. */
const enough = 1e-7;

/** A fitted softmax regression. Dispose of it after use. */
export interface SoftmaxRegression {
  /** Class scores: [n, m] → [n, classes]. */
  scores(x: tf.Tensor2D): tf.Tensor2D;
  /** The objective where it stopped. */
  loss: number;
  dispose(): void;
}

/**
 * A bound of the softmax objective's curvature, ½ZᵀZ/n + ridge·1 (Böhning, 1992), inverted in float64. A share of its
 * trace is added, still a bound, since float32 sums of a singular ZᵀZ may fall below 0.
 */
function inverseCurvature(z: tf.Tensor2D): tf.Tensor2D {
  const [n, m] = z.shape;
  const a = Float64Array.from(
    tf.tidy(() =>
      tf
        .matMul(z, z, true, false)
        .mul(0.5 / n)
        .dataSync(),
    ),
  );
  let trace = 0;
  for (let i = 0; i < m; i++) trace += a[i * m + i];
  for (let i = 0; i < m; i++) a[i * m + i] += ridge + 1e-6 * trace;
  return tf.tensor2d(Float32Array.from(inverse(a, m)), [m, m]);
}

/** V [m, classes] and c [classes]. */
type Weights = [tf.Tensor, tf.Tensor];

/**
 * Softmax regression on codes shifted to mean 0 and scaled to mean variance 1: the minimum over V, c of
 * −(1/n) Σᵢ ln softmax(zᵢV + c)_{yᵢ} + ½·10⁻⁴ ‖V‖².
 *
 * Full batch, from 0, at most 100 steps of Nesterov's method preconditioned by Böhning's curvature bound: no chance in
 * it. `x` [n, m], `labels` [n] from 0 to `classes` − 1. Source: Böhning (1992); O'Donoghue and Candès (2015) for the
 * restarts.
 */
export function fitSoftmax(x: tf.Tensor2D, labels: Int32Array, classes: number): SoftmaxRegression {
  const n = x.shape[0];
  let loss = Number.NaN;
  const [mean, scale, V, c] = tf.tidy((): tf.Tensor[] => {
    const mean = tf.mean(x, 0);
    const spread = Math.sqrt(tf.squaredDifference(x, mean).mean().asScalar().arraySync());
    const scale = tf.scalar(spread > 0 ? 1 / spread : 1);
    const z = tf.sub(x, mean).mul(scale) as tf.Tensor2D;
    const target = tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat();
    const P = inverseCurvature(z);
    const scores = ([V, c]: Weights) => tf.matMul(z, V as tf.Tensor2D).add(c);
    const gradient = ([V, c]: Weights): Weights => {
      const excess = tf.softmax(scores([V, c])).sub(target) as tf.Tensor2D; // [n, classes]
      const onV = tf.matMul(z, excess, true, false).mul(1 / n);
      return [onV.add(tf.mul(V, ridge)), excess.mean(0)];
    };
    const inner = ([a, b]: Weights, [p, q]: Weights) => tf.mul(a, p).sum().add(tf.mul(b, q).sum());
    const difference = ([a, b]: Weights, [p, q]: Weights): Weights => [tf.sub(a, p), tf.sub(b, q)];

    let here: Weights = [tf.zeros([z.shape[1], classes]), tf.zeros([classes])];
    let ahead: Weights = [here[0].clone(), here[1].clone()];
    let momentum = 1;
    for (let step = 0; step < steps; step++) {
      const [V, c, measured] = tf.tidy(() => {
        const g = gradient(ahead);
        const move: Weights = [tf.matMul(P, g[0] as tf.Tensor2D), tf.mul(g[1], 2)];
        const next = difference(ahead, move);
        return [...next, tf.stack([inner(g, difference(next, here)), inner(g, move)])];
      });
      const [uphill, decrease] = measured.dataSync();
      const grown = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
      const carry = uphill > 0 ? 0 : (momentum - 1) / grown; // a step uphill: the momentum has overshot, start it again
      momentum = uphill > 0 ? 1 : grown;
      const next: Weights = [V, c];
      const [aheadV, aheadC] = tf.tidy(() => {
        const [dV, dc] = difference(next, here);
        return [tf.add(V, dV.mul(carry)), tf.add(c, dc.mul(carry))];
      });
      tf.dispose([...here, ...ahead, measured]);
      [here, ahead] = [next, [aheadV, aheadC]];
      if (decrease < enough) break;
    }
    loss = tf.tidy(() => {
      const entropy = tf
        .logSoftmax(scores(here))
        .mul(target)
        .sum()
        .mul(-1 / n);
      return entropy
        .add(
          tf
            .square(here[0])
            .sum()
            .mul(ridge / 2),
        )
        .asScalar()
        .arraySync();
    });
    return [mean, scale, ...here];
  });
  return {
    scores: (x) =>
      tf.tidy(
        () =>
          tf
            .matMul(tf.sub<tf.Tensor2D>(x, mean).mul(scale), V as tf.Tensor2D)
            .add(c) as tf.Tensor2D,
      ),
    loss,
    dispose: () => tf.dispose([mean, scale, V, c]),
  };
}
