import * as tf from "@tensorflow/tfjs-node";
import { exercise } from "./exercise";

const squares = (x: tf.Tensor, y: tf.Tensor) => tf.squaredDifference(x, y);

/**
 * The share of variance that a reconstruction leaves: Σ‖x − x̂‖² / Σ‖x − x̄‖², with x̄ the mean
 * image of x.
 */
export const varianceLeft = exercise<(x: tf.Tensor2D, xHat: tf.Tensor2D) => tf.Tensor>({
  name: "03 variance left",
  given: ["x", "xHat"],
  cases: () => [
    [
      tf.tensor2d([
        [1, 4],
        [3, 4],
      ]),
      tf.tensor2d([
        [1, 4],
        [2, 4],
      ]),
    ],
    [
      tf.tensor2d([
        [1, 0],
        [0, 3],
        [2, 0],
      ]),
      tf.tensor2d([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ],
    [
      tf.tensor2d([
        [1, 0, 2],
        [0, 4, 1],
        [2, 2, 2],
      ]),
      tf.tensor2d([
        [1, 0, 1],
        [0, 3, 1],
        [2, 1, 1],
      ]),
    ],
  ],
  answer: (x, xHat) =>
    squares(x, xHat)
      .sum()
      .div(squares(x, x.mean(0)).sum()),
  lesson: "1 minus this is the explained variance of chapter 10",
  mistakes: {
    "this divides by ‖x‖²; the mean image is known to everyone and must come off first": (
      x,
      xHat,
    ) => squares(x, xHat).sum().div(x.square().sum()),
    "this is the share explained, 1 minus the share left": (x, xHat) =>
      tf.sub(
        1,
        squares(x, xHat)
          .sum()
          .div(squares(x, x.mean(0)).sum()),
      ),
    "this takes off one mean for all pixels; each pixel has its own": (x, xHat) =>
      squares(x, xHat).sum().div(squares(x, x.mean()).sum()),
    "this takes off the mean of each image; the mean image is a mean over images": (x, xHat) =>
      squares(x, xHat)
        .sum()
        .div(squares(x, x.mean(1, true)).sum()),
    "this is the mean of each image's own share; sum above and below before you divide": (
      x,
      xHat,
    ) =>
      squares(x, xHat)
        .sum(1)
        .div(squares(x, x.mean(0)).sum(1))
        .mean(),
    "this is the root of the share: variances are squares": (x, xHat) =>
      squares(x, xHat)
        .sum()
        .div(squares(x, x.mean(0)).sum())
        .sqrt(),
    "this takes the mean of the reconstructions; the variance is that of x": (x, xHat) =>
      squares(x, xHat)
        .sum()
        .div(squares(x, xHat.mean(0)).sum()),
    "this is upside down": (x, xHat) => squares(x, x.mean(0)).sum().div(squares(x, xHat).sum()),
  },
});
