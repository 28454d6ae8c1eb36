import { Matrix } from "ml-matrix";
import { requireFiniteMatrix } from "./linalg";

/**
 * An upper triangular ``R`` with ``RᵀR = A`` for a symmetric positive semidefinite A, by Cholesky's
 * decomposition in float64.
 *
 * `a` [d, d], of which the upper triangle is read; a pivot below `tolerance` (default 1e-12) times
 * the largest diagonal entry counts as zero and leaves a row of zeros. Throws if A is no square
 * `Matrix` or an entry not finite, a pivot is clearly negative, or one that counts as zero has
 * clearly more than that beside it. Source: Higham (2002), Accuracy and Stability of Numerical
 * Algorithms, section 10.3.
 */
export function semidefiniteCholesky(
  a: Matrix,
  { tolerance = 1e-12 }: { tolerance?: number } = {},
): Matrix {
  if (!Matrix.isMatrix(a)) throw new TypeError(`a must be a Matrix of ml-matrix, got ${typeof a}`);
  const d = a.rows;
  if (a.columns !== d) throw new RangeError(`a must be square, got [${d}, ${a.columns}]`);
  requireFiniteMatrix(a, "a");
  const r = Matrix.zeros(d, d);
  const largest = Math.max(...a.diagonal(), Number.MIN_VALUE);
  const zero = tolerance * largest;
  const beside = 10 * Math.sqrt(tolerance) * largest;
  for (let i = 0; i < d; i++) {
    let pivot = a.get(i, i);
    for (let l = 0; l < i; l++) pivot -= r.get(l, i) ** 2;
    if (!(pivot >= -1e4 * zero))
      throw new RangeError(
        `a must be positive semidefinite, got the pivot ${pivot} in row ${i}; a covariance is`,
      );
    const root = pivot <= zero ? 0 : Math.sqrt(pivot);
    r.set(i, i, root);
    for (let j = i + 1; j < d; j++) {
      let sum = a.get(i, j);
      for (let l = 0; l < i; l++) sum -= r.get(l, i) * r.get(l, j);
      if (root > 0) r.set(i, j, sum / root);
      // Semidefinite, sum² is at most the pivot times that of row j.
      else if (Math.abs(sum) > beside)
        throw new RangeError(
          `a must be positive semidefinite, got ${sum} beside the pivot 0 of row ${i}; a covariance is`,
        );
    }
  }
  return r;
}
