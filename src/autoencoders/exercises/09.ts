import * as tf from "@tensorflow/tfjs-node";
import { exercise } from "./exercise";

/** KL(ρ‖q), entry by entry. */
const divergence = (rho: number, q: tf.Tensor) =>
  tf.add(tf.log(tf.div(rho, q)).mul(rho), tf.log(tf.div(1 - rho, tf.sub(1, q))).mul(1 - rho));
const reverse = (rho: number, q: tf.Tensor) =>
  tf.add(q.mul(tf.log(q.div(rho))), tf.sub(1, q).mul(tf.log(tf.sub(1, q).div(1 - rho))));

/** Σⱼ KL(ρ‖ρ̂ⱼ) of a sigmoid code, ρ̂ⱼ being the mean of unit j over the batch. */
export const sparsePenalty = exercise<(h: tf.Tensor2D, rho: number) => tf.Tensor>({
  name: "09 penalty of a batch",
  given: ["h", "ρ"],
  cases: () => [
    [tf.tensor2d([[0.1], [0.2], [0.3]]), 0.05],
    [
      tf.tensor2d([
        [0.2, 0.6],
        [0.4, 0.2],
      ]),
      0.1,
    ],
    [
      tf.tensor2d([
        [0.9, 0.02, 0.05],
        [0.04, 0.02, 0.05],
        [0.02, 0.03, 0.05],
        [0.04, 0.01, 0.05],
      ]),
      0.25,
    ],
  ],
  answer: (h, rho) => divergence(rho, h.mean(0)).sum(),
  lesson: "no single digit has a price here, only the mean of a unit over all of them",
  mistakes: {
    "this takes the divergence of every activation; the mean over the batch comes first": (
      h,
      rho,
    ) => divergence(rho, h).sum(1).mean(),
    "this is the other direction, KL(ρ̂‖ρ), which forgives a unit that never fires": (h, rho) =>
      reverse(rho, h.mean(0)).sum(),
    "this leaves out the second term, of the unit being off": (h, rho) =>
      tf
        .log(tf.div(rho, h.mean(0)))
        .mul(rho)
        .sum(),
    "this is the mean over units; the penalty is their sum": (h, rho) =>
      divergence(rho, h.mean(0)).mean(),
    "this takes the mean of a digit over its units; ρ̂ is the mean of a unit over the digits": (
      h,
      rho,
    ) => divergence(rho, h.mean(1)).sum(),
    "this takes one mean over units and digits; each unit has its own": (h, rho) =>
      divergence(rho, h.mean()),
    "this keeps one number for each unit; sum them": (h, rho) => divergence(rho, h.mean(0)),
  },
});
