import { Matrix } from "ml-matrix";

/**
 * An upper triangular R with RᵀR = A for a symmetric positive semidefinite A, by Cholesky's decomposition in float64.
 *
 * `a` [d, d]; a pivot below `tolerance` (default 1e-12) times the largest diagonal entry counts as zero and leaves a row of zeros. Throws where A is not square
 * or a pivot is clearly negative. Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 10.3.
 */
export function semidefiniteCholesky(a: Matrix, { tolerance = 1e-12 }: { tolerance?: number } = {}): Matrix {
  const d = a.rows;
  if (a.columns !== d) throw new RangeError(`a must be square, got [${d}, ${a.columns}]`);
  const r = Matrix.zeros(d, d);
  const zero = tolerance * Math.max(...a.diagonal(), Number.MIN_VALUE);
  for (let i = 0; i < d; i++) {
    let pivot = a.get(i, i);
    for (let l = 0; l < i; l++) pivot -= r.get(l, i) ** 2;
    if (!(pivot >= -1e4 * zero))
      throw new RangeError(`a must be positive semidefinite, got the pivot ${pivot} in row ${i}; a covariance is`);
    if (pivot <= zero) continue;
    const root = Math.sqrt(pivot);
    r.set(i, i, root);
    for (let j = i + 1; j < d; j++) {
      let sum = a.get(i, j);
      for (let l = 0; l < i; l++) sum -= r.get(l, i) * r.get(l, j);
      r.set(i, j, sum / root);
    }
  }
  return r;
}
