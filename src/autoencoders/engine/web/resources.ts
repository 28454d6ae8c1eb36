// Optimizers whose weights and state are tensors in the heap, changed in their place by our
// kernels.
import * as tf from "@tensorflow/tfjs-node";
import { type Gradients, named, ReplayableOptimizer, type UpdateRule } from "../optimizer";
import { backend, dropPackedCopies, kernels, numbersOf, pointerOf } from "./heap";

/**
 * Gives a variable numbers of its own where other tensors hold them too, so that they keep theirs.
 */
export function ownNumbers(variable: tf.Variable): void {
  if (backend().dataIdMap.get(variable.dataId).refCount === 1) return;
  const values = backend().readSync(variable.dataId) as Float32Array;
  const copy = tf.tensor(values, variable.shape);
  variable.assign(copy);
  copy.dispose();
}

/** Runs the kernel of an update rule on weights, slots and gradient where they lie. */
function update(
  { op, flags }: UpdateRule,
  numbers: number[],
  weights: tf.Tensor,
  slots: tf.TensorInfo[],
  gradient: tf.TensorInfo,
): void {
  const { adam, descend, momentum } = kernels();
  const [w, g, ...s] = [weights, gradient, ...slots].map(pointerOf);
  const n = weights.size;
  if (op === "ResourceApplyAdam") {
    const [power1, power2, rate, beta1, beta2, epsilon] = numbers;
    const corrected = (rate * Math.sqrt(1 - power2)) / (1 - power1);
    adam(w, s[0], s[1], g, n, corrected, beta1, beta2, epsilon);
  } else if (op === "ResourceApplyMomentum")
    momentum(w, s[0], g, n, numbers[0], numbers[1], flags.use_nesterov ? 1 : 0);
  else descend(w, g, n, numbers[0]);
}

/** Frees the state of an optimizer that was collected without having been disposed of. */
const abandoned = new FinalizationRegistry((slots: Map<string, tf.TensorInfo[]>) => {
  for (const name of [...slots.keys()]) release(slots, name);
});

// Slots are in the heap, but no tensors of tfjs, so that a late collection changes no count of
// them.
function slotOf(shape: number[], values?: Float32Array): tf.TensorInfo {
  const slot = backend().makeOutput(shape, "float32");
  if (values) numbersOf(slot).set(values);
  else numbersOf(slot).fill(0);
  return slot;
}

function release(slots: Map<string, tf.TensorInfo[]>, name: string): void {
  for (const { dataId } of slots.get(name) ?? []) backend().disposeData(dataId);
  slots.delete(name);
}

export abstract class ResourceOptimizer extends ReplayableOptimizer {
  private readonly slots = new Map<string, tf.TensorInfo[]>();

  constructor(learningRate: number) {
    super(learningRate);
    abandoned.register(this, this.slots);
  }

  /** Changes one variable by its gradient, as update `steps`. */
  apply(variable: tf.Variable, gradient: tf.TensorInfo): void {
    ownNumbers(variable);
    update(this.rule, this.numbers(this.steps), variable, this.slotsOf(variable), gradient);
    dropPackedCopies(variable);
  }

  applyGradients(gradients: Gradients): void {
    this.steps += 1;
    const { registeredVariables } = tf.engine();
    for (const [name, gradient] of named(gradients))
      if (gradient !== null) this.apply(registeredVariables[name], gradient);
    this.incrementIterations();
  }

  private slotsOf({ name, shape }: tf.Variable): tf.TensorInfo[] {
    const known = this.slots.get(name);
    if (known) return known;
    const made = this.rule.slots.map(() => slotOf(shape));
    this.slots.set(name, made);
    return made;
  }

  /**
   * State for a checkpoint: the count `steps`, and the slots by parameter name, as `W1/mean`. The
   * caller disposes of it.
   */
  state(parameters: Record<string, tf.Variable>): Record<string, tf.Tensor> {
    const state: Record<string, tf.Tensor> = { steps: tf.scalar(this.steps, "int32") };
    for (const [name, variable] of Object.entries(parameters))
      this.slots.get(variable.name)?.forEach((slot, i) => {
        state[`${name}/${this.rule.slots[i]}`] = tf.tensor(numbersOf(slot).slice(), slot.shape);
      });
    return state;
  }

  protected override setSlots({ name, shape }: tf.Variable, slots: tf.Tensor[]): void {
    this.slots.set(
      name,
      slots.map((slot) => slotOf(shape, slot.dataSync<"float32">())),
    );
  }

  override dispose(): void {
    for (const name of [...this.slots.keys()]) release(this.slots, name);
  }
}
