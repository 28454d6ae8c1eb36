import type * as tf from "@tensorflow/tfjs-node";
import { backend, numbersOf, tensorOf } from "./heap";

const over255 = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Bytes 0 … 255 as the float32 numbers nearest to them over 255, [n, d], written straight into the
 * heap.
 */
export function unitInterval(bytes: Uint8Array, shape: [n: number, d: number]): tf.Tensor2D {
  const made = backend().makeOutput(shape, "float32");
  const numbers = numbersOf(made);
  for (let i = 0; i < bytes.length; i++) numbers[i] = over255[bytes[i]];
  return tensorOf(made) as tf.Tensor2D;
}
