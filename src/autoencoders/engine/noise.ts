import * as tf from "@tensorflow/tfjs-node";
import { op, typeAttribute } from "./backend";

/**
 * Seeded noise for corruptions: each call in a step is an independent draw, and the same seed and
 * step give the same numbers.
 */
export interface Draw {
  /** Standard normal numbers. */
  normal(shape: number[]): tf.Tensor;
  /** Uniform numbers from [0, 1). */
  uniform(shape: number[]): tf.Tensor;
}

/**
 * The draws of one training step, from TensorFlow's stateless generators (Philox): the numbers
 * depend on (seed, call in the step, step) alone. Source: Salmon et al. (2011), Parallel random
 * numbers: as easy as 1, 2, 3.
 */
export function drawsOf(seed: number, step: tf.Tensor): Draw {
  let call = 0;
  const draw = (name: string, shape: number[]) =>
    tf.tidy(() => {
      const key = tf.stack([
        tf.scalar((Math.imul(seed, 0x9e3779b1) + call++) | 0, "int32"),
        step.toInt(),
      ]);
      return op(
        name,
        [tf.tensor1d(shape, "int32"), key],
        typeAttribute("dtype"),
        typeAttribute("T", "int32"),
        typeAttribute("Tseed", "int32"),
      );
    });
  return {
    normal: (shape) => draw("StatelessRandomNormal", shape),
    uniform: (shape) => draw("StatelessRandomUniform", shape),
  };
}
