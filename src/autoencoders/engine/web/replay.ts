// A training step as two tapes, of the gradient and of the constraints, with the update between
// them.
import * as tf from "@tensorflow/tfjs-node";
import type { BatchRef, RecordedStep, StepPlan } from "../graph-builder";
import { type Program, programOf } from "../guard";
import { type Machine, NotFinite, RecordedSteps, type Replay } from "../recorded-steps";
import { backend, float32At, int32At, numbersOf, pointerOf, tensorOf } from "./heap";
import { ownNumbers, type ResourceOptimizer } from "./resources";
import { record, type Tape } from "./tape";

interface Trace extends RecordedStep {
  step: Tape;
  /**
   * Names of the constrained parameters, in the order of the tape's results: values, then whether
   * each is finite.
   */
  constrained: string[];
  project?: Tape;
}

/** Takes a step's gradient eagerly and records it. */
function trace(plan: StepPlan, { block, offset, rows, step, epoch }: BatchRef): Trace {
  let made!: Trace;
  tf.tidy(() => {
    const inputs = {
      x: block.slice([offset, 0], [rows, -1]),
      step: tf.scalar(step, "int32"),
      epoch: tf.scalar(epoch, "int32"),
    };
    let program!: Program;
    const recorded = record(inputs, () => {
      const { packed, gradients } = plan.evaluate(inputs.x, inputs.step, inputs.epoch, (...at) => {
        const run = programOf(at, plan.objective);
        program = run.program;
        return run.results;
      });
      return [packed, ...gradients];
    });
    const [packed, ...gradients] = recorded.results;
    let constrained: string[] = [];
    const projection = record({}, () => {
      const values = Object.entries(plan.project());
      constrained = values.map(([name]) => name);
      return [...values.map(([, value]) => value), ...values.map(([, v]) => tf.isFinite(v).all())];
    });
    const isConstrained = constrained.length > 0;
    if (!isConstrained) projection.tape.dispose();
    made = {
      step: recorded.tape,
      constrained,
      ...(isConstrained && { project: projection.tape }),
      program,
      refusal: recorded.refusal ?? projection.refusal,
      result: { packed, gradients },
      numbers: packed.dataSync<"float32">().slice(),
    };
    return [packed, ...gradients];
  });
  return made;
}

/** Tapes, one for each batch size. Weights stay in their variables. */
class TapeMachine implements Machine<Trace> {
  readonly #optimizer: ResourceOptimizer;
  readonly #traces = new Map<number, Trace>();
  readonly #counters = ["step", "epoch"].map(() => tf.keep(tf.scalar(0, "int32")));

  constructor(private readonly plan: StepPlan) {
    this.#optimizer = plan.optimizer as unknown as ResourceOptimizer;
    for (const [, variable] of plan.parameters) ownNumbers(variable);
  }

  record(batch: BatchRef): Trace {
    return trace(this.plan, batch);
  }

  change(first: Trace, again: Trace): string | undefined {
    const found = first.step.difference(again.step);
    if (found || !first.project || !again.project) return found;
    return first.project.difference(again.project);
  }

  add({ rows }: BatchRef, first: Trace): void {
    this.#traces.set(rows, first);
  }

  free({ step, project }: Trace): void {
    step.dispose();
    project?.dispose();
  }

  sync(): void {
    for (const [name, { isDisposed }] of this.plan.parameters)
      if (isDisposed)
        throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
  }

  run(batch: BatchRef): Float32Array {
    const known = this.#traces.get(batch.rows)!;
    const packed = this.#update(known.step, batch);
    this.#constrain(known);
    return packed;
  }

  close(): void {
    this.#traces.forEach(this.free);
    tf.dispose(this.#counters);
  }

  /** Runs the tape of the gradient and updates the weights, unless a number is not finite. */
  #update(tape: Tape, { block, offset, rows, step, epoch }: BatchRef): Float32Array {
    const width = block.shape[1];
    const x = backend().makeOutput([rows, width], "float32");
    numbersOf(x).set(float32At(pointerOf(block) + 4 * offset * width, rows * width));
    const counters = this.#counters;
    [step, epoch].forEach((value, i) => {
      int32At(pointerOf(counters[i]), 1)[0] = value;
    });
    const inputs = { x: x.dataId, step: counters[0].dataId, epoch: counters[1].dataId };
    try {
      return tape.run(inputs, ([packed, ...gradients]) => {
        const numbers = numbersOf(packed).slice();
        if (!numbers.every(Number.isFinite)) throw new NotFinite();
        this.#optimizer.steps += 1;
        this.plan.parameters.forEach(([, variable], i) => {
          this.#optimizer.apply(variable, gradients[i]);
        });
        return numbers;
      });
    } finally {
      backend().disposeData(x.dataId);
    }
  }

  /** Puts the constraints' values in place, all or none. */
  #constrain({ project, constrained }: Trace): void {
    project?.run({}, (results) => {
      const values = results.slice(0, constrained.length);
      const bad = constrained.findIndex((_, i) => {
        const finite = results[constrained.length + i];
        return backend().readSync(finite.dataId)[0 as never] === 0;
      });
      if (bad >= 0) throw new NotFinite(constrained[bad]);
      const assigned = values.map((value) => {
        backend().incRef(value.dataId);
        return tensorOf(value);
      });
      constrained.forEach((name, i) => {
        this.plan.parameters.find(([parameter]) => parameter === name)![1].assign(assigned[i]);
      });
      tf.dispose(assigned);
    });
  }
}

export const startReplay = (plan: StepPlan): Replay =>
  new RecordedSteps(plan, new TapeMachine(plan));
