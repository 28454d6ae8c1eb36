import * as tf from "@tensorflow/tfjs-node";
import { absolute } from "./absolute";
import { withGradient } from "./custom-gradient";
import { perExample } from "./per-example";
import { requirePair } from "./preconditions";

export { type MarginLoss, marginLosses, type OnMargin } from "./margin-losses";

/**
 * Squared error: ``(1/n) Σᵢ Σⱼ (xᵢⱼ − x̂ᵢⱼ)²``.
 *
 * `x`, `xHat` [n, d]; a scalar in squared units of x, d times the mean over all entries. It is
 * ``−log p(x | h)`` of a Gaussian decoder with variance ``½``, up to a constant. Throws on other
 * shapes or types.
 */
export function squaredError(x: tf.Tensor, xHat: tf.Tensor): tf.Scalar {
  requirePair(x, xHat, "x", "xHat");
  return tf.tidy(() => perExample(tf.squaredDifference(xHat, x)));
}

/**
 * Absolute error: ``(1/n) Σᵢ Σⱼ |xᵢⱼ − x̂ᵢⱼ|``, with derivative 0 where the two are equal.
 *
 * `x`, `xHat` [n, d]; a scalar in the units of x. Throws on other shapes or types.
 */
export function absoluteError(x: tf.Tensor, xHat: tf.Tensor): tf.Scalar {
  requirePair(x, xHat, "x", "xHat");
  return tf.tidy(() => perExample(absolute(tf.sub(xHat, x))));
}

// The absolute value has a kink at z = 0 that the sum has not: the derivative is given, σ(z) − x.
const crossEntropySum = withGradient(
  (x, z) =>
    tf
      .relu(z)
      .sub(tf.mul(x, z))
      .add(tf.softplus(tf.neg(tf.abs(z))))
      .sum(),
  (dy, [x, z]) => [tf.neg(z).mul(dy), tf.sigmoid(z).sub(x).mul(dy)],
);

/**
 * Binary cross-entropy: ``−(1/n) Σᵢ Σⱼ [xᵢⱼ ln σ(zᵢⱼ) + (1 − xᵢⱼ) ln(1 − σ(zᵢⱼ))]``, in nats.
 *
 * `x` [n, d] in [0, 1]; `logits` ``z`` [n, d], **before** the sigmoid: leave the model's
 * `outputActivation` linear and apply `tf.sigmoid` where a picture is wanted. Computed as
 * ``max(z, 0) − x z + ln(1 + e^(−|z|))``, exact for large ``|z|``, where ``σ(z)`` would round to 0
 * or 1; derivative ``(σ(z) − x)/n``. It is ``−log p(x | h)`` of a Bernoulli decoder. Gray targets
 * keep a floor, their own entropy. Throws on other shapes or types; values of x outside [0, 1] are
 * not looked for.
 */
export function binaryCrossEntropy(x: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  requirePair(x, logits, "x", "logits");
  return tf.tidy(() => crossEntropySum(x, logits).mul(1 / x.shape[0]));
}
