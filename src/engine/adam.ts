import * as tf from "@tensorflow/tfjs-node";
import { requireShape } from "../preconditions";
import { backend, boolAttribute, effect, op, shapeAttribute, stringAttribute, typeAttribute } from "./backend";

interface Slots {
  weights: tf.Tensor;
  mean: tf.Tensor;
  square: tf.Tensor;
  /** The data the variable held after our last update: when it differs, the user assigned it. */
  dataId?: object;
}

let created = 0;

/**
 * Adam on TensorFlow's own update op, in place of tfjs's ten ops a variable; the same numbers.
 *
 *   m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * Source: Kingma and Ba (2015), Adam, algorithm 1.
 */
export class Adam extends tf.Optimizer {
  static readonly className = "ResourceAdam";
  private steps = 0;
  private readonly slots = new Map<string, Slots>();

  constructor(
    public learningRate = 1e-3,
    private readonly beta1 = 0.9,
    private readonly beta2 = 0.999,
    private readonly epsilon = 1e-7,
  ) {
    super();
    backend();
  }

  private resource(value: tf.Tensor): tf.Tensor {
    const dtype = typeAttribute("dtype");
    const handle = op(
      "VarHandleOp",
      [],
      stringAttribute("container", ""),
      stringAttribute("shared_name", `adam${created++}`),
      dtype,
      shapeAttribute("shape", value.shape),
    );
    effect("AssignVariableOp", [handle, value], dtype);
    return tf.keep(handle);
  }

  private newSlots(name: string, variable: tf.Variable, mean: tf.Tensor, square: tf.Tensor): Slots {
    const slots = {
      weights: this.resource(variable),
      mean: this.resource(mean),
      square: this.resource(square),
      dataId: variable.dataId,
    };
    this.slots.set(name, slots);
    return slots;
  }

  private slotsOf(name: string, variable: tf.Variable): Slots {
    const slots = this.slots.get(name);
    if (!slots) return this.newSlots(name, variable, tf.zeros(variable.shape), tf.zeros(variable.shape));
    if (variable.dataId !== slots.dataId) effect("AssignVariableOp", [slots.weights, variable], typeAttribute("dtype"));
    return slots;
  }

  applyGradients(gradients: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[]): void {
    this.steps += 1;
    const named = Array.isArray(gradients)
      ? gradients.map((g) => [g.name, g.tensor] as const)
      : Object.entries(gradients);
    const { registeredVariables } = tf.engine();
    const dtype = typeAttribute("dtype");
    tf.tidy(() => {
      const scalars = [this.beta1 ** this.steps, this.beta2 ** this.steps, this.learningRate, this.beta1, this.beta2];
      // TensorFlow adds ε before the bias correction, Adam (and tfjs) after it.
      const inputs = [...scalars, this.epsilon * Math.sqrt(1 - this.beta2 ** this.steps)].map((v) => tf.scalar(v));
      for (const [name, gradient] of named) {
        if (gradient === null) continue;
        const variable = registeredVariables[name];
        const slots = this.slotsOf(name, variable);
        effect(
          "ResourceApplyAdam",
          [slots.weights, slots.mean, slots.square, ...inputs, gradient],
          typeAttribute("T"),
          boolAttribute("use_locking", false),
          boolAttribute("use_nesterov", false),
        );
        variable.assign(op("ReadVariableOp", [slots.weights], dtype));
        slots.dataId = variable.dataId;
      }
    });
    this.incrementIterations();
  }

  /** What a checkpoint keeps, by parameter name: `W1/mean`, `W1/square` and the count `steps`; the caller disposes of it. */
  state(parameters: Record<string, tf.Variable>): Record<string, tf.Tensor> {
    const state: Record<string, tf.Tensor> = { steps: tf.scalar(this.steps, "int32") };
    const dtype = typeAttribute("dtype");
    for (const [name, { name: key }] of Object.entries(parameters)) {
      const slots = this.slots.get(key);
      if (!slots) continue;
      state[`${name}/mean`] = op("ReadVariableOp", [slots.mean], dtype);
      state[`${name}/square`] = op("ReadVariableOp", [slots.square], dtype);
    }
    return state;
  }

  /** Takes up a state that `state` gave; throws, changing nothing, where a part is missing or of another shape. */
  restore(parameters: Record<string, tf.Variable>, state: Record<string, tf.Tensor>): void {
    const part = (name: string, shape: number[]) => {
      const tensor: tf.Tensor | undefined = state[name];
      const cure = "save optimizer.state(parameters) with the checkpoint";
      requireShape(tensor, shape, `the optimizer's "${name}"`, cure);
      return tensor;
    };
    const steps = part("steps", []).dataSync()[0];
    const parts = Object.entries(parameters).map(([name, variable]) => ({
      variable,
      mean: part(`${name}/mean`, variable.shape),
      square: part(`${name}/square`, variable.shape),
    }));
    this.dispose();
    this.steps = steps;
    for (const { variable, mean, square } of parts) this.newSlots(variable.name, variable, mean, square);
  }

  override dispose(): void {
    for (const { weights, mean, square } of this.slots.values())
      for (const handle of [weights, mean, square]) {
        effect("DestroyResourceOp", [handle], boolAttribute("ignore_lookup_error", true));
        handle.dispose();
      }
    this.slots.clear();
  }

  getConfig(): { learningRate: number; beta1: number; beta2: number; epsilon: number } {
    return { learningRate: this.learningRate, beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }
}
