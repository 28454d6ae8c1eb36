import * as tf from "@tensorflow/tfjs-node";
import { absolute } from "./absolute";
import { marginFormulas } from "./margin-formulas";
import { requireFloat } from "./preconditions";

/** A function of the margin: of one number in float64, or of each entry of a float32 tensor. */
export interface OnMargin {
  <T extends tf.Tensor>(m: T): T;
  (m: number): number;
}

/** A loss written on the margin ``m = y·f(x)``, ``y ∈ {−1, +1}``, and its derivative by ``m``. */
export interface MarginLoss {
  value: OnMargin;
  derivative: OnMargin;
}

function onMargin(exact: (m: number) => number, tensor: (m: tf.Tensor) => tf.Tensor): OnMargin {
  return ((m: number | tf.Tensor) => {
    if (typeof m === "number") return exact(m);
    requireFloat(m, "m");
    return tf.tidy(() => tensor(m));
  }) as OnMargin;
}

type OfTensor = (m: tf.Tensor) => tf.Tensor;

const loss = (
  name: keyof typeof marginFormulas,
  value: OfTensor,
  derivative: OfTensor,
): MarginLoss => ({
  value: onMargin(marginFormulas[name].value, value),
  derivative: onMargin(marginFormulas[name].derivative, derivative),
});

/** 1 where m < bound, 0 elsewhere; constant, so its derivative is 0. */
const below = (m: tf.Tensor, bound: number) => tf.sign(tf.relu(tf.sub(bound, m)));

/**
 * Six losses on the margin ``m = y·f(x)``, with natural logarithms:
 *
 * | name | value | derivative |
 * |---|---|---|
 * | zeroOne | 1 for ``m ≤ 0``, else 0 | 0 |
 * | absolute | ``\|1 − m\|`` | ``sign(m − 1)`` |
 * | squared | ``(1 − m)²`` | ``2(m − 1)`` |
 * | log | ``ln(1 + e⁻ᵐ)`` | ``−1/(1 + eᵐ)`` |
 * | exponential | ``e⁻ᵐ`` | ``−e⁻ᵐ`` |
 * | hinge | ``max(0, 1 − m)`` | ``−1`` for ``m < 1``, else 0 |
 *
 * `absolute` and `squared` are ``|y − f|`` and ``(y − f)²``, which equal these for ``y = ±1``. At a
 * kink the derivative is 0, one of the subgradients. Numbers in give numbers (float64); a tensor
 * gives a tensor of the same shape, entry by entry. `log` divided by ``ln 2`` bounds `zeroOne` from
 * above; undivided it does not, for ``−0.541 < m ≤ 0``.
 */
export const marginLosses = {
  zeroOne: loss(
    "zeroOne",
    (m) => tf.sub(1, tf.sign(tf.relu(m))),
    (m) => tf.zerosLike(m),
  ),
  absolute: loss(
    "absolute",
    (m) => absolute(tf.sub(1, m)),
    (m) => tf.sign(tf.sub(m, 1)),
  ),
  squared: loss(
    "squared",
    (m) => tf.square(tf.sub(1, m)),
    (m) => tf.sub(m, 1).mul(2),
  ),
  log: loss(
    "log",
    (m) => tf.softplus(tf.neg(m)),
    (m) => tf.neg(tf.sigmoid(tf.neg(m))),
  ),
  exponential: loss(
    "exponential",
    (m) => tf.exp(tf.neg(m)),
    (m) => tf.neg(tf.exp(tf.neg(m))),
  ),
  hinge: loss(
    "hinge",
    (m) => tf.relu(tf.sub(1, m)),
    (m) => tf.neg(below(m, 1)),
  ),
};
