// Arithmetic that our optimizers share, on TensorFlow's resources and on the heap of a browser.
import * as tf from "@tensorflow/tfjs-node";
import { requireNumber, requireShape } from "../preconditions";

/** An update of weights, for tensors, graph nodes and the web engine. */
export interface UpdateRule {
  /** The name of TensorFlow's op. */
  op: string;
  /** Its boolean attributes. */
  flags: Record<string, boolean>;
  /** Names of the state of each weight. */
  slots: readonly string[];
  /** The op's inputs in its order. */
  inputs<T>(weights: T, slots: T[], numbers: T[], gradient: T): T[];
}

/** Gradients as tfjs hands them to an optimizer. */
export type Gradients = tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[];

/** Gradients as pairs of a variable's name and a tensor. */
export const named = (gradients: Gradients): (readonly [string, tf.Tensor])[] =>
  Array.isArray(gradients)
    ? gradients.map((g) => [g.name, g.tensor] as const)
    : Object.entries(gradients);

/** An optimizer whose update is a rule, and whose count and slots a checkpoint holds. */
export abstract class ReplayableOptimizer extends tf.Optimizer {
  abstract readonly rule: UpdateRule;
  /** Updates done. */
  steps = 0;

  constructor(public learningRate: number) {
    requireNumber(learningRate, "learningRate", "a rate of at least 0", (v) => v >= 0);
    super();
  }

  /** The numbers of update `step`, from 1, in the rule's order. */
  abstract numbers(step: number): number[];

  /** Gives a variable these slots, which are copied. */
  protected abstract setSlots(variable: tf.Variable, slots: tf.Tensor[]): void;

  /** Restores what `state` gave; throws, changing nothing, on a missing part or another shape. */
  restore(parameters: Record<string, tf.Variable>, state: Record<string, tf.Tensor>): void {
    const part = (name: string, shape: number[]) => {
      const tensor: tf.Tensor | undefined = state[name];
      requireShape(
        tensor,
        shape,
        `the optimizer's "${name}"`,
        "save optimizer.state(parameters) with the checkpoint",
      );
      return tensor;
    };
    const steps = part("steps", []).dataSync()[0];
    const parts = Object.entries(parameters).map(([name, variable]) => ({
      variable,
      slots: this.rule.slots.map((slot) => part(`${name}/${slot}`, variable.shape)),
    }));
    this.dispose();
    this.steps = steps;
    for (const { variable, slots } of parts) this.setSlots(variable, slots);
  }
}
