// A training step as two tapes, of the gradient and of the constraints, with the update between them.
import * as tf from "@tensorflow/tfjs-node";
import type { Replay } from "../replay";
import type { StepInput, StepPlan } from "../step-graph";
import { backend, float32At, int32At, numbersOf, pointerOf, tensorOf } from "./heap";
import { ownNumbers, type ResourceOptimizer } from "./resources";
import { record, type Tape, Unrecordable } from "./tape";

export type { Replay };

/** Thrown where a number of the step is not finite, or the new value of the named constraint. */
export class NotFinite extends Error {
  constructor(readonly constraint?: string) {
    super(`${constraint ?? "the step"} is not finite`);
  }
}

interface Trace {
  find: Tape;
  /** Names of the constrained parameters, in the order of the tape's results: values, then whether each is finite. */
  constrained: string[];
  project?: Tape;
  packed: Float32Array;
}

/** Takes a step's gradient eagerly and records it. */
function trace(plan: StepPlan, { block, offset, rows, step, epoch }: StepInput): Trace {
  let made!: Trace;
  tf.tidy(() => {
    const inputs = {
      x: block.slice([offset, 0], [rows, -1]),
      step: tf.scalar(step, "int32"),
      epoch: tf.scalar(epoch, "int32"),
    };
    const find = record(inputs, () => {
      const { packed, gradients } = plan.find(inputs.x, inputs.step, inputs.epoch);
      return [packed, ...gradients];
    });
    const packed = find.results[0].dataSync() as Float32Array;
    made = { find: find.tape, constrained: [], packed };
    const project = record({}, () => {
      const values = Object.entries(plan.project());
      made.constrained = values.map(([name]) => name);
      return [...values.map(([, value]) => value), ...values.map(([, v]) => tf.isFinite(v).all())];
    });
    if (made.constrained.length > 0) made.project = project.tape;
    else project.tape.dispose();
  });
  return made;
}

function free({ find, project }: Trace): void {
  find.dispose();
  project?.dispose();
}

function difference(known: Trace, again: Trace): string | undefined {
  const found = known.find.difference(again.find);
  if (found || !known.project || !again.project) return found;
  return known.project.difference(again.project);
}

/** Recorded steps, one for each batch size; `first` are inputs of these sizes. Weights stay in their variables. */
export function startReplay(plan: StepPlan, first: StepInput[]): Replay {
  const { parameters } = plan;
  const optimizer = plan.optimizer as unknown as ResourceOptimizer;
  for (const [, variable] of parameters) ownNumbers(variable);
  const traces = new Map<number, Trace & { unverified: number }>();
  try {
    for (const input of first) traces.set(input.rows, { ...trace(plan, input), unverified: 0 });
  } catch (error) {
    traces.forEach(free);
    throw error;
  }
  const verified = new Set<number>(); // batch sizes whose replay was compared with an eager step
  const counters = ["step", "epoch"].map(() => tf.keep(tf.scalar(0, "int32")));

  /** The numbers of an eager step on the same batch, which must have the record's calls. */
  function eager(input: StepInput): Float32Array {
    const known = traces.get(input.rows)!;
    const again = trace(plan, input);
    const why = difference(known, again);
    free(again);
    if (!why) return again.packed;
    const changed = `${why} from step to step`;
    if (known.unverified === 0) throw new Unrecordable(changed);
    throw new Error(
      `step ${input.step}: the objective must stay as it was when its steps were recorded, but ${changed}; derive what changes from at.step, at.epoch, at.draw or a tf.Variable, or train with { replay: false }`,
    );
  }

  /** Runs the tape of the gradient and updates the weights, unless a number is not finite. */
  function update({ find }: Trace, { block, offset, rows, step, epoch }: StepInput): Float32Array {
    const width = block.shape[1];
    const x = backend().makeOutput([rows, width], "float32");
    numbersOf(x).set(float32At(pointerOf(block) + 4 * offset * width, rows * width));
    [step, epoch].forEach((value, i) => {
      int32At(pointerOf(counters[i]), 1)[0] = value;
    });
    const inputs = { x: x.dataId, step: counters[0].dataId, epoch: counters[1].dataId };
    try {
      return find.run(inputs, ([packed, ...gradients]) => {
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

  return {
    step(input, verify) {
      for (const [name, { isDisposed }] of parameters)
        if (isDisposed)
          throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
      const known = traces.get(input.rows)!;
      const expected = verify || !verified.has(input.rows) ? eager(input) : undefined;
      const packed = update(known, input);
      constrain(known);
      known.unverified = expected ? 0 : known.unverified + 1;
      if (expected) {
        verified.add(input.rows);
        const name = plan.difference(expected, packed);
        if (name) throw new Error(`step ${input.step}: ${name}`);
      }
      return packed;
    },
    close() {
      traces.forEach(free);
      tf.dispose(counters);
    },
  };
}
