// Kernels that the wasm backend lacks and gradients need: those of gathered rows and of
// convolutions.
import * as tf from "@tensorflow/tfjs-node";
import { backend, int32At, numbersOf, pointerOf } from "./heap";
import type { Kernel } from "./kernel-type";

const { sizeFromShape } = tf.util;

function zeros(shape: number[]): { out: tf.TensorInfo; sums: Float32Array } {
  const out = backend().makeOutput(shape, "float32");
  const sums = numbersOf(out);
  sums.fill(0);
  return { out, sums };
}

/** out[s] = Σ of the rows x[i] with segment s; rows with a negative segment are left out. */
export const unsortedSegmentSum: Kernel = ({ inputs: { x, segmentIds }, attrs }) => {
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = sizeFromShape(rest);
  const { out, sums } = zeros([attrs.numSegments as number, ...rest]);
  const rows = numbersOf(x);
  int32At(pointerOf(segmentIds), sizeFromShape(segmentIds.shape)).forEach((segment, i) => {
    if (segment < 0) return;
    for (let j = 0; j < width; j++) sums[segment * width + j] += rows[i * width + j];
  });
  return out;
};

/**
 * The gradient of a convolution [n, height, width, channels] by its filter [height, width, in,
 * out].
 */
export const conv2DBackpropFilter: Kernel = ({ inputs: { x, dy }, attrs }) => {
  const filterShape = attrs.filterShape as [number, number, number, number];
  const conv = tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filterShape,
    attrs.strides as number,
    1,
    attrs.pad as "same",
    attrs.dimRoundingMode as "floor",
    false,
    tf.backend_util.convertConv2DDataFormat(attrs.dataFormat as "NHWC"),
  );
  if (conv.dataFormat !== "channelsLast")
    throw new Error('the gradient of conv2d must be of "NHWC" data in a page, got "NCHW"');
  const { out, sums } = zeros(filterShape);
  const [images, slopes] = [numbersOf(x), numbersOf(dy)];
  const [inputs, outputs] = [conv.inChannels, conv.outChannels];
  for (let b = 0; b < conv.batchSize; b++)
    for (let row = 0; row < conv.outHeight; row++)
      for (let column = 0; column < conv.outWidth; column++) {
        const slope = ((b * conv.outHeight + row) * conv.outWidth + column) * outputs;
        for (let i = 0; i < conv.filterHeight; i++)
          for (let j = 0; j < conv.filterWidth; j++) {
            const y = row * conv.strideHeight + i - conv.padInfo.top;
            const z = column * conv.strideWidth + j - conv.padInfo.left;
            if (y < 0 || y >= conv.inHeight || z < 0 || z >= conv.inWidth) continue;
            const from = ((b * conv.inHeight + y) * conv.inWidth + z) * inputs;
            let to = (i * conv.filterWidth + j) * inputs * outputs;
            for (let p = 0; p < inputs; p++)
              for (let q = 0; q < outputs; q++, to++)
                sums[to] += images[from + p] * slopes[slope + q];
          }
      }
  return out;
};
