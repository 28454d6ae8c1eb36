// A training step as two tapes, of the gradient and of the constraints, with the update between
// them.
import * as tf from "@tensorflow/tfjs-node";
import type { BatchRef, StepPlan } from "../graph-builder";
import { type Program, programOf } from "../guard";
import { NotFinite, type RecordedStep, type Replay, recordedSteps } from "../recorded-steps";
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

function free({ step, project }: Trace): void {
  step.dispose();
  project?.dispose();
}

function difference(known: Trace, again: Trace): string | undefined {
  const found = known.step.difference(again.step);
  if (found || !known.project || !again.project) return found;
  return known.project.difference(again.project);
}

/**
 * Replays the steps of a plan as tapes, one for each batch size. Weights stay in their variables.
 */
export function startReplay(plan: StepPlan): Replay {
  const { parameters } = plan;
  const optimizer = plan.optimizer as unknown as ResourceOptimizer;
  for (const [, variable] of parameters) ownNumbers(variable);
  const traces = new Map<number, Trace>();
  const counters = ["step", "epoch"].map(() => tf.keep(tf.scalar(0, "int32")));

  /** Runs the tape of the gradient and updates the weights, unless a number is not finite. */
  function update(tape: Tape, { block, offset, rows, step, epoch }: BatchRef): Float32Array {
    const width = block.shape[1];
    const x = backend().makeOutput([rows, width], "float32");
    numbersOf(x).set(float32At(pointerOf(block) + 4 * offset * width, rows * width));
    [step, epoch].forEach((value, i) => {
      int32At(pointerOf(counters[i]), 1)[0] = value;
    });
    const inputs = { x: x.dataId, step: counters[0].dataId, epoch: counters[1].dataId };
    try {
      return tape.run(inputs, ([packed, ...gradients]) => {
        const numbers = numbersOf(packed).slice();
        if (!numbers.every(Number.isFinite)) throw new NotFinite();
        optimizer.steps += 1;
        parameters.forEach(([, variable], i) => {
          optimizer.apply(variable, gradients[i]);
        });
        return numbers;
      });
    } finally {
      backend().disposeData(x.dataId);
    }
  }

  /** Puts the constraints' values in place, all or none. */
  function constrain({ project, constrained }: Trace): void {
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
        parameters.find(([parameter]) => parameter === name)![1].assign(assigned[i]);
      });
      tf.dispose(assigned);
    });
  }

  return recordedSteps(plan, {
    record: (batch) => trace(plan, batch),
    change: difference,
    add: ({ rows }, first) => void traces.set(rows, first),
    free,
    sync() {
      for (const [name, { isDisposed }] of parameters)
        if (isDisposed)
          throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
    },
    run(batch) {
      const known = traces.get(batch.rows)!;
      const packed = update(known.step, batch);
      constrain(known);
      return packed;
    },
    close() {
      traces.forEach(free);
      tf.dispose(counters);
    },
  });
}
