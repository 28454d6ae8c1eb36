import * as tf from "@tensorflow/tfjs-node";
import { solvePositiveDefinite } from "./linalg";

const steps = 100;
const ridge = 1e-4;

/** Class scores of a fitted softmax regression: [n, m] → [n, classes]. Dispose of the model after use. */
export interface SoftmaxRegression {
  scores(x: tf.Tensor2D): tf.Tensor2D;
  dispose(): void;
}

/** The float64 inverse of ½ZᵀZ/n + ridge·1, in float32: it bounds the softmax's curvature from above (Böhning, 1992). */
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
  const identity = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    a[i * m + i] += ridge;
    identity[i * m + i] = 1;
  }
  solvePositiveDefinite(a, identity, m, m);
  return tf.tensor2d(Float32Array.from(identity), [m, m]);
}

/**
 * Softmax regression on codes shifted to mean 0 and scaled to mean variance 1: the minimum over V, c of
 * −(1/n) Σᵢ ln softmax(zᵢV + c)_{yᵢ} + ½·10⁻⁴ ‖V‖².
 *
 * Full batch, from 0, 100 steps of Nesterov's method preconditioned by Böhning's curvature bound: no chance in it.
 * `x` [n, m], `labels` [n] from 0 to `classes` − 1. Source: Böhning (1992); O'Donoghue and Candès (2015) for the restarts.
 */
export function fitSoftmax(x: tf.Tensor2D, labels: Int32Array, classes: number): SoftmaxRegression {
  const n = x.shape[0];
  const [mean, scale, V, c] = tf.tidy((): tf.Tensor[] => {
    const mean = tf.mean(x, 0);
    const spread = Math.sqrt(tf.squaredDifference(x, mean).mean().asScalar().arraySync());
    const scale = tf.scalar(spread > 0 ? 1 / spread : 1);
    const z = tf.sub(x, mean).mul(scale) as tf.Tensor2D;
    const target = tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat();
    const P = inverseCurvature(z);
    let [V, c]: tf.Tensor[] = [tf.zeros([z.shape[1], classes]), tf.zeros([classes])];
    let [aheadV, aheadC] = [V, c];
    let momentum = 1;
    for (let step = 0; step < steps; step++) {
      const grown = (1 + Math.sqrt(1 + 4 * momentum ** 2)) / 2;
      const old = [V, c, aheadV, aheadC];
      const [nextV, nextC, uphill] = tf.tidy(() => {
        const excess = tf.softmax(tf.matMul(z, aheadV as tf.Tensor2D).add(aheadC)).sub(target); // [n, classes]
        const gradient = tf
          .matMul(z, excess as tf.Tensor2D, true, false)
          .mul(1 / n)
          .add(tf.mul(aheadV, ridge));
        const nextV = tf.sub(aheadV, tf.matMul(P, gradient as tf.Tensor2D));
        const nextC = tf.sub(aheadC, excess.mean(0).mul(2));
        const uphill = tf
          .mul(gradient, tf.sub(nextV, V))
          .sum()
          .add(tf.mul(excess.mean(0), tf.sub(nextC, c)).sum());
        return [nextV, nextC, uphill];
      });
      // A step against the gradient's direction means the momentum has overshot: start it again.
      const restart = uphill.asScalar().arraySync() > 0;
      const carry = restart ? 0 : (momentum - 1) / grown;
      momentum = restart ? 1 : grown;
      [aheadV, aheadC] = tf.tidy(() => [
        tf.add(nextV, tf.sub(nextV, V).mul(carry)),
        tf.add(nextC, tf.sub(nextC, c).mul(carry)),
      ]);
      [V, c] = [nextV, nextC];
      for (const tensor of new Set(old)) tensor.dispose();
      uphill.dispose();
    }
    return [mean, scale, V, c];
  });
  return {
    scores: (x) =>
      tf.tidy(() => tf.matMul(tf.sub<tf.Tensor2D>(x, mean).mul(scale), V as tf.Tensor2D).add(c) as tf.Tensor2D),
    dispose: () => tf.dispose([mean, scale, V, c]),
  };
}
