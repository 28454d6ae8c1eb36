import * as tf from "@tensorflow/tfjs-node";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { covariance, leadingEigen } from "./engine";
import {
  orthonormalBasis,
  requireFiniteTensor,
  requireTable,
  shapeOf,
  singularValues,
  type Table,
  toMatrix,
  toTensor,
} from "./linalg";
import { requireInteger } from "./preconditions";

/**
 * The principal components of a table and the maps that they define. Each map returns the kind of
 * table it is given.
 */
export interface PCA {
  /** Column means ``μ``, [d]; zeros where the data were not centered. */
  mean: Float64Array;
  /**
   * U [d, k]: orthonormal columns, by falling eigenvalue; the entry of largest magnitude of each
   * column is positive.
   */
  components: Matrix;
  /** The k largest eigenvalues of the covariance ``XᵀX/n``, falling; never negative. */
  eigenvalues: Float64Array;
  /** Each eigenvalue divided by the sum of all d; zeros where that sum is 0, as with one row. */
  explainedVarianceRatio: Float64Array;
  /** Codes ``(x − μ)U``: [n, d] → [n, j], on the first j components, all k unless given. */
  encode<T extends Table>(x: T, j?: number): T extends Matrix ? Matrix : tf.Tensor2D;
  /** ``hUᵀ + μ``: [n, j] → [n, d], ``j ≤ k``. */
  decode<T extends Table>(h: T): T extends Matrix ? Matrix : tf.Tensor2D;
  /** decode(encode(x, j)): the nearest points of the affine subspace, [n, d]. */
  reconstruct<T extends Table>(x: T, j?: number): T extends Matrix ? Matrix : tf.Tensor2D;
}

interface Spectrum {
  mean: Float64Array;
  /** The sum of all d eigenvalues of the covariance: its trace. */
  total: number;
  /** At least the k largest eigenvalues, falling. */
  values: Float64Array;
  /** [d, values.length]: column j belongs to values[j]. */
  vectors: Matrix;
}

/**
 * From this many multiplications on, n·d², TensorFlow's float64 kernels take over from JavaScript.
 */
const large = 1e7;

function spectrum(x: Table, k: number, center: boolean): Spectrum {
  const [n, d] = shapeOf(x);
  if (!Matrix.isMatrix(x) && n * d * d >= large) {
    const { mean, matrix } = covariance(x as tf.Tensor2D, { center });
    // An entry that is not finite makes its column's variance so.
    const variances = mean.map((_, j) => matrix[j * d + j]);
    if (!variances.every(Number.isFinite)) requireFiniteTensor(x as tf.Tensor, "x");
    const { values, vectors } = leadingEigen(matrix, d, k);
    return {
      mean,
      total: variances.reduce((sum, variance) => sum + Math.max(variance, 0), 0),
      values,
      vectors: Matrix.from1DArray(d, values.length, vectors),
    };
  }
  const rows = toMatrix(x);
  const mean = Float64Array.from(center ? rows.mean("column") : new Array(d).fill(0));
  rows.subRowVector([...mean]);
  const covarianceMatrix = rows.transpose().mmul(rows).div(n);
  const largest = Math.max(...covarianceMatrix.diagonal());
  if (!Number.isFinite(largest))
    throw new RangeError(
      `x must have squares that float64 holds, got entries up to ${toMatrix(x).abs().max()}; divide x by its largest`,
    );
  // A power of two changes no digit. Near 1, and with what is far below rounding set to 0, the
  // decomposition's quotients stay in float64.
  const scale = 2 ** -Math.min(Math.max(Math.floor(Math.log2(largest)), -1000), 1000);
  const near1 = Matrix.mul(covarianceMatrix, scale);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) if (Math.abs(near1.get(i, j)) < 1e-150) near1.set(i, j, 0);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(near1, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((i, j) => realEigenvalues[j] - realEigenvalues[i]);
  return {
    mean,
    total: covarianceMatrix.trace(),
    values: Float64Array.from(order, (i) => realEigenvalues[i] / scale),
    vectors: eigenvectorMatrix.subMatrixColumn(order),
  };
}

/** Turns each column so that its entry of largest magnitude, the first of equals, is positive. */
function fixSigns(u: Matrix): Matrix {
  for (let j = 0; j < u.columns; j++) {
    let largest = 0;
    for (let i = 0; i < u.rows; i++)
      if (Math.abs(u.get(i, j)) > Math.abs(largest)) largest = u.get(i, j);
    if (largest < 0) u.mulColumn(j, -1);
  }
  return u;
}

/**
 * Principal component analysis: the eigenvectors of the covariance ``(1/n) Σᵢ (xᵢ − μ)(xᵢ − μ)ᵀ``
 * with the k largest eigenvalues.
 *
 * `x` [n, d], a float32 tensor or a `Matrix`; `k` from 1 to d, d unless given; with
 * `{ center: false }`, ``μ = 0`` and the second moment takes the covariance's place. Computed in
 * float64; for ``k ≪ d`` of a large tensor by iterations, until ``‖Cv − λv‖ ≤ 1e-10 λ₁`` for each
 * pair. Throws on other shapes or types, on entries that are not finite or, in a `Matrix`, of
 * squares beyond float64, and on k outside 1 … d.
 */
