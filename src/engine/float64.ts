import * as tf from "@tensorflow/tfjs-node";
import { type Attribute, backend, boolAttribute, type Handle, rawOp } from "./backend";

// tfjs knows no float64, TensorFlow does: these functions keep float64 tensors as raw handles, which enter and leave as the
// bits of int64, a type that both sides know.
const DOUBLE = 2;

const typed = (name: string, value: number): Attribute => ({ name, type: backend().binding.TF_ATTR_TYPE, value });

/** Runs `work` with float64 ops and frees every handle it made. */
function inFloat64<R>(
  work: (double: {
    of(x: tf.Tensor): Handle;
    write(values: Float64Array, shape: number[]): Handle;
    op(name: string, inputs: Handle[], more?: Attribute[], outputs?: number): Handle[];
    read(x: Handle): Float64Array;
  }) => R,
): R {
  const made: Handle[] = [];
  const { binding } = backend();
  const { TF_FLOAT, TF_INT64 } = binding;
  const keep = (handles: Handle[]) => {
    made.push(...handles);
    return handles;
  };
  const cast = (x: Handle, from: number, to: number) =>
    keep(rawOp("Cast", [x], [typed("SrcT", from), typed("DstT", to), boolAttribute("Truncate", false)], 1))[0];
  const bits = (x: Handle, from: number, to: number) =>
    keep(rawOp("Bitcast", [x], [typed("T", from), typed("type", to)], 1))[0];
  const op = (name: string, inputs: Handle[], more: Attribute[] = [], outputs = 1) =>
    keep(rawOp(name, inputs, [typed("T", DOUBLE), ...more], outputs));
  try {
    return work({
      of: (x) => cast({ id: backend().getInputTensorIds([x])[0], shape: x.shape }, TF_FLOAT, DOUBLE),
      op,
      write(values, shape) {
        const words = new Int32Array(values.slice().buffer);
        return bits(keep([{ id: binding.createTensor(shape, TF_INT64, words), shape }])[0], TF_INT64, DOUBLE);
      },
      read: (x) => new Float64Array(binding.tensorDataSync(bits(x, DOUBLE, TF_INT64).id).buffer as ArrayBuffer),
    });
  } finally {
    for (const { id } of made) backend().binding.deleteTensor(id);
  }
}

/**
 * Mean μ [d] and covariance (1/n) Σᵢ (xᵢ − μ)ᵀ(xᵢ − μ), row-major [d, d], of the float32 rows x [n, d], in float64.
 * With `centre: false`, μ = 0 and the matrix is the second moment. Entries that are not finite pass through.
 */
export function covariance(
  x: tf.Tensor2D,
  { centre = true }: { centre?: boolean } = {},
): { mean: Float64Array; matrix: Float64Array; n: number } {
  const [n, d] = x.shape;
  const mean = new Float64Array(d);
  const matrix = new Float64Array(d * d);
  const shift = centre ? Float64Array.from(tf.tidy(() => x.mean(0).dataSync())) : mean.slice(); // near the mean, so that no digits cancel below
  const widest = Math.max(Math.ceil(d / 4), 64); // the matrix is symmetric: of 4 × 4 parts, 10 are computed
  const most = 8192; // rows at a time: they stay near 50 MB in float64 at d = 784
  for (let from = 0; from < n; from += most) {
    const size = Math.min(most, n - from);
    tf.tidy(() =>
      inFloat64(({ of, op, read, write }) => {
        const ones = of(tf.ones([size, 1]));
        const transposed = [boolAttribute("transpose_a", true), boolAttribute("transpose_b", false)];
        const parts: { start: number; width: number; rows: Handle }[] = [];
        for (let start = 0; start < d; start += widest) {
          const width = Math.min(widest, d - start);
          const columns = of(x.slice([from, start], [size, width]));
          const rows = op("Sub", [columns, write(shift.slice(start, start + width), [1, width])])[0];
          read(op("MatMul", [ones, rows], transposed)[0]).forEach((sum, j) => {
            mean[start + j] += sum / n;
          });
          parts.push({ start, width, rows });
          for (const { start: above, width: height, rows: earlier } of parts) {
            const products = read(op("MatMul", [earlier, rows], transposed)[0]); // [height, width]
            for (let i = 0; i < height; i++)
              for (let j = 0; j < width; j++) matrix[(above + i) * d + start + j] += products[i * width + j] / n;
          }
        }
      }),
    );
  }
  for (let i = 0; i < d; i++)
    for (let j = i; j < d; j++) {
      matrix[i * d + j] -= centre ? mean[i] * mean[j] : 0;
      matrix[j * d + i] = matrix[i * d + j];
    }
  if (centre) for (let j = 0; j < d; j++) mean[j] += shift[j];
  else mean.fill(0);
  return { mean, matrix, n };
}

/**
 * Eigenvalues, falling, and orthonormal eigenvectors of a symmetric matrix [d, d] in float64: column j of the row-major `vectors` [d, d]
 * belongs to `values[j]`. `matrix` is row-major.
 */
export function symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array } {
  return inFloat64(({ op, read, write }) => {
    const [e, v] = op("SelfAdjointEigV2", [write(matrix, [d, d])], [boolAttribute("compute_v", true)], 2);
    const columns = read(v);
    return {
      values: read(e).reverse(),
      vectors: columns.map((_, i) => columns[i - (i % d) + (d - 1 - (i % d))]),
    };
  });
}

/** The inverse of a matrix [d, d], row-major, in float64, by LU. */
export function inverse(matrix: Float64Array, d: number): Float64Array {
  return inFloat64(({ op, read, write }) =>
    read(op("MatrixInverse", [write(matrix, [d, d])], [boolAttribute("adjoint", false)])[0]),
  );
}
