import * as tf from "@tensorflow/tfjs-node";
import type { Draw } from "../noise";
import { backend, float32At, kernels, numbersOf, scratchOf } from "./heap";

export type { Draw };

const kernelName = "StatelessRandom";

type Distribution = "normal" | "uniform";

interface Attributes {
  shape: number[];
  seed: number;
  distribution: Distribution;
}

/** Registers the draws as a kernel of tfjs, so that a step which draws can be recorded. */
export function registerDraws(): void {
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const { shape, seed, distribution } = attrs as unknown as Attributes;
      const step = backend().readSync(inputs.step!.dataId) as Float32Array | Int32Array;
      const out = backend().makeOutput(shape, "float32");
      const size = tf.util.sizeFromShape(shape);
      const numbers = scratchOf(4 * (size + 4));
      kernels().draw(numbers, size, seed, Math.trunc(step[0]), distribution === "normal" ? 1 : 0);
      numbersOf(out).set(float32At(numbers, size));
      return out;
    },
  });
}

/** The draws of one training step, the same numbers as the native engine's. */
export function drawsOf(seed: number, step: tf.Tensor): Draw {
  let call = 0;
  const draw = (distribution: Distribution, shape: number[]): tf.Tensor => {
    const attrs: Attributes = {
      shape,
      seed: (Math.imul(seed, 0x9e3779b1) + call++) | 0,
      distribution,
    };
    return tf.engine().runKernel(kernelName, { step }, { ...attrs });
  };
  return {
    normal: (shape) => draw("normal", shape),
    uniform: (shape) => draw("uniform", shape),
  };
}
