// What a step is, and who takes it: the objective's gradient, the checks, the update, eagerly or by replay.
import * as tf from "@tensorflow/tfjs-node";
import {
  drawsOf,
  type Found,
  halfSquaredNorm,
  NotFinite,
  type Replay,
  type ResourceOptimizer,
  type StepInput,
  startReplay,
  Unrecordable,
} from "./engine";
import { gradientsBy } from "./gradients";
import { entryNotFinite } from "./linalg";
import type { Objective, Step, Terms, TrainOptions } from "./objective";
import { shapeText } from "./preconditions";

function requireTerms(terms: Terms): void {
  const entries = Object.entries(
    terms && typeof terms === "object" && !(terms instanceof tf.Tensor) ? terms : {},
  );
  if (entries.length === 0)
    throw new TypeError(
      "the objective must return its terms by name, got none; return for example { squaredError: squaredError(x, xHat) }",
    );
  for (const [name, term] of entries) {
    if (!(term instanceof tf.Tensor))
      throw new TypeError(
        `term "${name}" must be a scalar tensor, got ${typeof term}; compute it with tensor operations so that it has a gradient`,
      );
    if (term.isDisposed)
      throw new Error(
        `term "${name}" must be a live scalar, got a tensor that was disposed of; leave disposal to train`,
      );
    if (term.rank !== 0)
      throw new RangeError(
        `term "${name}" must be a scalar, got shape ${shapeText(term.shape)}; average it over the batch`,
      );
    if (term.dtype !== "float32")
      throw new TypeError(
        `term "${name}" must be float32, got ${term.dtype}; convert it with toFloat()`,
      );
  }
}

/** What a step finds before the weights change: terms, then half the squared gradient norms, in one vector, and the gradients. */
interface Evaluation extends Found {
  names: string[];
}

/** Differentiates the objective; the caller disposes of what it gets. */
function evaluate(
  objective: Objective,
  parameters: [string, tf.Variable][],
  seed: number,
  x: tf.Tensor2D,
  step: tf.Tensor,
  epoch: tf.Tensor,
): Evaluation {
  return tf.tidy(() => {
    let terms: Terms = {};
    const kept: tf.Tensor[] = [];
    const loss = () => {
      terms = objective(x, { step, epoch, draw: drawsOf(seed, step) });
      requireTerms(terms);
      for (const term of Object.values(terms)) kept.push(tf.keep(term.clone()));
      return tf.addN(Object.values(terms));
    };
    try {
      const found = gradientsBy(
        loss,
        parameters.map(([, variable]) => variable),
      );
      const gradients = found.map((gradient, i) => {
        if (gradient) return gradient;
        throw new Error(
          `parameter "${parameters[i][0]}" must take part in the objective, got no gradient; use it in the loss or leave it out of parameters`,
        );
      });
      const packed = tf.stack([...kept, ...gradients.map(halfSquaredNorm)]);
      return { names: Object.keys(terms), packed, gradients } as Evaluation &
        tf.TensorContainerObject;
    } finally {
      for (const term of kept) term.dispose();
    }
  });
}

/**
 * Throws when a term or a gradient is not finite, naming the step, the term, the parameter whose
 * gradient went first (in backward order), and the entry of x that is not finite, if there is one.
 */
function requireFinite(
  step: number,
  names: string[],
  numbers: ArrayLike<number>,
  parameters: [string, tf.Variable][],
  gradients: tf.Tensor[],
  x: tf.Tensor2D,
): void {
  if (Array.from(numbers).every(Number.isFinite)) return;
  const finite = (gradient: tf.Tensor) =>
    tf.tidy(() => tf.isFinite(gradient).all().dataSync()[0] === 1);
  const went = gradients.findLastIndex((gradient) => !finite(gradient));
  const what = names.flatMap((name, i) =>
    Number.isFinite(numbers[i]) ? [] : `term "${name}" is ${numbers[i]}`,
  );
  if (went >= 0) what.push(`the gradient of "${parameters[went][0]}" went first`);
  else what.push("every gradient is still finite, though their norm may overflow");
  const entry = entryNotFinite(x);
  const cure = entry
    ? `x holds ${entry.value} at row ${entry.row}, column ${entry.column}: fill such entries or leave their rows out`
    : "lower the learning rate";
  throw new RangeError(
    `step ${step}: the loss and its gradient must be finite, but ${what.join(", and ")}; the parameters keep their values from before this step: ${cure}`,
  );
}

/** The constrained parameters' new values, by name; throws when one is no value for its parameter. */
function projections(
  parameters: Record<string, tf.Variable>,
  constrain: NonNullable<TrainOptions["constrain"]>,
) {
  return Object.fromEntries(
    Object.entries(constrain).map(([name, constraint]) => {
      const value: unknown = constraint(parameters[name]);
      const { shape } = parameters[name];
      if (
        !(value instanceof tf.Tensor) ||
        value.dtype !== "float32" ||
        !tf.util.arraysEqual(value.shape, shape)
      ) {
        const got =
          value instanceof tf.Tensor ? `${value.dtype} ${shapeText(value.shape)}` : typeof value;
        throw new RangeError(
          `constrain.${name} must give a float32 tensor of shape ${shapeText(shape)}, got ${got}; return the parameter's new value`,
        );
      }
      return [name, value.clone()]; // it may be a parameter itself
    }),
  );
}

function refuseConstraint(step: number, name: string): never {
  throw new RangeError(
    `step ${step}: constrain.${name} must give finite numbers, got NaN or an infinity; guard its division against zero`,
  );
}

