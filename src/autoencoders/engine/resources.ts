// Weights and optimizer state as resources of TensorFlow, changed by its own update ops.
import * as tf from "@tensorflow/tfjs-node";
import {
  type Attribute,
  backend,
  boolAttribute,
  effect,
  op,
  shapeAttribute,
  stringAttribute,
  typeAttribute,
} from "./backend";
import { type Gradients, named, ReplayableOptimizer, type UpdateRule } from "./optimizer";

/** The boolean attributes of a rule's op. */
export const flagsOf = ({ flags }: UpdateRule): Attribute[] =>
  Object.entries(flags).map(([name, value]) => boolAttribute(name, value));

interface Resources {
  weights: tf.Tensor;
  slots: tf.Tensor[];
  /** Data of the variable after our last update; other data means that the user assigned it. */
  dataId?: object;
}

let created = 0;

function resource(value: tf.Tensor): tf.Tensor {
  const dtype = typeAttribute("dtype");
  const handle = op(
    "VarHandleOp",
    [],
    stringAttribute("container", ""),
    stringAttribute("shared_name", `optimizer${created++}`),
    dtype,
    shapeAttribute("shape", value.shape),
  );
  effect("AssignVariableOp", [handle, value], dtype);
  return tf.keep(handle);
}

const read = (handle: tf.Tensor) => op("ReadVariableOp", [handle], typeAttribute("dtype"));

function free({ weights, slots }: Resources): void {
  for (const handle of [weights, ...slots]) {
    effect("DestroyResourceOp", [handle], boolAttribute("ignore_lookup_error", true));
    handle.dispose();
  }
}

/**
 * Frees the state of an optimizer that was garbage-collected undisposed; TensorFlow never would.
 */
const abandoned = new FinalizationRegistry((resources: Map<string, Resources>) => {
  if (tf.getBackend() === "tensorflow") resources.forEach(free);
});

export abstract class ResourceOptimizer extends ReplayableOptimizer {
  private readonly resources = new Map<string, Resources>();
  /** Downloads the slots that a replayed step owns, by variable. */
  private readonly transferred = new Map<string, () => tf.Tensor[]>();

  constructor(learningRate: number) {
    super(learningRate);
    backend();
    abandoned.register(this, this.resources);
  }

  protected override setSlots(variable: tf.Variable, slots: tf.Tensor[]): void {
    this.hold(variable.name, variable, slots);
  }

  private hold(name: string, variable: tf.Variable, slots: tf.Tensor[]): Resources {
    this.release(name);
    const held = {
      weights: resource(variable),
      slots: slots.map(resource),
      dataId: variable.dataId,
    };
    this.resources.set(name, held);
    return held;
  }

  private resourcesOf(name: string, variable: tf.Variable): Resources {
    const held = this.resources.get(name);
    if (!held)
      return this.hold(
        name,
        variable,
        this.rule.slots.map(() => tf.zeros(variable.shape)),
      );
    if (variable.dataId !== held.dataId)
      effect("AssignVariableOp", [held.weights, variable], typeAttribute("dtype"));
    return held;
  }

  applyGradients(gradients: Gradients): void {
    this.steps += 1;
    const { registeredVariables } = tf.engine();
    tf.tidy(() => {
      const numbers = this.numbers(this.steps).map((v) => tf.scalar(v));
      for (const [name, gradient] of named(gradients)) {
        if (gradient === null) continue;
        const variable = registeredVariables[name];
        const held = this.resourcesOf(name, variable);
        effect(
          this.rule.op,
          this.rule.inputs(held.weights, held.slots, numbers, gradient),
          typeAttribute("T"),
          boolAttribute("use_locking", false),
          ...flagsOf(this.rule),
        );
        variable.assign(read(held.weights));
        held.dataId = variable.dataId;
      }
    });
    this.incrementIterations();
  }

  private slotsOf({ name, shape }: tf.Variable): tf.Tensor[] {
    const download = this.transferred.get(name);
    if (download) return download();
    return this.resources.get(name)?.slots.map(read) ?? this.rule.slots.map(() => tf.zeros(shape));
  }

  /** Transfers ownership of a variable's slots to a replayed step; `download` reads them back. */
  transferSlots(variable: tf.Variable, download: () => tf.Tensor[]): tf.Tensor[] {
    const slots = this.slotsOf(variable);
    this.release(variable.name);
    this.transferred.set(variable.name, download);
    return slots;
  }

  /** Tells if the replayed step with this `download` owns the slots. */
  hasTransferred({ name }: tf.Variable, download: () => tf.Tensor[]): boolean {
    return this.transferred.get(name) === download;
  }

  /** Takes over the slots of a variable from the replayed step with this `download`. */
  reclaimSlots(variable: tf.Variable, download: () => tf.Tensor[]): void {
    if (!this.hasTransferred(variable, download)) return;
    this.transferred.delete(variable.name);
    if (!variable.isDisposed) tf.tidy(() => void this.hold(variable.name, variable, download()));
  }

  /**
   * State for a checkpoint: the count `steps`, and the slots by parameter name, as `W1/mean`. The
   * caller disposes of it.
   */
  state(parameters: Record<string, tf.Variable>): Record<string, tf.Tensor> {
    const state: Record<string, tf.Tensor> = { steps: tf.scalar(this.steps, "int32") };
    for (const [name, variable] of Object.entries(parameters)) {
      if (!this.resources.has(variable.name) && !this.transferred.has(variable.name)) continue;
      const slots = this.slotsOf(variable);
      this.rule.slots.forEach((slot, i) => {
        state[`${name}/${slot}`] = slots[i];
      });
    }
    return state;
  }

  private release(name: string): void {
    const held = this.resources.get(name);
    if (!held) return;
    free(held);
    this.resources.delete(name);
  }

  override dispose(): void {
    for (const name of [...this.resources.keys()]) this.release(name);
    this.transferred.clear();
  }
}
