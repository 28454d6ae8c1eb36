import * as tf from "@tensorflow/tfjs-node";
import type { Draw } from "./engine";
import { requireExamples, requireNumber } from "./preconditions";

/**
 * A corruption ``C(x̃ | x)``: draws ``x̃`` [n, d] for ``x`` [n, d] from the noise of the training
 * step `at`.
 */
export type Corruption = (x: tf.Tensor, at: { draw: Draw }) => tf.Tensor2D;

function corruption(draw: (x: tf.Tensor2D, at: { draw: Draw }) => tf.Tensor): Corruption {
  return (x, at) => {
    requireExamples(x, "x");
    if (typeof at?.draw?.normal !== "function" || typeof at.draw.uniform !== "function") {
      throw new TypeError(
        "at must be what train gives to the objective, with at.draw.normal and at.draw.uniform; pass it on",
      );
    }
    return tf.tidy(() => draw(x, at) as tf.Tensor2D);
  };
}

const requireProbability = (p: number) =>
  requireNumber(p, "p", "a probability from 0 to 1", (v) => v >= 0 && v <= 1);

/**
 * Gaussian noise: ``x̃ = x + σε``, every entry of ``ε`` standard normal.
 *
 * `sigma` ``≥ 0`` in the units of x; with `{ clip: true }` the result is clipped to [0, 1], with
 * `{ clip: [lo, hi] }` to that. Clipping shifts the mean of ``x̃`` and breaks Tweedie's identity.
 * Throws on other arguments.
 */
export function gaussian(
  sigma: number,
  { clip = false }: { clip?: boolean | readonly [number, number] } = {},
): Corruption {
  requireNumber(sigma, "sigma", "a number of at least 0", (v) => v >= 0);
  const range = clip === true ? [0, 1] : clip;
  if (range !== false) {
    if (!Array.isArray(range) || range.length !== 2)
      throw new TypeError("clip must be true, false or [lo, hi]");
    requireNumber(range[0], "clip[0]", "a finite number");
    requireNumber(
      range[1],
      "clip[1]",
      `a number of at least clip[0] = ${range[0]}`,
      (v) => v >= range[0],
    );
  }
  return corruption((x, { draw }) => {
    const noisy = tf.add(x, draw.normal(x.shape).mul(sigma));
    return range === false ? noisy : tf.clipByValue(noisy, range[0], range[1]);
  });
}

/**
 * Masking noise: each entry becomes 0 with probability p, independently.
 *
 * Throws unless p is from 0 to 1. Source: Vincent et al. (2008), section 2.3.
 */
export function masking(p: number): Corruption {
  requireProbability(p);
  return corruption((x, { draw }) =>
    tf.mul(x, tf.greaterEqual(draw.uniform(x.shape), p).toFloat()),
  );
}

/**
 * Salt-and-pepper noise: each entry becomes 0 or 1 with probability p/2 each, independently.
 *
 * Throws unless p is from 0 to 1. Source: Vincent et al. (2010), section 3.3.
 */
export function saltAndPepper(p: number): Corruption {
  requireProbability(p);
  return corruption((x, { draw }) => {
    const u = draw.uniform(x.shape); // below p/2: pepper; from p/2 to p: salt
    const untouched = tf.greaterEqual(u, p).toFloat();
    const pepperless = tf.greaterEqual(u, p / 2).toFloat();
    return tf.add(tf.mul(x, untouched), tf.sub(pepperless, untouched));
  });
}
