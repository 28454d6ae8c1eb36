import { availableParallelism } from "node:os";

/**
 * Number of threads for one op of a network of these widths: one where no product of a batch and a
 * weight matrix has 100 million multiplications, since two ops side by side then serve it better;
 * else all cores.
 *
 * TensorFlow reads `TF_NUM_INTRAOP_THREADS` once, when it loads: set it before the first import, in
 * the environment or in a module of its own. Needs no TensorFlow itself. Without it the library
 * asks for one.
 */
export function threadsFor(widths: readonly number[], batchSize = 64): number {
  const products = widths.slice(1).map((width, i) => width * widths[i] * batchSize);
  return Math.max(0, ...products) < 1e8 ? 1 : availableParallelism();
}
