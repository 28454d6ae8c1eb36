import * as tf from "@tensorflow/tfjs-node";
import { boolAttribute, type Handle } from "./backend";
import { type Double, type Eigenpairs, inFloat64, symmetricEigen } from "./float64";

/** Bound on each pair's residual ‖Cv − λv‖, in units of the largest eigenvalue. */
const tolerance = 1e-10;

// Measured on the covariance of digits: beyond these the full solver is as fast.
const limits = { smallestWidth: 256, widthPerPair: 16, basisPart: 1 / 3 };

/** A B, with Aᵀ or Bᵀ in its place where `flip` names it. */
const product = ({ op }: Double, a: Handle, b: Handle, flip?: "a" | "b"): Handle =>
  op(
    "MatMul",
    [a, b],
    [boolAttribute("transpose_a", flip === "a"), boolAttribute("transpose_b", flip === "b")],
  )[0];

/** The transpose [columns, rows] of a row-major matrix [rows, columns]. */
function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j];
  return result;
}

/**
 * b orthonormal rows [b, d] that are orthogonal to the rows of `basis` [m, d] and, with them, span
 * those of `block` [b, d]. Takes two passes: the first leaves rounding errors of what it removes.
 */
function newDirections(
  double: Double,
  block: Float64Array,
  b: number,
  basis: Float64Array,
): Float64Array {
  const { op, read, write } = double;
  const d = block.length / b;
  const known = basis.length > 0 && write(basis, [basis.length / d, d]);
  let rows = block;
  for (let pass = 0; pass < 2; pass++) {
    let columns = write(transpose(rows, b, d), [d, b]);
    if (known) {
      const inside = product(double, known, product(double, known, columns), "a");
      columns = op("Sub", [columns, inside])[0];
    }
    const [q] = op("Qr", [columns], [boolAttribute("full_matrices", false)], 2);
    rows = transpose(read(q), d, b);
  }
  return rows;
}

/** The largest difference between the rows' products with each other and those of unit vectors. */
function distanceFromOrthonormal(double: Double, v: Handle): number {
  const products = double.read(product(double, v, v, "b"));
  const k = v.shape[0];
  return products.reduce((worst, entry, i) => {
    return Math.max(worst, Math.abs(entry - (i % (k + 1) === 0 ? 1 : 0)));
  }, 0);
}

/** The largest of ‖C vⱼ − λⱼ vⱼ‖ over the rows vⱼ of v [k, d]; `scaled` has the rows λⱼ vⱼ. */
function largestResidual(double: Double, c: Handle, v: Handle, scaled: Handle): number {
  const { op, read } = double;
  const differences = read(op("Sub", [product(double, v, c), scaled])[0]);
  const [k, d] = v.shape;
  const norms = Array.from({ length: k }, (_, j) =>
    Math.sqrt(differences.subarray(j * d, (j + 1) * d).reduce((sum, e) => sum + e * e, 0)),
  );
  return norms.reduce((worst, norm) => (norm <= worst ? worst : norm), 0); // NaN stays
}

/**
 * True if no eigenvalue of C beside these k pairs, the rows of v, exceeds the last of them by more
 * than 2τλ₁: ``(λₖ + 2τλ₁) 1 − (C − VᵀΛV)`` has a Cholesky decomposition; `scaled` is ΛV. A block
 * method finds no more copies of a repeated eigenvalue than its block has vectors.
 */
function noneIsMissed(
  double: Double,
  c: Float64Array,
  values: Float64Array,
  v: Handle,
  scaled: Handle,
): boolean {
  const { op, read, write } = double;
  const [k, d] = v.shape;
  const rest = read(product(double, scaled, v, "a"));
  const bound = values[k - 1] + 2 * tolerance * values[0];
  for (let i = 0; i < rest.length; i++) rest[i] -= c[i];
  for (let i = 0; i < d; i++) rest[i * (d + 1)] += bound;
  // Of a matrix that is not positive definite, TensorFlow's factor is NaN; some versions throw.
  try {
    return read(op("Cholesky", [write(rest, [d, d])])[0]).every(Number.isFinite);
  } catch {
    return false;
  }
}

/** The k pairs of a block Krylov method, or undefined where it does not reach the tolerance. */
function blockKrylov(matrix: Float64Array, d: number, k: number): Eigenpairs | undefined {
  const b = Math.min(Math.max(8, Math.ceil(k / 2)), 24);
  const most = Math.floor((limits.basisPart * d) / b) * b;
  const basis = new Float64Array(most * d);
  const images = new Float64Array(most * d);
  const start = tf.tidy(() => tf.randomUniform([b, d], -1, 1, "float32", 1).dataSync());
  return inFloat64((double) => {
    const { op, read, write } = double;
    const c = write(matrix, [d, d]);
    let block: Float64Array = Float64Array.from(start);
    let nextCheck = Math.max(2 * k, 10 * b);
    for (let m = b; m <= most; m += b) {
      block = newDirections(double, block, b, basis.subarray(0, (m - b) * d));
      basis.set(block, (m - b) * d);
      block = read(product(double, write(block, [b, d]), c));
      images.set(block, (m - b) * d);
      if (m < nextCheck) continue;
      nextCheck += 2 * b;
      const q = write(basis.subarray(0, m * d), [m, d]);
      const small = read(product(double, q, write(images.subarray(0, m * d), [m, d]), "b"));
      const { values, vectors } = symmetricEigen(small, m);
      const leading = new Float64Array(m * k);
      for (let i = 0; i < m; i++) leading.set(vectors.subarray(i * m, i * m + k), i * k);
      const top = values.slice(0, k);
      const v = product(double, write(leading, [m, k]), q, "a");
      if (top[0] <= 0) return undefined;
      const [scaled] = op("Mul", [v, write(top, [k, 1])]);
      if (!(largestResidual(double, c, v, scaled) <= tolerance * top[0])) continue;
      const holds =
        distanceFromOrthonormal(double, v) <= 1e-12 && noneIsMissed(double, matrix, top, v, scaled);
      return holds ? { values: top, vectors: transpose(read(v), k, d) } : undefined;
    }
    return undefined;
  });
}

/**
 * The k largest eigenvalues, falling, of a positive semidefinite matrix C [d, d], row-major, with
 * orthonormal eigenvectors: ``‖Cv − λv‖ ≤ 1e-10 λ₁`` for each pair. Gives more pairs, all d, where
 * the full solver is taken.
 *
 * For ``k ≪ d`` by a block Krylov method: Q [m, d], an orthonormal basis of the span of
 * ``Ω, ΩC, ΩC², …`` for b random rows Ω [b, d], always the same, has the Ritz pairs λ, ``v = yQ``
 * of the eigenpairs λ, y of ``QCQᵀ`` [m, m]. Each residual is computed, and a Cholesky
 * decomposition shows that no larger eigenvalue was missed; where either fails, as with an
 * eigenvalue of many copies, the full solver takes over.
 *
 * Source: Golub and Van Loan, Matrix Computations (2013), 10.3.6; Musco and Musco (2015).
 */
export function leadingEigen(matrix: Float64Array, d: number, k: number): Eigenpairs {
  const isSmall = d >= limits.smallestWidth && limits.widthPerPair * k <= d;
  return (isSmall && blockKrylov(matrix, d, k)) || symmetricEigen(matrix, d);
}
