import type * as tf from "@tensorflow/tfjs-node";
import type { Checkpoint } from "./checkpoint";
import type { Draw } from "./engine";
import type { Schedule } from "./schedules";

/** Scalars by name, already weighted; the loss is their sum. */
export type Terms = Record<string, tf.Tensor>;

/** What an objective may depend on besides the batch: seeded noise, and the step (from 1) and epoch (from 0) as scalar tensors. */
export interface At {
  draw: Draw;
  step: tf.Tensor;
  epoch: tf.Tensor;
}

export type Objective = (x: tf.Tensor2D, at: At) => Terms;

/**
 * What is known after one step: losses before the update, in the objective's units; ``‖gradient‖₂`` over all
 * parameters.
 */
export interface Step {
  step: number;
  epoch: number;
  loss: number;
  terms: Record<string, number>;
  gradientNorm: number;
  examplesPerSecond: number;
}

export interface TrainOptions {
  epochs: number;
  batchSize: number;
  learningRate: number | Schedule;
  optimizer?: tf.Optimizer;
  constrain?: Record<string, (parameter: tf.Tensor) => tf.Tensor>;
  seed?: number;
  signal?: AbortSignal;
  /** Where to go on: the parameters, step, seed and optimizer state of a run of the same options. */
  from?: Checkpoint;
  /**
   * Whether steps are recorded and replayed in one call each: where that pays and works, unless given; `true` insists, and throws where
   * it does not work; `false` runs every step eagerly.
   */
  replay?: boolean;
}
