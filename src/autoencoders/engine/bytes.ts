import * as tf from "@tensorflow/tfjs-node";
import { backend, boolAttribute, type Handle, rawOp, tensorOf, typeAttribute } from "./backend";

const UINT8 = 4; // TensorFlow's number of a type that tfjs does not know

/**
 * Bytes 0 … 255 as the float32 numbers nearest to them over 255, [n, d] with d a multiple of 4:
 * they enter TensorFlow as int32 words.
 */
export function unitInterval(bytes: Uint8Array, [n, d]: [n: number, d: number]): tf.Tensor2D {
  const { binding } = backend();
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const shape = [n, d / 4];
  const made: Handle[] = [
    { id: binding.createTensor(shape, binding.TF_INT32, words), shape, dtype: binding.TF_INT32 },
  ];
  try {
    made.push(
      ...rawOp("Bitcast", made, [typeAttribute("T", "int32"), typeAttribute("type", UINT8)], 1),
    );
    const cast = [
      typeAttribute("SrcT", UINT8),
      typeAttribute("DstT"),
      boolAttribute("Truncate", false),
    ];
    const [numbers] = rawOp("Cast", [made[1]], cast, 1);
    return tf.tidy(() => tensorOf(numbers).reshape([n, d]).div(255));
  } finally {
    for (const { id } of made) binding.deleteTensor(id);
  }
}
