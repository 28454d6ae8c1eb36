// The one place that reaches behind tfjs's public face: raw TensorFlow ops through tfjs-node's
// backend.
import "./compat";
import * as tf from "@tensorflow/tfjs-node";

/**
 * Inter-op threads: independent ops of a replayed step that TensorFlow runs in parallel. Read once,
 * at load.
 */
export const interOpThreads = Math.max(1, Number(process.env.TF_NUM_INTEROP_THREADS) || 1);

/** One attribute of a TensorFlow op. */
export interface Attribute {
  name: string;
  type: number;
  value: unknown;
}

/** A tensor that only TensorFlow holds. */
export interface Handle {
  id: number;
  shape: number[];
  dtype: number;
}

/** The binding's codes of attribute kinds and data types. */
const codes = [
  "TF_ATTR_STRING",
  "TF_ATTR_INT",
  "TF_ATTR_FLOAT",
  "TF_ATTR_BOOL",
  "TF_ATTR_TYPE",
  "TF_ATTR_SHAPE",
  "TF_FLOAT",
  "TF_INT32",
  "TF_INT64",
  "TF_BOOL",
] as const;

export interface Binding extends Record<(typeof codes)[number], number> {
  executeOp(op: string, attributes: Attribute[], inputs: number[], outputs: number): Handle[];
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  tensorDataSync(id: number): Float32Array | BigInt64Array;
  deleteTensor(id: number): void;
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: number[],
    inputNames: string,
    outputNames: string,
  ): Handle[];
  deleteSavedModel(session: number): void;
}

/**
 * The backend's record of a tensor's numbers: `values` until TensorFlow needs them, then the `id`
 * of its own tensor.
 */
export interface TensorData {
  shape: number[];
  dtype: number;
  values: ArrayBufferView | null;
  id: number;
  refCount: number;
}

export interface NodeBackend {
  binding: Binding;
  tensorMap: { get(dataId: object): TensorData; set(dataId: object, data: TensorData): void };
  write(values: ArrayBufferView, shape: number[], dtype: tf.DataType): object;
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  executeSingleOutput(op: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: Attribute[],
    inputs: tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  incRef(dataId: object): void;
}

/** tfjs-node's backend; throws when another backend is active. */
export function backend(): NodeBackend {
  const active = tf.backend() as unknown as NodeBackend;
  if (typeof active.executeSingleOutput !== "function")
    throw new Error(
      `the backend must be tfjs-node's "tensorflow", got "${tf.getBackend()}"; call tf.setBackend("tensorflow")`,
    );
  return active;
}

/** An attribute that names a TensorFlow data type. */
export const typeAttribute = (
  name: string,
  dtype: "float" | "int32" | number = "float",
): Attribute => {
  const { binding } = backend();
  const codes: Record<string, number> = { float: binding.TF_FLOAT, int32: binding.TF_INT32 };
  return { name, type: binding.TF_ATTR_TYPE, value: codes[dtype] ?? dtype };
};

const attribute =
  <T>(kind: "BOOL" | "INT" | "SHAPE" | "STRING") =>
  (name: string, value: T): Attribute => ({
    name,
    type: backend().binding[`TF_ATTR_${kind}`],
    value,
  });
export const boolAttribute = attribute<boolean>("BOOL");
export const intAttribute = attribute<number>("INT");
export const shapeAttribute = attribute<number[]>("SHAPE");
export const stringAttribute = attribute<string>("STRING");

/** Runs a TensorFlow op that has one output. */
export const op = (name: string, inputs: tf.TensorInfo[], ...attributes: Attribute[]): tf.Tensor =>
  backend().executeSingleOutput(name, attributes, inputs);

/** Runs a TensorFlow op that has no output. */
export const effect = (name: string, inputs: tf.TensorInfo[], ...attributes: Attribute[]): void => {
  backend().executeMultipleOutputs(name, attributes, inputs, 0);
};

/** Runs a TensorFlow op on handles; the caller deletes what it gets. */
export const rawOp = (
  name: string,
  inputs: Handle[],
  attributes: Attribute[],
  outputs: number,
): Handle[] =>
  backend().binding.executeOp(
    name,
    attributes,
    inputs.map(({ id }) => id),
    outputs,
  );

/**
 * The name of a tensor's data in the backend, what it knows of it, and TensorFlow's own tensor
 * behind it.
 */
export const dataOf = (tensor: tf.TensorInfo): TensorData => backend().tensorMap.get(tensor.dataId);
export const idOf = (tensor: tf.TensorInfo): number => backend().getInputTensorIds([tensor])[0];

/** A tfjs tensor whose data is what `data` says, at each use anew. */
export function tensorOver(data: TensorData): tf.Tensor {
  const dataId = {};
  backend().tensorMap.set(dataId, data);
  const info: tf.TensorInfo = { dataId, shape: data.shape, dtype: "float32" };
  return tf.engine().makeTensorFromTensorInfo(info);
}

/** A tfjs tensor that takes over a handle. */
export const tensorOf = ({ id, shape }: Handle): tf.Tensor =>
  tensorOver({ shape, dtype: backend().binding.TF_FLOAT, values: null, id, refCount: 1 });

const tape = () =>
  (
    tf.engine() as unknown as {
      state: { gradientDepth: number; activeTape: { saved?: tf.Tensor[] }[] | null };
    }
  ).state;

/** True while operations are recorded for differentiation. */
export const isTapeOn = (): boolean => tape().gradientDepth > 0;

/**
 * Frees what tfjs saved for a backward pass that will not come, because the function under the
 * gradient threw.
 */
export function dropTape(): void {
  if (isTapeOn()) return;
  const state = tape();
  for (const { saved } of state.activeTape ?? [])
    for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = null;
}
