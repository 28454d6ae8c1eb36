import "./engine/compat";
import * as tf from "@tensorflow/tfjs-node";
import type { Checkpoint } from "./checkpoint";
import { Adam, type Draw, drawsOf, dropTape, fastKernels } from "./engine";
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
  /** Whether steps may be recorded and replayed. This version has no recorder and runs each step eagerly. */
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

/** Everything one step computes before the weights change; the caller disposes of `gradients`. */
function evaluate(objective: Objective, parameters: [string, tf.Variable][], x: tf.Tensor2D, at: At) {
  return tf.tidy(() => {
    let terms: Terms = {};
    const kept: tf.Tensor[] = [];
    const loss = () => {
      terms = objective(x, at);
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
      const norms = parameters.map(([, variable]) => tf.sum(tf.square(grads[variable.name])));
      const numbers = tf.stack([...kept, ...norms]).dataSync();
      const names = Object.keys(terms);
      return {
        terms: Object.fromEntries(names.map((name, i) => [name, numbers[i]])) as Record<string, number>,
        squaredNorms: Array.from(numbers.subarray(names.length)),
        gradients: grads,
      };
    } finally {
      for (const term of kept) term.dispose();
    }
  });
}

/** Throws when a term or a gradient is not finite, naming the step, the term and the parameter whose gradient went first (in backward order). */
function requireFinite(
  step: number,
  terms: Record<string, number>,
  squaredNorms: number[],
  parameters: [string, tf.Variable][],
  gradients: tf.NamedTensorMap,
): void {
  const badTerms = Object.entries(terms).filter(([, value]) => !Number.isFinite(value));
  if (badTerms.length === 0 && squaredNorms.every(Number.isFinite)) return;
  const finite = (name: string) => tf.tidy(() => tf.isFinite(gradients[name]).all().dataSync()[0] === 1);
  const went = [...parameters].reverse().find(([, variable]) => !finite(variable.name))?.[0];
  const what = badTerms.map(([name, value]) => `term "${name}" is ${value}`);
  if (went) what.push(`the gradient of "${went}" went first`);
  else what.push("every gradient is still finite, though their norm may overflow");
  throw new RangeError(
    `step ${step}: the loss and its gradient must be finite, but ${what.join(", and ")}; the parameters keep their values from before this step: lower the learning rate, or check the input for NaN`,
  );
}

/** Applies the constraints, all or none; throws when one gives another shape or numbers that are not finite. */
function project(step: number, parameters: Record<string, tf.Variable>, constrain: TrainOptions["constrain"] = {}) {
  const names = Object.keys(constrain);
  if (names.length === 0) return;
  tf.tidy(() => {
    const values = names.map((name) => constrain[name](parameters[name]));
    names.forEach((name, i) => {
      if (!tf.util.arraysEqual(values[i].shape, parameters[name].shape))
        throw new RangeError(
          `constrain.${name} must keep the shape ${shapeText(parameters[name].shape)}, got ${shapeText(values[i].shape)}; return a tensor of the parameter's shape`,
        );
    });
    const finite = tf.stack(values.map((value) => tf.isFinite(value).all())).dataSync();
    const bad = names.find((_, i) => !finite[i]);
    if (bad)
      throw new RangeError(
        `step ${step}: constrain.${bad} must give finite numbers, got NaN or an infinity; guard its division against zero`,
      );
    names.forEach((name, i) => {
      parameters[name].assign(values[i]);
    });
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
      `from.optimizer must belong to Adam, got ${optimizer.getClassName()} as the optimizer; leave its state out, or train with Adam`,
    );
  if (stateful) (optimizer as Adam).restore(Object.fromEntries(parameters), state);
  for (const [name, parameter] of parameters) if (saved[name] !== parameter) parameter.assign(saved[name]);
}

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
  if (options.replay) console.warn("train: replay was asked for, but this version records no steps; they run eagerly");
  let step = checkpoint?.step ?? 0;
  const perEpoch = Math.ceil(n / size);
  let speed = 0;
  let shuffled: tf.Tensor2D | undefined;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permutation = size < n && order.permutation(n);
      const done = step - epoch * perEpoch;
      if (done >= perEpoch) continue;
      if (permutation) shuffled = tf.tidy(() => tf.gather(x, tf.tensor1d(permutation, "int32")));
      for (let from = done * size; from < n; from += size) {
        signal?.throwIfAborted();
        const begin = performance.now();
        step += 1;
        const rows = Math.min(size, n - from);
        const now = rate(step);
        requireNumber(now, `learningRate at step ${step}`, "a rate of at least 0", (v) => v >= 0);
        const at = { step: tf.scalar(step, "int32"), epoch: tf.scalar(epoch, "int32") };
        const batch = shuffled ? shuffled.slice([from, 0], [rows, -1]) : x;
        let found: ReturnType<typeof evaluate> | undefined;
        try {
          found = evaluate(objective, entries, batch, { ...at, draw: drawsOf(seed, at.step) });
          requireFinite(step, found.terms, found.squaredNorms, entries, found.gradients);
          setRate(optimizer, now);
          optimizer.applyGradients(found.gradients);
          project(step, parameters, constrain);
        } finally {
          tf.dispose([at.step, at.epoch, ...(shuffled ? [batch] : []), ...Object.values(found?.gradients ?? {})]);
        }
        await eventLoop();
        const perSecond = (1000 * rows) / (performance.now() - begin);
        speed = speed === 0 ? perSecond : 0.95 * speed + 0.05 * perSecond;
        const { terms, squaredNorms } = found;
        const loss = Object.values(terms).reduce((sum, value) => sum + value, 0);
        yield {
          step,
          epoch,
          loss,
          terms,
          gradientNorm: Math.sqrt(squaredNorms.reduce((a, b) => a + b, 0)),
          examplesPerSecond: speed,
        };
      }
      shuffled?.dispose();
      shuffled = undefined;
    }
  } finally {
    shuffled?.dispose();
    if (!options.optimizer) optimizer.dispose();
  }
}
