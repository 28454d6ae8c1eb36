import {
  type Attribute,
  backend,
  boolAttribute,
  type Handle,
  rawOp,
  typeAttribute,
} from "./backend";

// tfjs knows no float64, TensorFlow does: these functions keep float64 tensors as raw handles,
// which enter and leave as the bits of int64, a type that both sides know.
const DOUBLE = 2;

/** TensorFlow's ops on float64 tensors. */
export interface Double {
  write(values: Float64Array, shape: number[]): Handle;
  op(name: string, inputs: Handle[], more?: Attribute[], outputs?: number): Handle[];
  read(x: Handle): Float64Array;
}

/**
 * Eigenvalues, falling, and eigenvectors: column j of the row-major `vectors` [d, values.length]
 * has values[j].
 */
export interface Eigenpairs {
  values: Float64Array;
  vectors: Float64Array;
}

/** Runs `work` with float64 ops and frees every handle it made. */
export function inFloat64<R>(work: (double: Double) => R): R {
  const made: Handle[] = [];
  const { binding } = backend();
  const { TF_INT64 } = binding;
  const keep = (handles: Handle[]) => {
    made.push(...handles);
    return handles;
  };
  const bits = (x: Handle, from: number, to: number) =>
    keep(rawOp("Bitcast", [x], [typeAttribute("T", from), typeAttribute("type", to)], 1))[0];
  const op = (name: string, inputs: Handle[], more: Attribute[] = [], outputs = 1) =>
    keep(rawOp(name, inputs, [typeAttribute("T", DOUBLE), ...more], outputs));
  try {
    return work({
      op,
      write(values, shape) {
        const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
        return bits(
          keep([{ id: binding.createTensor(shape, TF_INT64, words), shape, dtype: TF_INT64 }])[0],
          TF_INT64,
          DOUBLE,
        );
      },
      read: (x) =>
        new Float64Array(
          binding.tensorDataSync(bits(x, DOUBLE, TF_INT64).id).buffer as ArrayBuffer,
        ),
    });
  } finally {
    for (const { id } of made) backend().binding.deleteTensor(id);
  }
}

/**
 * Eigenvalues, falling, and orthonormal eigenvectors of a symmetric matrix [d, d] in float64:
 * column j of the row-major `vectors` [d, d] belongs to `values[j]`. `matrix` is row-major.
 */
export function symmetricEigen(matrix: Float64Array, d: number): Eigenpairs {
  return inFloat64(({ op, read, write }) => {
    const [e, v] = op(
      "SelfAdjointEigV2",
      [write(matrix, [d, d])],
      [boolAttribute("compute_v", true)],
      2,
    );
    const vectors = read(v);
    for (let row = 0; row < d; row++) vectors.subarray(row * d, (row + 1) * d).reverse();
    return { values: read(e).reverse(), vectors };
  });
}

/** The inverse of a matrix [d, d], row-major, in float64, by LU. */
export function inverse(matrix: Float64Array, d: number): Float64Array {
  return inFloat64(({ op, read, write }) =>
    read(op("MatrixInverse", [write(matrix, [d, d])], [boolAttribute("adjoint", false)])[0]),
  );
}
