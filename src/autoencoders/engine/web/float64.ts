// Linear algebra in float64, which tfjs's kernels do not know.
import { float64At, kernels, withScratch } from "./heap";

/** The largest magnitude of a matrix as a power of two, by which a division changes no digit. */
function scaleOf(matrix: Float64Array): number {
  let largest = 0;
  for (const entry of matrix) largest = Math.max(largest, Math.abs(entry));
  if (!Number.isFinite(largest))
    throw new RangeError(`the matrix must hold finite numbers, got ${largest}`);
  return largest === 0 ? 1 : 2 ** Math.min(Math.max(Math.floor(Math.log2(largest)), -1000), 1000);
}

/**
 * Eigenvalues, falling, and orthonormal eigenvectors of a symmetric matrix [d, d] in float64:
 * column j of the row-major `vectors` [d, d] belongs to `values[j]`. `matrix` is row-major.
 */
export function symmetricEigen(
  matrix: Float64Array,
  d: number,
): { values: Float64Array; vectors: Float64Array } {
  const { eigen, eigenScratch } = kernels();
  const across = 16 * Math.ceil(d / 16);
  const scale = scaleOf(matrix);
  const sizes = [8 * d * across, 8 * d * across, 8 * d, eigenScratch(d)];
  return withScratch(sizes, (a, z, found, scratch) => {
    const rows = float64At(a, d * across);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) rows[i * across + j] = matrix[i * d + j] / scale;
    if (!eigen(a, z, found, scratch, d, 8 * across))
      throw new Error(
        `the eigenvalues of a matrix [${d}, ${d}] must converge, got none in 60 sweeps; scale its rows`,
      );
    const [unsorted, columns] = [float64At(found, d), float64At(z, d * across)];
    const order = Array.from(unsorted, (_, i) => i).sort((i, j) => unsorted[j] - unsorted[i]);
    const vectors = new Float64Array(d * d);
    for (let j = 0; j < d; j++)
      for (let i = 0; i < d; i++) vectors[i * d + j] = columns[order[j] * across + i];
    return { values: Float64Array.from(order, (i) => unsorted[i] * scale), vectors };
  });
}

/** The inverse of a matrix [d, d], row-major, in float64, by elimination with row pivots. */
export function inverse(matrix: Float64Array, d: number): Float64Array {
  return withScratch([8 * d * d, 4 * d], (a, pivots) => {
    float64At(a, d * d).set(matrix);
    if (!kernels().invert(a, pivots, d))
      throw new Error(`the matrix [${d}, ${d}] must have an inverse, got a pivot of 0`);
    return float64At(a, d * d).slice();
  });
}
