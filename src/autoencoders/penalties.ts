import * as tf from "@tensorflow/tfjs-node";
import { absolute } from "./absolute";
import { perExample } from "./per-example";
import {
  requireExamples,
  requireName,
  requireNumber,
  requirePair,
  shapeText,
} from "./preconditions";

/**
 * Number of active units: ``(1/n) Σᵢ |{j : hᵢⱼ ≠ 0}|``.
 *
 * `h` [n, m]; a scalar from 0 to m. Its derivative is 0 wherever it has one, so it measures and
 * does not train. Throws on other shapes or types.
 */
export function l0(h: tf.Tensor): tf.Scalar {
  requireExamples(h, "h");
  return tf.tidy(() => perExample(tf.sign(tf.abs(h))));
}

/**
 * L1 norm of the code: ``(1/n) Σᵢ Σⱼ |hᵢⱼ|``, with derivative 0 where a unit is 0.
 *
 * `h` [n, m]; a scalar in the units of h. Throws on other shapes or types.
 */
export function l1(h: tf.Tensor): tf.Scalar {
  requireExamples(h, "h");
  return tf.tidy(() => perExample(absolute(h)));
}

/**
 * Squared L2 norm of the code: ``(1/n) Σᵢ Σⱼ hᵢⱼ²``.
 *
 * `h` [n, m]; a scalar in squared units of h. A weight matrix has no examples to average over:
 * write its decay out, `W.square().sum()`. Throws on other shapes or types.
 */
export function l2(h: tf.Tensor): tf.Scalar {
  requireExamples(h, "h");
  return tf.tidy(() => perExample(tf.square(h)));
}

/**
 * Divergence of each unit's mean activation from ``ρ``:
 * ``Σⱼ [ρ ln(ρ/ρ̂ⱼ) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂ⱼ))]`` with ``ρ̂ⱼ = (1/n) Σᵢ hᵢⱼ``, in nats.
 *
 * `rho` in (0, 1); `h` [n, m] with entries in (0, 1), such as a sigmoid code; a scalar, already a
 * mean over the batch. As the definition has it, the value is infinite where a unit is always 0 or
 * always 1, and NaN where a mean leaves [0, 1]. Throws when `rho` is outside (0, 1) and on other
 * shapes or types. Source: Ng, CS294A lecture notes (2011), "Sparse autoencoder".
 */
export function bernoulliKL(rho: number, h: tf.Tensor): tf.Scalar {
  requireNumber(rho, "rho", "a number between 0 and 1, both excluded", (v) => v > 0 && v < 1);
  requireExamples(h, "h");
  return tf.tidy(() => {
    const rhoHat = tf.mean(h, 0);
    const cross = tf
      .log(rhoHat)
      .mul(rho)
      .add(tf.log(tf.sub(1, rhoHat)).mul(1 - rho));
    const negativeEntropy = rho * Math.log(rho) + (1 - rho) * Math.log1p(-rho);
    return tf.sub(negativeEntropy, cross).sum();
  });
}

/**
 * Divergence of a diagonal Gaussian code from the standard normal:
 * ``(1/n) Σᵢ Σⱼ ½ (μᵢⱼ² + e^(vᵢⱼ) − 1 − vᵢⱼ)``, ``v = ln σ²``, in nats.
 *
 * `mu`, `logVar` [n, m]; a scalar. Throws on other shapes or types. Source: Kingma and Welling
 * (2014), appendix B.
 */
export function gaussianKL(mu: tf.Tensor, logVar: tf.Tensor): tf.Scalar {
  requirePair(mu, logVar, "mu", "logVar");
  return tf.tidy(() => {
    const spread = tf.expm1(logVar).sub(logVar);
    return tf
      .square(mu)
      .add(spread)
      .sum()
      .mul(0.5 / mu.shape[0]);
  });
}

/** The squared derivative of an activation, written in its own output h. */
const squaredSlope = {
  sigmoid: (h: tf.Tensor) => tf.square(tf.mul(h, tf.sub(1, h))),
  tanh: (h: tf.Tensor) => tf.square(tf.sub(1, tf.square(h))),
  relu: (h: tf.Tensor) => tf.sign(tf.relu(h)),
};

/**
 * Contractive penalty, the squared Frobenius norm of the encoder's Jacobian:
 * ``(1/n) Σᵢ ‖∂hᵢ/∂xᵢ‖_F² = (1/n) Σᵢ Σⱼ a′(zᵢⱼ)² Σₖ Wₖⱼ²`` for ``h = a(xW + b)``.
 *
 * `h` [n, m], the code after its activation; `W` [d, m], the weights of the one layer that made it;
 * `activation`
 * "sigmoid" (``a′ = h(1 − h)``), "tanh" (``1 − h²``) or "relu" (1 where ``h > 0``, else 0); a
 * scalar. Throws on other shapes, types or activations. Source: Rifai et al. (2011), equation 2.
 */
export function contraction(
  h: tf.Tensor,
  W: tf.Tensor,
  activation: keyof typeof squaredSlope,
): tf.Scalar {
  requireExamples(h, "h");
  requireExamples(W, "W");
  requireName(activation, "activation", Object.keys(squaredSlope));
  if (W.shape[1] !== h.shape[1]) {
    throw new RangeError(
      `W must have a column for each of the ${h.shape[1]} units of h, got shape ${shapeText(W.shape)}; give the encoder's W [d, m]`,
    );
  }
  return tf.tidy(() => {
    const slope = squaredSlope[activation](h).mean(0); // [m]
    return tf.square(W).sum(0).mul(slope).sum(); // [m], [m]
  });
}

const tiny = 1e-37; // above the numbers that float32 flushes to 0

/**
 * Each row divided by its Euclidean norm: ``w / ‖w‖``; a row of zeros stays as it is.
 *
 * `W` [m, d], a decoder's atoms; the result has the same shape. Used as
 * `train(…, { constrain: { W2: unitNormRows } })`. Throws on other shapes or types.
 */
export function unitNormRows(W: tf.Tensor): tf.Tensor2D {
  requireExamples(W, "W");
  return tf.tidy(() => {
    const scaled = tf.div(W, tf.maximum(tf.abs(W).max(1, true), tiny)); // the square of a small row would be 0
    const norms = tf.square(scaled).sum(1, true).sqrt(); // [m, 1], 0 or at least 1
    return tf.div<tf.Tensor2D>(scaled, tf.maximum(norms, tiny));
  });
}
