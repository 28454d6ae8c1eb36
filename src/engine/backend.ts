// The one place that reaches behind tfjs's public face: raw TensorFlow ops through tfjs-node's backend.
import "./compat";
import * as tf from "@tensorflow/tfjs-node";

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
}

interface Binding
  extends Record<
    "TF_ATTR_TYPE" | "TF_ATTR_BOOL" | "TF_ATTR_STRING" | "TF_ATTR_SHAPE" | "TF_FLOAT" | "TF_INT32" | "TF_INT64",
    number
  > {
  executeOp(op: string, attributes: Attribute[], inputs: number[], outputs: number): Handle[];
  createTensor(shape: number[], dtype: number, values: Int32Array): number;
  tensorDataSync(id: number): Float32Array | BigInt64Array;
  deleteTensor(id: number): void;
}

interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  executeSingleOutput(op: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(op: string, attributes: Attribute[], inputs: tf.TensorInfo[], outputs: number): tf.Tensor[];
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
export const typeAttribute = (name: string, dtype: "float" | "int32" = "float"): Attribute => {
  const { binding } = backend();
  return { name, type: binding.TF_ATTR_TYPE, value: dtype === "float" ? binding.TF_FLOAT : binding.TF_INT32 };
};

export const boolAttribute = (name: string, value: boolean): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_BOOL,
  value,
});
export const stringAttribute = (name: string, value: string): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_STRING,
  value,
});
export const shapeAttribute = (name: string, value: number[]): Attribute => ({
  name,
  type: backend().binding.TF_ATTR_SHAPE,
  value,
});

/** Runs a TensorFlow op that has one output. */
export const op = (name: string, inputs: tf.TensorInfo[], ...attributes: Attribute[]): tf.Tensor =>
  backend().executeSingleOutput(name, attributes, inputs);

/** Runs a TensorFlow op that has no output. */
export const effect = (name: string, inputs: tf.TensorInfo[], ...attributes: Attribute[]): void => {
  backend().executeMultipleOutputs(name, attributes, inputs, 0);
};

/** Runs a TensorFlow op on handles; the caller deletes what it gets. */
export const rawOp = (name: string, inputs: Handle[], attributes: Attribute[], outputs: number): Handle[] =>
  backend().binding.executeOp(
    name,
    attributes,
    inputs.map(({ id }) => id),
    outputs,
  );

/** Frees what tfjs saved for a backward pass that will not come, because the function under the gradient threw. */
export function dropTape(): void {
  const { state } = tf.engine() as unknown as {
    state: { gradientDepth: number; activeTape: { saved?: tf.Tensor[] }[] | null };
  };
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = null;
}
