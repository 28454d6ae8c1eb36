import type * as tf from "@tensorflow/tfjs-node";
import type { WebBackend } from "./heap";

export type Inputs = Record<string, tf.TensorInfo>;
export type KernelCall = {
  inputs: Inputs;
  attrs: Record<string, unknown>;
  backend: WebBackend;
};
export type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
