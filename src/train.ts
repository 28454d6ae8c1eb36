import "./engine/compat";
import * as tf from "@tensorflow/tfjs-node";
import type { Checkpoint } from "./checkpoint";
import {
  Adam,
  type Draw,
  drawsOf,
  dropTape,
  type Found,
  fastKernels,
  halfSquaredNorm,
  NotFinite,
  type Replay,
  type ResourceOptimizer,
  type StepInput,
  startReplay,
  Unrecordable,
} from "./engine";
import {
  requireExamples,
  requireFunction,
  requireInteger,
  requireNumber,
  requireShape,
  shapeText,
} from "./preconditions";
import { defaultSeed, random } from "./random";
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

/** What is known after one step: losses before the update, in the objective's units; ‖gradient‖₂ over all parameters. */
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

const ambientSignal = () =>
  (globalThis as Record<symbol, unknown>)[Symbol.for("autoencoders.signal")] as AbortSignal | undefined;
const eventLoop = () => new Promise((turn) => setImmediate(turn));

function requireParameters(parameters: Record<string, tf.Variable>): [string, tf.Variable][] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length === 0)
    throw new TypeError("parameters must be a record of tf.Variable by name, got none; pass model.parameters");
  for (const [name, parameter] of entries) {
    if (!(parameter instanceof tf.Variable))
      throw new TypeError(
        `parameter "${name}" must be a tf.Variable, got ${typeof parameter}; make one with tf.variable`,
      );
    if (parameter.isDisposed)
      throw new Error(`parameter "${name}" must be live, got one that was disposed of; make the model again`);
    if (!parameter.trainable)
      throw new TypeError(`parameter "${name}" must be trainable, got a frozen variable; leave it out of parameters`);
  }
  return entries;
}

function requireTerms(terms: Terms): void {
  const entries = Object.entries(terms && typeof terms === "object" && !(terms instanceof tf.Tensor) ? terms : {});
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
    if (term.size !== 1 || term.rank !== 0)
      throw new RangeError(
        `term "${name}" must be a scalar, got shape ${shapeText(term.shape)}; average it over the batch`,
      );
    if (term.dtype !== "float32")
      throw new TypeError(`term "${name}" must be float32, got ${term.dtype}; convert it with toFloat()`);
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
      return tf.addN(Object.values(terms)) as tf.Scalar;
    };
    try {
      const variables = parameters.map(([, variable]) => variable);
      let grads: tf.NamedTensorMap;
      try {
        grads = tf.variableGrads(loss, variables).grads;
      } catch (error) {
        dropTape();
        if (!/Cannot find a connection/.test(String(error))) throw error;
        grads = {};
      }
      for (const [name, variable] of parameters)
        if (!grads[variable.name])
          throw new Error(
            `parameter "${name}" must take part in the objective, got no gradient; use it in the loss or leave it out of parameters`,
          );
      const gradients = variables.map(({ name }) => grads[name]);
      const packed = tf.stack([...kept, ...gradients.map(halfSquaredNorm)]);
      return { names: Object.keys(terms), packed, gradients } as Evaluation & tf.TensorContainerObject;
    } finally {
      for (const term of kept) term.dispose();
    }
  });
}

/** Throws when a term or a gradient is not finite, naming the step, the term and the parameter whose gradient went first (in backward order). */
function requireFinite(
  step: number,
  names: string[],
  numbers: ArrayLike<number>,
  parameters: [string, tf.Variable][],
  gradients: tf.Tensor[],
): void {
  if (Array.from(numbers).every(Number.isFinite)) return;
  const finite = (gradient: tf.Tensor) => tf.tidy(() => tf.isFinite(gradient).all().dataSync()[0] === 1);
  const went = gradients.findLastIndex((gradient) => !finite(gradient));
  const what = names
    .filter((_, i) => !Number.isFinite(numbers[i]))
    .map((name) => `term "${name}" is ${numbers[names.indexOf(name)]}`);
  if (went >= 0) what.push(`the gradient of "${parameters[went][0]}" went first`);
  else what.push("every gradient is still finite, though their norm may overflow");
  throw new RangeError(
    `step ${step}: the loss and its gradient must be finite, but ${what.join(", and ")}; the parameters keep their values from before this step: lower the learning rate, or check the input for NaN`,
  );
}

