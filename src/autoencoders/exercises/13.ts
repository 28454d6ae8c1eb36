import * as tf from "@tensorflow/tfjs-node";
import { exercise } from "./exercise";

/** The slope of softplus in its own output: 1 − e^−h. */
const slope = (h: tf.Tensor) => tf.sub(1, tf.exp(tf.neg(h)));
const lengths = (W: tf.Tensor) => W.square().sum(0);

/**
 * ‖∂h/∂x‖² of a layer h = ln(1 + e^z), z = xW + b, averaged over images: Σⱼ (1 − e^−hⱼ)² Σₖ Wₖⱼ².
 */
export const softplusContraction = exercise<(h: tf.Tensor2D, W: tf.Tensor2D) => tf.Tensor>({
  name: "13 contraction of softplus",
  given: ["h", "W"],
  cases: () => [
    [tf.tensor2d([[Math.LN2]]), tf.tensor2d([[2]])],
    [
      tf.tensor2d([[Math.LN2, 2]]),
      tf.tensor2d([
        [1, 2],
        [0, 1],
      ]),
    ],
    [
      tf.tensor2d([
        [0.1, 1],
        [3, 0.5],
      ]),
      tf.tensor2d([
        [1, -2],
        [0.5, 1],
        [-1, 3],
      ]),
    ],
  ],
  answer: (h, W) => slope(h).square().mul(lengths(W)).sum(1).mean(),
  lesson: "1 − e^−h is σ(z), near 0 where the unit is off and near 1 where it is on: a soft ReLU",
  mistakes: {
    "this forgets to square the slope": (h, W) => slope(h).mul(lengths(W)).sum(1).mean(),
    "this has the slope of a sigmoid, h(1 − h)": (h, W) =>
      h.mul(tf.sub(1, h)).square().mul(lengths(W)).sum(1).mean(),
    "this has the slope at h; softplus has the slope σ(z), and z is not h": (h, W) =>
      tf.sigmoid(h).square().mul(lengths(W)).sum(1).mean(),
    "this has the slope of a ReLU": (h, W) => h.greater(0).toFloat().mul(lengths(W)).sum(1).mean(),
    "this sums over the images; the penalty is their mean": (h, W) =>
      slope(h).square().mul(lengths(W)).sum(),
    "this sums W over the wrong axis: column j of W belongs to unit j": (h, W) =>
      slope(h).square().mul(W.square().sum(1)).sum(1).mean(),
    "this is the root of the sum, ‖∂h/∂x‖ without its square": (h, W) =>
      slope(h).square().mul(lengths(W)).sum(1).sqrt().mean(),
    "this is the mean over units; the squares are summed": (h, W) =>
      slope(h).square().mul(lengths(W)).mean(),
  },
});
