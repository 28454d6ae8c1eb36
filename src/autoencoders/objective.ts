import type * as tf from "@tensorflow/tfjs-node";
import type { Checkpoint } from "./checkpoint";
import type { Draw } from "./engine";
import type { Schedule } from "./schedules";

/** Scalars by name, already weighted; the loss is their sum. */
export type Terms = Record<string, tf.Tensor>;

/** Seeded noise, the step (from 1) and the epoch (from 0) as scalar tensors. */
export interface At {
  draw: Draw;
  step: tf.Tensor;
  epoch: tf.Tensor;
}

export type Objective = (x: tf.Tensor2D, at: At) => Terms;

/**
 * Losses before the update of a step, in the objective's units; ``‖gradient‖₂`` over all
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
  /** Checkpoint to resume from, of a run of the same options. */
  from?: Checkpoint;
  /**
   * Record a step and replay it in one call each. Unless given, where that pays and works; `true`
   * throws if it does not work; `false` runs every step eagerly.
   *
   * The objective is called once a step either way. While steps are replayed, a call computes
   * nothing: it must ask for the same operations, numbers and outer tensors as when it was
   * recorded, or training ends with an error that names the step.
   */
  replay?: boolean;
}
