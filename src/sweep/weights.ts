import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs-node";
import { toHalf } from "autoencoders/live";

/** Trained weights that chapters load: data/weights/NAME.safetensors. */
export const weightsFile = (name: string): string =>
  path.join(__dirname, "../../../data/weights", `${name}.safetensors`);

/**
 * Writes parameters as 16-bit floats in the safetensors format, with text about their origin.
 *
 * Source: https://huggingface.co/docs/safetensors, "Format".
 */
export function saveHalf(
  file: string,
  parameters: Record<string, tf.Tensor>,
  metadata: Record<string, string>,
): void {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts = Object.entries(parameters).map(([name, tensor]) => {
    const bytes = Uint16Array.from(tensor.dataSync(), toHalf);
    const data_offsets = [offset, offset + bytes.byteLength];
    header[name] = { dtype: "F16", shape: tensor.shape, data_offsets };
    offset = data_offsets[1];
    return Buffer.from(bytes.buffer);
  });
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([length, padded, ...parts]));
}