/** The constrained parameters' new values, by name; throws when one has another shape. */
function projections(parameters: Record<string, tf.Variable>, constrain: NonNullable<TrainOptions["constrain"]>) {
  return Object.fromEntries(
    Object.entries(constrain).map(([name, constraint]) => {
      const value = constraint(parameters[name]);
      if (!tf.util.arraysEqual(value.shape, parameters[name].shape))
        throw new RangeError(
          `constrain.${name} must keep the shape ${shapeText(parameters[name].shape)}, got ${shapeText(value.shape)}; return a tensor of the parameter's shape`,
        );
      return [name, value];
    }),
  );
}

function refuseConstraint(step: number, name: string): never {
  throw new RangeError(
    `step ${step}: constrain.${name} must give finite numbers, got NaN or an infinity; guard its division against zero`,
  );
}

/** Applies the constraints, all or none; throws when one gives another shape or numbers that are not finite. */
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

/** Puts a checkpoint's weights and optimizer state in place; throws, changing nothing, where they do not fit. */
function resume(
  { parameters: saved, step = 0, optimizer: state = {}, seed: savedSeed }: Checkpoint,
  parameters: [string, tf.Variable][],
  optimizer: tf.Optimizer,
  seed: number,
): void {
  requireInteger(step, "from.step", 0);
  if (savedSeed !== undefined && savedSeed !== seed)
    throw new RangeError(
      `from must be of the same run, got seed ${savedSeed} for a run of seed ${seed}; leave seed out`,
    );
  for (const [name, { shape }] of parameters)
    requireShape(saved?.[name], shape, `from.parameters.${name}`, "load the checkpoint of this model");
  const stateful = Object.keys(state).length > 0;
  // tfjs calls every optimizer an instance of any other.
  if (stateful && !("restore" in optimizer))
    throw new TypeError(
      `from.optimizer must belong to Adam, Momentum or Sgd, got ${optimizer.getClassName()} as the optimizer; leave its state out, or train with one of these`,
    );
  if (stateful) (optimizer as ResourceOptimizer).restore(Object.fromEntries(parameters), state);
  for (const [name, parameter] of parameters) if (saved[name] !== parameter) parameter.assign(saved[name]);
}

