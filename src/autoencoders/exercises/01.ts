import * as tf from "@tensorflow/tfjs-node";
import { exercise } from "./exercise";

type Nats = (x: tf.Tensor2D, xHat: tf.Tensor2D, s: number) => tf.Tensor;
const squares = (x: tf.Tensor2D, xHat: tf.Tensor2D) => tf.squaredDifference(x, xHat);
const constant = (s: number) => Math.log(s * Math.sqrt(2 * Math.PI));

/**
 * −log p(x | h) of a Gaussian decoder of standard deviation s, in nats: summed over pixels,
 * averaged over images.
 */
export const gaussianNats = exercise<Nats>({
  name: "01 nats of a batch",
  given: ["x", "xHat", "s"],
  cases: () => [
    [tf.tensor2d([[1]]), tf.tensor2d([[3]]), 1],
    [tf.tensor2d([[1, 0, 0.5]]), tf.tensor2d([[0.8, 0.1, 0.5]]), Math.SQRT1_2],
    [
      tf.tensor2d([
        [1, 0, 0.5],
        [0, 1, 1],
      ]),
      tf.tensor2d([
        [0, 1, 0.5],
        [2, 1, -1],
      ]),
      0.5,
    ],
    [
      tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tf.tensor2d([
        [2, 2],
        [2, 2],
        [2, 2],
      ]),
      2,
    ],
  ],
  answer: (x, xHat, s) =>
    squares(x, xHat)
      .sum(1)
      .div(2 * s * s)
      .add(x.shape[1] * constant(s))
      .mean(),
  lesson: "twice the pixels cost twice the nats; twice the images cost the same",
  mistakes: {
    "this is the mean over pixels too; a log-density is summed over pixels": (x, xHat, s) =>
      squares(x, xHat)
        .mean()
        .div(2 * s * s)
        .add(constant(s)),
    "this sums over the images; the loss is their mean": (x, xHat, s) =>
      squares(x, xHat)
        .sum()
        .div(2 * s * s)
        .add(x.size * constant(s)),
    "this leaves the constant out; with s free to change it is none": (x, xHat, s) =>
      squares(x, xHat)
        .sum(1)
        .div(2 * s * s)
        .mean(),
    "this has the constant of one pixel; there is one for each": (x, xHat, s) =>
      squares(x, xHat)
        .sum(1)
        .div(2 * s * s)
        .add(constant(s))
        .mean(),
    "this divides the squares by s², not by 2s²": (x, xHat, s) =>
      squares(x, xHat)
        .sum(1)
        .div(s * s)
        .add(x.shape[1] * constant(s))
        .mean(),
    "this divides by 2s; s is the standard deviation, and the density has its square": (
      x,
      xHat,
      s,
    ) =>
      squares(x, xHat)
        .sum(1)
        .div(2 * s)
        .add(x.shape[1] * constant(s))
        .mean(),
    "this is log p; the loss is −log p": (x, xHat, s) =>
      squares(x, xHat)
        .sum(1)
        .div(2 * s * s)
        .add(x.shape[1] * constant(s))
        .mean()
        .neg(),
    "this is one number for each image; take their mean": (x, xHat, s) =>
      squares(x, xHat)
        .sum(1)
        .div(2 * s * s)
        .add(x.shape[1] * constant(s)),
  },
});
