import type * as tf from "@tensorflow/tfjs-node";

/** Sum over dimensions, mean over examples: ``(1/n) Σᵢ Σⱼ vᵢⱼ`` of `values` [n, …]. */
export const perExample = (values: tf.Tensor): tf.Scalar => values.sum().mul(1 / values.shape[0]);
