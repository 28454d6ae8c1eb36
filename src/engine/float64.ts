import * as tf from "@tensorflow/tfjs-node";
import { type Attribute, backend, boolAttribute, type Handle, rawOp } from "./backend";

// tfjs knows no float64, TensorFlow does: these functions keep float64 tensors as raw handles and bring results back as hi + lo float32 pairs.
const DOUBLE = 2;

const typed = (name: string, value: number): Attribute => ({ name, type: backend().binding.TF_ATTR_TYPE, value });

/** Runs `work` with float64 ops and frees every handle it made. */
function inFloat64<R>(
  work: (double: {
    of(x: tf.Tensor): Handle;
    op(name: string, inputs: Handle[], more?: Attribute[], outputs?: number): Handle[];
    read(x: Handle): Float64Array;
  }) => R,
): R {
  const made: Handle[] = [];
  const { TF_FLOAT } = backend().binding;
  const keep = (handles: Handle[]) => {
    made.push(...handles);
    return handles;
  };
  const cast = (x: Handle, from: number, to: number) =>
    keep(rawOp("Cast", [x], [typed("SrcT", from), typed("DstT", to), boolAttribute("Truncate", false)], 1))[0];
  const op = (name: string, inputs: Handle[], more: Attribute[] = [], outputs = 1) =>
    keep(rawOp(name, inputs, [typed("T", DOUBLE), ...more], outputs));
  try {
    return work({
      of: (x) => cast({ id: backend().getInputTensorIds([x])[0], shape: x.shape }, TF_FLOAT, DOUBLE),
      op,
      read(x) {
        const high = cast(x, DOUBLE, TF_FLOAT);
        const low = cast(op("Sub", [x, cast(high, TF_FLOAT, DOUBLE)])[0], DOUBLE, TF_FLOAT);
        const [a, b] = [high, low].map(({ id }) => backend().binding.tensorDataSync(id));
        return Float64Array.from(a, (v, i) => v + b[i]);
      },
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
  const rows = 8192; // a block in float64 stays near 50 MB at d = 784
  const mean = new Float64Array(d);
  const matrix = new Float64Array(d * d);
  for (let from = 0; from < n; from += rows) {
    const size = Math.min(rows, n - from);
    tf.tidy(() =>
      inFloat64(({ of, op, read }) => {
        const block = of(x.slice([from, 0], [size, d]));
        const transposed = [boolAttribute("transpose_a", true), boolAttribute("transpose_b", false)];
        const sums = read(op("MatMul", [of(tf.ones([size, 1])), block], transposed)[0]);
        const squares = read(op("MatMul", [block, block], transposed)[0]);
        for (let j = 0; j < d; j++) mean[j] += sums[j] / n;
        for (let j = 0; j < d * d; j++) matrix[j] += squares[j] / n;
      }),
    );
  }
  if (centre) for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) matrix[i * d + j] -= mean[i] * mean[j];
  else mean.fill(0);
  return { mean, matrix, n };
}

/**
 * Eigenvalues, falling, and orthonormal eigenvectors of a symmetric matrix [d, d] in float64: column j of the row-major `vectors` [d, d]
 * belongs to `values[j]`. `matrix` is row-major.
 */
export function symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array } {
  const scratch: tf.Tensor[] = [];
  try {
    return inFloat64(({ of, op, read }) => {
      const high = Float32Array.from(matrix);
      const low = Float32Array.from(matrix, (v, i) => v - high[i]);
      const [exact] = op("AddV2", [
        ...[high, low].map((part) => {
          const tensor = tf.tensor2d(part, [d, d]);
          scratch.push(tensor);
          return of(tensor);
        }),
      ]);
      const [e, v] = op("SelfAdjointEigV2", [exact], [boolAttribute("compute_v", true)], 2);
      const rising = read(e);
      const columns = read(v);
      return {
        values: rising.slice().reverse(),
        vectors: columns.map((_, i) => columns[i - (i % d) + (d - 1 - (i % d))]),
      };
    });
  } finally {
    tf.dispose(scratch);
  }
}
