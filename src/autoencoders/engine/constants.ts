import * as tf from "@tensorflow/tfjs-node";

const constants = new WeakSet<object>();

/**
 * Keeps a tensor for good and marks it as one that never changes, so that a recorded step may hold
 * its numbers.
 */
export function constant<T extends tf.Tensor>(tensor: T): T {
  constants.add(tf.keep(tensor).dataId);
  return tensor;
}

export const isConstant = (dataId: object): boolean => constants.has(dataId);