export function pca(x: Table, k?: number, { center = true }: { center?: boolean } = {}): PCA {
  requireTable(x, "x");
  const d = shapeOf(x)[1];
  if (k !== undefined) requireInteger(k, "k", 1, d);
  const rank = k ?? d;
  const { mean, total, values, vectors } = spectrum(x, rank, center);
  const eigenvalues = values.slice(0, rank).map((value) => Math.max(value, 0));
  const components = fixSigns(vectors.subMatrix(0, d - 1, 0, rank - 1));

  const requireColumns = (table: Table, name: string, least: number, most: number) => {
    requireTable(table, name);
    const [n, columns] = shapeOf(table);
    if (columns < least || columns > most) {
      const wanted = least === most ? String(most) : `${least} to ${most}`;
      throw new RangeError(
        `${name} must have ${wanted} columns, as this PCA has, got shape [${n}, ${columns}]`,
      );
    }
  };
  const leading = (j: number) =>
    j === rank ? components : components.subMatrix(0, d - 1, 0, j - 1);
  const encode = (table: Table, j = rank): Table => {
    requireColumns(table, "x", d, d);
    requireInteger(j, "j", 1, rank);
    if (Matrix.isMatrix(table))
      return (table as Matrix)
        .clone()
        .subRowVector([...mean])
        .mmul(leading(j));
    return tf.tidy(() =>
      tf
        .sub(table as tf.Tensor2D, tf.tensor1d(Float32Array.from(mean)))
        .matMul(toTensor(leading(j))),
    );
  };
  const decode = (h: Table): Table => {
    requireColumns(h, "h", 1, rank);
    const u = leading(shapeOf(h)[1]);
    if (Matrix.isMatrix(h)) return (h as Matrix).mmul(u.transpose()).addRowVector([...mean]);
    return tf.tidy(() =>
      tf
        .matMul(h as tf.Tensor2D, toTensor(u), false, true)
        .add(tf.tensor1d(Float32Array.from(mean))),
    );
  };
  const reconstruct = (table: Table, j?: number): Table => {
    if (Matrix.isMatrix(table)) return decode(encode(table, j));
    return tf.tidy(() => decode(encode(table, j)) as tf.Tensor2D);
  };
  return {
    mean,
    components,
    eigenvalues,
    explainedVarianceRatio: eigenvalues.map((value) => value / (total || 1)),
    encode: encode as PCA["encode"],
    decode: decode as PCA["decode"],
    reconstruct: reconstruct as PCA["reconstruct"],
  };
}

/**
 * Principal angles between the column spaces of A and B, in radians, the largest first.
 *
 * ``cos θᵢ`` are the singular values of ``QₐᵀQ_b`` for orthonormal bases ``Qₐ``, ``Q_b``; an angle
 * below ``π/4`` is taken from its sine, a singular value of ``Q_b − QₐQₐᵀQ_b``, so that it is
 * accurate below 1e-8. `a` [d, p], `b` [d, q], tensors or `Matrix`; the result has min(p, q) angles
 * in ``[0, π/2]``. A decoder's row space goes in as `W2.transpose()`. Throws if the numbers of rows
 * differ, columns are linearly dependent, or entries are not finite. Source: Björck and Golub
 * (1973); Knyazev and Argentati (2002).
 */
export function principalAngles(a: Table, b: Table): Float64Array {
  requireTable(a, "a");
  requireTable(b, "b");
  const [aShape, bShape] = [shapeOf(a), shapeOf(b)];
  if (aShape[0] !== bShape[0]) {
    throw new RangeError(
      `a and b must have the same number of rows, got shapes [${aShape.join(", ")}] and [${bShape.join(", ")}]; transpose a decoder's W2`,
    );
  }
  const [wide, narrow] = aShape[1] >= bShape[1] ? [a, b] : [b, a];
  const [wideName, narrowName] = wide === a ? ["a", "b"] : ["b", "a"];
  const q = orthonormalBasis(toMatrix(wide, wideName), wideName);
  const r = orthonormalBasis(toMatrix(narrow, narrowName), narrowName);
  const product = q.transpose().mmul(r); // [p, q]
  const cosines = singularValues(product); // falling: the smallest angle first
  const sines = singularValues(Matrix.sub(r, q.mmul(product))); // falling: the largest angle first
  const count = r.columns;
  return Float64Array.from({ length: count }, (_, i) => {
    const cosine = Math.min(cosines[count - 1 - i], 1);
    return cosine * cosine < 0.5 ? Math.acos(cosine) : Math.asin(Math.min(sines[i], 1));
  });
}
