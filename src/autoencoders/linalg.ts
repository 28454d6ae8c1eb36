import * as tf from "@tensorflow/tfjs-node";
import { Matrix, QrDecomposition, SingularValueDecomposition } from "ml-matrix";
import { requireExamples } from "./preconditions";

/** A table of numbers: a float32 tensor [n, d] or a float64 ml-matrix `Matrix`. */
export type Table = tf.Tensor | Matrix;

/**
 * Throws unless `table` is a `Matrix` or a float32 tensor [n, d], neither empty, all entries finite
 * where a `Matrix`.
 */
export function requireTable(table: Table, name: string): void {
  if (Matrix.isMatrix(table)) {
    if (table.rows === 0 || table.columns === 0) {
      throw new RangeError(
        `${name} must hold at least one row and one column, got shape [${table.rows}, ${table.columns}]`,
      );
    }
  } else requireExamples(table as tf.Tensor, name);
}

/** The shape of a table. */
export const shapeOf = (table: Table): [number, number] =>
  Matrix.isMatrix(table)
    ? [(table as Matrix).rows, (table as Matrix).columns]
    : ((table as tf.Tensor).shape as [number, number]);

/** The table as a float64 `Matrix`, a copy. Throws if an entry is not finite. */
export function toMatrix(table: Table, name = "x"): Matrix {
  requireTable(table, name);
  const matrix = Matrix.isMatrix(table)
    ? (table as Matrix).clone()
    : Matrix.from1DArray(...shapeOf(table), (table as tf.Tensor).dataSync());
  for (let i = 0; i < matrix.rows; i++)
    for (let j = 0; j < matrix.columns; j++) requireFinite(matrix.get(i, j), name, i, j);
  return matrix;
}

function requireFinite(value: number, name: string, i: number, j: number): void {
  if (!Number.isFinite(value))
    throw new RangeError(`${name} must hold finite numbers, got ${value} at row ${i}, column ${j}`);
}

/** The first entry of the tensor [n, d] that is not finite. */
export function entryNotFinite(
  x: tf.Tensor,
): { value: number; row: number; column: number } | undefined {
  if (tf.tidy(() => tf.isFinite(x).all().dataSync()[0] === 1)) return undefined;
  const entries = x.dataSync();
  const i = entries.findIndex((value) => !Number.isFinite(value));
  const d = x.shape[1]!;
  return { value: entries[i], row: Math.floor(i / d), column: i % d };
}

/** Throws if an entry of the tensor [n, d] is not finite, and says which one. */
export function requireFiniteTensor(x: tf.Tensor, name: string): void {
  const entry = entryNotFinite(x);
  if (entry) requireFinite(entry.value, name, entry.row, entry.column);
}

/** The matrix as a float32 tensor. */
export function toTensor(matrix: Matrix): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(matrix.to1DArray()), [matrix.rows, matrix.columns]);
}

/**
 * An orthonormal basis of the column space of A, by Householder reflections on A with its columns
 * scaled to norm 1.
 *
 * `a` [d, k]; the result Q [d, k] has QᵀQ = 1 to rounding. Throws if k > d, and where the columns
 * are linearly dependent to rounding: the smallest singular value of the scaled columns is below
 * max(d, k)·ε times the largest.
 */
export function orthonormalBasis(a: Matrix, name = "a"): Matrix {
  if (a.columns > a.rows) {
    throw new RangeError(
      `${name} must have no more columns than rows, got shape [${a.rows}, ${a.columns}]; a decoder goes in as W2ᵀ`,
    );
  }
  const scaled = a.clone();
  for (let j = 0; j < a.columns; j++) {
    const largest = scaled.getColumnVector(j).abs().max() || 1;
    scaled.mulColumn(j, 1 / largest);
    scaled.mulColumn(j, 1 / (scaled.getColumnVector(j).norm() || 1));
  }
  const qr = new QrDecomposition(scaled);
  const s = singularValues(qr.upperTriangularMatrix);
  const tolerance = Math.max(a.rows, a.columns) * Number.EPSILON * s[0];
  const rank = s.filter((value) => value > tolerance).length;
  if (rank < a.columns) {
    throw new RangeError(
      `${name} must have linearly independent columns, got rank ${rank} of ${a.columns}; leave the dependent ones out`,
    );
  }
  return qr.orthogonalMatrix;
}

/** The singular values of a matrix, largest first. */
export function singularValues(a: Matrix): number[] {
  return new SingularValueDecomposition(a, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  }).diagonal;
}