/** Applies the constraints, all or none; throws when one gives no value for its parameter or numbers that are not finite. */
function project(
  step: number,
  parameters: Record<string, tf.Variable>,
  constrain: NonNullable<TrainOptions["constrain"]>,
): void {
  if (Object.keys(constrain).length === 0) return;
  tf.tidy(() => {
    const values = Object.entries(projections(parameters, constrain));
    const finite = tf.stack(values.map(([, value]) => tf.isFinite(value).all())).dataSync();
    const bad = values.find((_, i) => !finite[i]);
    if (bad) refuseConstraint(step, bad[0]);
    for (const [name, value] of values) parameters[name].assign(value);
  });
}

interface Setting {
  objective: Objective;
  parameters: Record<string, tf.Variable>;
  /** The parameters, in order. */
  entries: [string, tf.Variable][];
  optimizer: tf.Optimizer;
  constrain: NonNullable<TrainOptions["constrain"]>;
  seed: number;
  x: tf.Tensor2D;
  /** Rows of a whole batch. */
  size: number;
}

/** Recording costs some twenty steps, so that a shorter run does without it. */
const [fewestSteps, firstReplayed] = [32, 3];
/** How often a recorded step is compared with the step that the objective would take now. */
const verifyEvery = 256;
const said = new Set<string>();

/** Takes steps one by one: eagerly, or by replay once that is worth it. */
export function stepper(setting: Setting, wanted: boolean | undefined, epochs: number) {
  const { objective, parameters, entries, optimizer, constrain, seed, x, size } = setting;
  const total = epochs * Math.ceil(x.shape[0] / size);
  let [replaying, from] = [wanted ?? total >= fewestSteps, wanted ? 1 : firstReplayed];
  let replay: Replay | undefined;
  let names: string[] = [];

  function find(x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor): Evaluation {
    const found = evaluate(objective, entries, seed, x, step, epoch);
    names = found.names;
    return found;
  }

  function eager(
    { block, offset, rows, step, epoch }: StepInput,
    update = true,
  ): ArrayLike<number> {
    const { packed, gradients } = tf.tidy(() => {
      const batch = block.slice([offset, 0], [rows, -1]);
      return find(batch, tf.scalar(step, "int32"), tf.scalar(epoch, "int32")) as Evaluation &
        tf.TensorContainerObject;
    });
    try {
      const numbers = packed.dataSync();
      requireFinite(step, names, numbers, entries, gradients, x);
      if (!update) return numbers;
      optimizer.applyGradients(
        Object.fromEntries(entries.map(([, { name }], i) => [name, gradients[i]])),
      );
      project(step, parameters, constrain);
      return numbers;
    } finally {
      tf.dispose([packed, gradients]);
    }
  }

  function difference(eager: Float32Array, replayed: Float32Array): string | undefined {
    const scale = Math.max(...names.map((_, i) => Math.abs(eager[i])));
    const wrong = names.findIndex(
      (_, i) => Math.abs(eager[i] - replayed[i]) > 1e-3 * Math.abs(eager[i]) + 1e-5 * scale,
    );
    if (wrong < 0) return undefined;
    return `term "${names[wrong]}" must be the same eager and replayed, got ${eager[wrong]} and ${replayed[wrong]}; train with { replay: false }`;
  }

  function start(): void {
    // tfjs calls every optimizer an instance of any other.
    if (!("rule" in optimizer))
      throw new Unrecordable(
        `${optimizer.getClassName()} keeps its state in JavaScript; autoencoders has Adam, Momentum and Sgd`,
      );
    const sizes = [...new Set([size, x.shape[0] % size || size])];
    const project = () => projections(parameters, constrain);
    replay = startReplay(
      { parameters: entries, optimizer: optimizer as ResourceOptimizer, find, project, difference },
      sizes.map((rows) => ({ block: x, offset: 0, rows, step: 1, epoch: 0 })),
    );
  }

  function end(): void {
    replay?.close();
    replay = undefined;
  }

  return {
    get names() {
      return names;
    },
    end,
    /** Returns the terms, then half the squared gradient norms. */
    take(input: StepInput): ArrayLike<number> {
      if (!replaying || input.step < from) return eager(input);
      try {
        if (!replay) start();
        return replay!.step(input, input.step % verifyEvery === 0 || input.step === total);
      } catch (error) {
        if (error instanceof NotFinite) {
          if (error.constraint) refuseConstraint(input.step, error.constraint);
          eager(input, false); // which throws, and says what it was
        }
        if (!(error instanceof Unrecordable)) throw error;
        end();
        if (wanted)
          throw new Error(`replay must be possible where it is asked for, but ${error.message}`);
        const reason = `train: steps run eagerly, because ${error.message}`;
        if (!said.has(reason)) console.warn(reason);
        said.add(reason);
        replaying = false;
        return eager(input);
      }
    },
  };
}

/** What a step shows of its numbers: the loss, the terms, and the norm of the gradient. */
export function summary(
  names: string[],
  numbers: ArrayLike<number>,
): Pick<Step, "loss" | "terms" | "gradientNorm"> {
  let [loss, halfSquares] = [0, 0];
  const terms: Record<string, number> = {};
  for (let i = 0; i < numbers.length; i++) {
    if (i >= names.length) halfSquares += numbers[i];
    else {
      terms[names[i]] = numbers[i];
      loss += numbers[i];
    }
  }
  return { loss, terms, gradientNorm: Math.sqrt(2 * halfSquares) };
}