interface Setting {
  objective: Objective;
  parameters: Record<string, tf.Variable>;
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
function stepper(setting: Setting, wanted: boolean | undefined, epochs: number) {
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

  function eager({ block, offset, rows, step, epoch }: StepInput, update = true): ArrayLike<number> {
    const { packed, gradients } = tf.tidy(() => {
      const batch = block.slice([offset, 0], [rows, -1]);
      return find(batch, tf.scalar(step, "int32"), tf.scalar(epoch, "int32")) as Evaluation & tf.TensorContainerObject;
    });
    try {
      const numbers = packed.dataSync();
      requireFinite(step, names, numbers, entries, gradients);
      if (!update) return numbers;
      optimizer.applyGradients(Object.fromEntries(entries.map(([, { name }], i) => [name, gradients[i]])));
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
        if (wanted) throw new Error(`replay must be possible where it is asked for, but ${error.message}`);
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
function summary(names: string[], numbers: ArrayLike<number>): Pick<Step, "loss" | "terms" | "gradientNorm"> {
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

/** About as many rows of the set are gathered at a time: one copy of a row an epoch, and no copy of the set. */
const rowsInBlock = 4096;

function setRate(optimizer: tf.Optimizer, rate: number): void {
  const adjustable = optimizer as unknown as { learningRate: number; setLearningRate?: (rate: number) => void };
  if (adjustable.setLearningRate) adjustable.setLearningRate(rate);
  else adjustable.learningRate = rate;
}

/**
 * Minimizes an objective by minibatch steps and yields each one, so that the loop stays in the open.
 *
 * Each epoch visits the rows of `x` [n, d] in a new order drawn from `seed`; the last batch may be smaller. The gradient of the sum of the terms
 * updates the parameters in place. The event loop turns once a step. `learningRate` is a rate or a schedule of the step; `optimizer` defaults to Adam;
 * `constrain` maps a parameter's name to a function of its value, applied after each update. `break` and `return` end training and free what it used.
 * `from` goes on at its step: with Adam's `state` in the checkpoint, by the same numbers as an unbroken run of the same options.
 *
 * Throws on unusable arguments or terms; on a loss or gradient that is not finite, before the update; and the signal's reason when `signal`, or in a
 * notebook the interrupt button, aborts. Parameters keep what they had learned.
 */
export async function* train(
  objective: Objective,
  parameters: Record<string, tf.Variable>,
  x: tf.Tensor2D,
  options: TrainOptions,
): AsyncGenerator<Step> {
  requireFunction(objective, "objective", "(x, at) => terms");
  const entries = requireParameters(parameters);
  requireExamples(x, "x");
  const {
    epochs,
    batchSize,
    learningRate,
    constrain = {},
    from: checkpoint,
    seed = checkpoint?.seed ?? defaultSeed(),
    signal = ambientSignal(),
  } = options ?? ({} as TrainOptions);
  const n = x.shape[0];
  requireInteger(epochs, "epochs", 0);
  requireInteger(batchSize, "batchSize", 1);
  const size = Math.min(batchSize, n);
  const rate = typeof learningRate === "function" ? learningRate : () => learningRate;
  requireNumber(rate(1), "learningRate", "a rate above 0", (v) => v > 0);
  for (const [name, constraint] of Object.entries(constrain)) {
    if (!parameters[name])
      throw new RangeError(
        `constrain must name parameters, got "${name}"; the parameters are ${Object.keys(parameters).join(", ")}`,
      );
    requireFunction(constraint, `constrain.${name}`, "(parameter) => tensor");
  }

  fastKernels();
  const optimizer = options.optimizer ?? new Adam(rate(1));
  const order = random(seed);
  if (checkpoint) resume(checkpoint, entries, optimizer, seed);
  let step = checkpoint?.step ?? 0;
  const perEpoch = Math.ceil(n / size);
  const steps = stepper(
    { objective, parameters, entries, optimizer, constrain, seed, x, size },
    options.replay,
    epochs,
  );
  const inBlock = size * Math.max(1, Math.floor(rowsInBlock / size));
  let block: tf.Tensor2D | undefined; // the next batches, gathered together
  let speed = 0;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permutation = size < n && order.permutation(n);
      const done = step - epoch * perEpoch;
      if (done >= perEpoch) continue;
      let start = done * size;
      for (let from = start; from < n; from += size) {
        signal?.throwIfAborted();
        const begin = performance.now();
        step += 1;
        const rows = Math.min(size, n - from);
        const now = rate(step);
        requireNumber(now, `learningRate at step ${step}`, "a rate of at least 0", (v) => v >= 0);
        setRate(optimizer, now);
        if (permutation && (!block || from === start + inBlock)) {
          block?.dispose();
          start = from;
          block = tf.tidy(() => tf.gather(x, tf.tensor1d(permutation.subarray(start, start + inBlock), "int32")));
        }
        const numbers = steps.take({ block: block ?? x, offset: from - start, rows, step, epoch });
        await eventLoop();
        const perSecond = (1000 * rows) / (performance.now() - begin);
        speed = speed === 0 ? perSecond : 0.95 * speed + 0.05 * perSecond;
        yield { step, epoch, ...summary(steps.names, numbers), examplesPerSecond: speed };
      }
      block?.dispose();
      block = undefined;
    }
  } finally {
    block?.dispose();
    steps.end();
    if (!options.optimizer) optimizer.dispose();
  }
}
