// Stands between tfjs and its kernels.
import * as tf from "@tensorflow/tfjs-node";

export type ForwardFunction = (backend: object, save: (tensors: tf.Tensor[]) => void) => tf.Tensor;

export interface KernelCall {
  kernelName?: string;
  inputs: Record<string, tf.Tensor | tf.Tensor[] | null | undefined>;
  attrs?: object;
  /** Of a custom gradient. */
  forwardFunc?: ForwardFunction;
  backwardsFunc?: unknown;
}

/** The methods and the state of tfjs's engine that a run goes through. */
interface Engine {
  state: { gradientDepth: number; kernelDepth: number; activeTape: unknown[] | null };
  runKernelFunc(call: KernelCall): tf.Tensor | tf.Tensor[];
  readSync(dataId: object): unknown;
  makeTensor(values: ArrayLike<unknown>, shape: number[], dtype?: tf.DataType): tf.Tensor;
  disposeTensor(tensor: tf.Tensor): void;
  nextTensorId(): number;
  getTensorsForGradient(
    kernel: string,
    inputs: KernelCall["inputs"],
    outputs: tf.Tensor[],
  ): tf.Tensor[] | null;
  addTapeNode(
    kernel: string,
    inputs: KernelCall["inputs"],
    outputs: tf.Tensor[],
    backwards: unknown,
    saved: tf.Tensor[],
    attrs?: object,
  ): void;
}
type Execute = (op: string, attributes: object, inputs: tf.TensorInfo[]) => tf.Tensor;

/** Takes the calls of one run in the place of tfjs's engine. */
export interface Run {
  kernel(call: KernelCall): tf.Tensor | tf.Tensor[];
  tensor(...args: Parameters<Engine["makeTensor"]>): tf.Tensor;
  execute(...args: Parameters<Execute>): tf.Tensor;
  dispose(tensor: tf.Tensor): void;
  read(dataId: object): unknown;
}

let run: Run | undefined;

/** tfjs's own answers, with its engine. */
export type Stock = Run & { engine: Engine };
let stock: Stock | undefined;

/** Puts `run` between tfjs and its kernels, once for each engine. */
export function install(): Stock {
  const engine = tf.engine() as unknown as Engine;
  if (stock?.engine === engine) return stock;
  const native = tf.backend() as unknown as { executeSingleOutput?: Execute };
  const methods = {
    engine,
    kernel: engine.runKernelFunc.bind(engine),
    tensor: engine.makeTensor.bind(engine),
    dispose: engine.disposeTensor.bind(engine),
    read: engine.readSync.bind(engine),
    execute: native.executeSingleOutput?.bind(native) as Execute,
  };
  engine.runKernelFunc = (call) => (run ?? methods).kernel(call);
  engine.makeTensor = (...args) => (run ?? methods).tensor(...args);
  engine.disposeTensor = (tensor) => (run ?? methods).dispose(tensor);
  engine.readSync = (dataId) => (run ?? methods).read(dataId);
  // Only the native backend runs ops that are no kernels.
  if (native.executeSingleOutput)
    native.executeSingleOutput = (...args) => (run ?? methods).execute(...args);
  stock = methods;
  return methods;
}

/** Runs `work` with `answering` in the place of tfjs's kernels, then `reset`. */
export function during<R>(answering: Run, work: () => R, reset = () => {}): R {
  run = answering;
  const restore = () => {
    if (run !== answering) return;
    run = undefined;
    reset();
  };
  setImmediate(restore); // an interrupt from outside skips what is under finally
  try {
    return work();
  } finally {
    restore();
  }
}
