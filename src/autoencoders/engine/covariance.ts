import type * as tf from "@tensorflow/tfjs-node";
import { momentsInFloat64, momentsOfBytes } from "./moments";

/**
 * Mean ``μ`` [d] and covariance ``(1/n) Σᵢ (xᵢ − μ)ᵀ(xᵢ − μ)``, row-major [d, d], of the float32
 * rows x [n, d], in float64. With `center: false`, ``μ = 0`` and the matrix is the second moment.
 * Entries that are not finite pass through.
 *
 * Where every entry is the float32 number nearest to a byte over 255, as in images, the bytes
 * themselves are meant: their sums are exact, and differ from those of the rounded numbers by about
 * 5e-8 of their size.
 */
export function covariance(
  x: tf.Tensor2D,
  { center = true }: { center?: boolean } = {},
): { mean: Float64Array; matrix: Float64Array } {
  const [n, d] = x.shape;
  const { c, sums, products, unit } = momentsOfBytes(x) ?? momentsInFloat64(x, center);
  const scale = n * unit ** 2;
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = i; j < d; j++) {
      const about = products[i * d + j];
      const [u, v] = [unit * c[i], unit * c[j]];
      const sum = center
        ? about - (sums[i] * sums[j]) / n
        : about + u * sums[j] + v * sums[i] + n * u * v;
      matrix[i * d + j] = matrix[j * d + i] = sum / scale;
    }
  return {
    mean: center ? sums.map((sum, j) => c[j] + sum / (n * unit)) : new Float64Array(d),
    matrix,
  };
}
