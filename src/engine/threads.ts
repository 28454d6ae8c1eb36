import { availableParallelism } from "node:os";

/**
 * How many threads TensorFlow should give to one op of a network of these widths: one below 1,000 units, where waking a second costs more
 * than it does, else all cores.
 *
 * TensorFlow reads `TF_NUM_INTRAOP_THREADS` once, when it loads: set it before the first import, in the environment or in a module of its
 * own. Needs no TensorFlow itself. Without it the library asks for one.
 */
export const threadsFor = (widths: readonly number[]): number =>
  Math.max(...widths) < 1000 ? 1 : availableParallelism();
