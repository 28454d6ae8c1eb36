import * as tf from "@tensorflow/tfjs-node";
import {
  deadUnits,
  explainedVariance,
  type LabeledImages,
  linearProbeAccuracy,
  meanL0,
  nearestNeighborAccuracy,
  psnr,
  random,
} from "autoencoders";
import type { MetricName } from "./experiment";
import type { Method } from "./methods";

const pixels = 784;
const rowsAtOnce = 5000;

/** f of all rows, a block at a time, so that wide layers of 60,000 examples need no gigabytes. */
function byBlocks(x: tf.Tensor2D, f: (block: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const blocks = [];
    for (let from = 0; from < x.shape[0]; from += rowsAtOnce)
      blocks.push(f(x.slice([from, 0], [Math.min(rowsAtOnce, x.shape[0] - from), -1])));
    return tf.concat(blocks);
  });
}

const perPixel = (x: tf.Tensor2D, xHat: tf.Tensor2D) =>
  tf.squaredDifference(x, xHat).mean().asScalar().arraySync();

/**
 * Half a gray level: reconstructions are clipped to [1/510, 1 − 1/510] before a logarithm is taken.
 */
const halfLevel = 1 / 510;

const crossEntropy = (x: tf.Tensor2D, xHat: tf.Tensor2D) =>
  tf.tidy(() => {
    const p = tf.clipByValue(xHat, halfLevel, 1 - halfLevel);
    const likelihood = tf.mul(x, tf.log(p)).add(tf.sub(1, x).mul(tf.log(tf.sub(1, p))));
    return -(likelihood.mean().arraySync() as number);
  });

const rotated = (x: tf.Tensor2D) =>
  tf.tidy(() =>
    x.reshape([-1, 28, 28]).transpose([0, 2, 1]).reverse(1).reshape<tf.Tensor2D>([-1, pixels]),
  );
const shuffled = (x: tf.Tensor2D) =>
  tf.tidy(() => tf.gather(x, tf.tensor1d(random(1, "pixels").permutation(pixels), "int32"), 1));

/** The images plus Gaussian noise of σ = 0.5, not clipped. */
const withNoise = (x: tf.Tensor2D) =>
  tf.tidy(() => x.add(random(1, "noise").normal(x.shape).mul(0.5)) as tf.Tensor2D);

/** Data that a variant is measured on. */
export interface Measured {
  train: LabeledImages;
  test: LabeledImages;
  /** Images of another kind, loaded where a metric asks for them. */
  other?: tf.Tensor2D;
}

/**
 * The metrics by name; null where a variant has no such thing: no reconstruction, or an activity
 * that is not defined.
 */
export function evaluate(
  method: Method,
  measured: Measured,
  names: readonly MetricName[],
): Record<string, number | null> {
  const found: Record<string, number | null> = {};
  tf.tidy(() => {
    const compute = metricsOf(method, measured);
    for (const name of names) found[name] = compute[name]() ?? null;
  });
  return found;
}

function metricsOf(
  method: Method,
  { train, test, other }: Measured,
): Record<MetricName, () => number | null> {
  const x = test.images;
  const codes = byBlocks(x, method.encode);
  const reconstruct = method.reconstruct;
  const xHat = reconstruct && byBlocks(x, reconstruct);
  const known = new Map<number, tf.Tensor2D>();
  const labeled = (count = Number.POSITIVE_INFINITY) => {
    const n = Math.min(count, train.images.shape[0]);
    if (!known.has(n)) known.set(n, byBlocks(train.images.slice([0, 0], [n, -1]), method.encode));
    return { codes: known.get(n)!, labels: train.labels.slice(0, n) };
  };
  const asked = { codes, labels: test.labels };
  const onOthers = (images: tf.Tensor2D | undefined) =>
    reconstruct && images ? perPixel(images, byBlocks(images, reconstruct)) : null;
  return {
    squaredErrorPerPixel: () => (xHat ? perPixel(x, xHat) : null),
    crossEntropyPerPixel: () => (xHat ? crossEntropy(x, xHat) : null),
    psnr: () => (xHat ? psnr(x, xHat) : null),
    psnrPerImage: () => (xHat ? psnr(x, xHat, { per: "image" }) : null),
    explainedVariance: () => (xHat ? explainedVariance(x, xHat) : null),
    l0: () => meanL0(codes),
    deadUnits: () => deadUnits(codes),
    neighbor1000: () => nearestNeighborAccuracy(labeled(1000), asked),
    neighborAll: () => nearestNeighborAccuracy(labeled(), asked),
    probe1000: () => linearProbeAccuracy(labeled(1000), asked),
    probeAll: () => linearProbeAccuracy(labeled(), asked),
    rotatedErrorPerPixel: () => onOthers(rotated(x)),
    shuffledErrorPerPixel: () => onOthers(shuffled(x)),
    fashionErrorPerPixel: () => onOthers(other),
    noisyErrorPerPixel: () =>
      reconstruct ? perPixel(x, byBlocks(withNoise(x), reconstruct)) : null,
  };
}

/** The first image of each class, in the order of the classes: [10, 784]. */
export const firstOfEachClass = ({ images, labels }: LabeledImages): tf.Tensor2D =>
  tf.tidy(() => {
    const known = Array.from(labels.dataSync());
    const first = Array.from({ length: 10 }, (_, label) => known.indexOf(label));
    const there = first.filter((row) => row >= 0);
    return tf.gather(images, tf.tensor1d(there, "int32"));
  });

/** Images [n, 784] side by side as a PNG of 16 levels of gray, in base 64. */
export async function sideBySide(images: tf.Tensor2D): Promise<string> {
  const strip = tf.tidy(() => {
    const levels = tf.clipByValue(images, 0, 1).mul(15).round().mul(17);
    const beside = levels.reshape([-1, 28, 28]).transpose([1, 0, 2]);
    return beside.reshape<tf.Tensor3D>([28, -1, 1]).toInt();
  });
  try {
    return Buffer.from(await tf.node.encodePng(strip, 9)).toString("base64");
  } finally {
    strip.dispose();
  }
}
