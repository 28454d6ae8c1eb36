import "./engine/compat";
import * as tf from "@tensorflow/tfjs-node";
import { cellSignal } from "./cell-signal";
import type { Checkpoint } from "./checkpoint";
import { Adam, type BatchRef, fastKernels, type ResourceOptimizer } from "./engine";
import type { Objective, Step, TrainOptions } from "./objective";
import {
  requireExamples,
  requireFunction,
  requireInteger,
  requireNumber,
  requireParameters,
  requireShape,
} from "./preconditions";
import { defaultSeed, random } from "./random";
import { Stepper, summary } from "./stepper";

/** float32 holds no rate above it. */
const greatestRate = 3.4e38;
const eventLoop = () => new Promise((turn) => setImmediate(turn));

/**
 * Restores a checkpoint's weights and optimizer state; throws, changing nothing, if they do not
 * fit.
 */
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
    requireShape(
      saved?.[name],
      shape,
      `from.parameters.${name}`,
      "load the checkpoint of this model",
    );
  const stateful = Object.keys(state).length > 0;
  // tfjs calls every optimizer an instance of any other.
  if (stateful && !("restore" in optimizer))
    throw new TypeError(
      `from.optimizer must belong to Adam, Momentum or Sgd, got ${optimizer.getClassName()} as the optimizer; leave its state out, or train with one of these`,
    );
  if (stateful) (optimizer as ResourceOptimizer).restore(Object.fromEntries(parameters), state);
  for (const [name, parameter] of parameters)
    if (saved[name] !== parameter) parameter.assign(saved[name]);
}

/** Rows gathered at a time, about: one copy of a row an epoch, and no copy of the set. */
const rowsInBlock = 4096;

/** Sets the rate of a step; throws on one that no step can take. */
function setRate(optimizer: tf.Optimizer, rate: number, step: number): void {
  requireNumber(
    rate,
    `learningRate at step ${step}`,
    "a rate from 0 to below 3.4e38",
    (v) => v >= 0 && v <= greatestRate,
  );
  const adjustable = optimizer as unknown as {
    learningRate: number;
    setLearningRate?: (rate: number) => void;
  };
  if (adjustable.setLearningRate) adjustable.setLearningRate(rate);
  else adjustable.learningRate = rate;
}

/** Options of `train` on `n` examples with their defaults; throws on unusable ones. */
function checked(options: TrainOptions, parameters: Record<string, tf.Variable>, n: number) {
  const {
    epochs,
    batchSize,
    learningRate,
    constrain = {},
    from: checkpoint,
    seed = checkpoint?.seed ?? defaultSeed(),
    signal = cellSignal(),
  } = options ?? ({} as TrainOptions);
  requireInteger(epochs, "epochs", 0);
  requireInteger(batchSize, "batchSize", 1);
  const size = Math.min(batchSize, n);
  if (typeof learningRate !== "function")
    requireNumber(learningRate, "learningRate", "a rate above 0", (v) => v > 0);
  const rate = typeof learningRate === "function" ? learningRate : () => learningRate;
  for (const [name, constraint] of Object.entries(constrain)) {
    if (!parameters[name])
      throw new RangeError(
        `constrain must name parameters, got "${name}"; the parameters are ${Object.keys(parameters).join(", ")}`,
      );
    requireFunction(constraint, `constrain.${name}`, "(parameter) => tensor");
  }

  const perEpoch = Math.ceil(n / size);
  if ((checkpoint?.step ?? 0) > epochs * perEpoch)
    throw new RangeError(
      `from.step must be at most ${epochs * perEpoch}, the last step of ${epochs} epochs of ${perEpoch} steps, got ${checkpoint?.step}; give more epochs, or the batch size of that run`,
    );
  return { perEpoch, size, rate, epochs, constrain, seed, signal, checkpoint };
}

/**
 * The batches after step `done`, each epoch in a new order drawn from `seed`, as parts of blocks of
 * rows that are gathered together and disposed of after their last batch.
 */
function* shuffledBatches(
  x: tf.Tensor2D,
  { perEpoch, size, epochs, seed, signal }: ReturnType<typeof checked>,
  done: number,
): Generator<BatchRef> {
  const [n] = x.shape;
  const order = random(seed);
  const inBlock = size * Math.max(1, Math.floor(rowsInBlock / size));
  let step = done;
  let block: tf.Tensor2D | undefined;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permutation = size < n && order.permutation(n);
      let start = (step - epoch * perEpoch) * size;
      for (let from = start; from < n; from += size) {
        signal?.throwIfAborted();
        requireExamples(x, "x"); // it is the reader's, who may have disposed of it
        if (permutation && (!block || from === start + inBlock)) {
          block?.dispose();
          start = from;
          block = tf.tidy(() =>
            tf.gather(x, tf.tensor1d(permutation.subarray(start, start + inBlock), "int32")),
          );
        }
        step += 1;
        const rows = Math.min(size, n - from);
        yield { block: block ?? x, offset: from - start, rows, step, epoch };
      }
      block?.dispose();
      block = undefined;
    }
  } finally {
    block?.dispose();
  }
}

/**
 * Minimizes an objective by minibatch steps and yields each one.
 *
 * Each epoch visits the rows of `x` [n, d] in a new order drawn from `seed`; the last batch may be
 * smaller. The gradient of the sum of the terms updates the parameters in place. The event loop
 * turns once a step. `learningRate` is a rate or a schedule of the step; `optimizer` defaults to
 * Adam; `constrain` maps a parameter's name to a function of its value, applied after each update.
 * `break` and `return` end training and free what it used. `from` resumes: with the optimizer's
 * `state` in the checkpoint, by the same numbers as an unbroken run of the same options.
 *
 * Steps are recorded and replayed (see `TrainOptions.replay`). The objective is still called once a
 * step, but on tensors without numbers: it must depend on the batch, `at`, the parameters, and
 * outer tensors and variables alone. State of its own, such as a counter, either shows in its first
 * two calls, and steps run eagerly with a warning; or it ends training with an error at the step
 * where it first changes what is computed. Weights are downloaded when they are read.
 *
 * Throws on unusable arguments or terms; on a loss or gradient that is not finite, before the
 * update; on weights that are not finite after the last step; and the signal's reason when
 * `signal`, or in a notebook the interrupt button, aborts. Parameters keep what they had learned.
 */
export async function* train(
  objective: Objective,
  parameters: Record<string, tf.Variable>,
  x: tf.Tensor,
  options: TrainOptions,
): AsyncGenerator<Step> {
  requireFunction(objective, "objective", "(x, at) => terms");
  const entries = requireParameters(parameters);
  requireExamples(x, "x");
  const run = checked(options, parameters, x.shape[0]);
  const { rate, constrain, seed, checkpoint } = run;
  fastKernels();
  const optimizer = options.optimizer ?? new Adam();
  if (checkpoint) resume(checkpoint, entries, optimizer, seed);
  const steps = new Stepper(
    { objective, parameters, entries, optimizer, constrain, seed, x },
    options.replay,
    run.epochs * run.perEpoch,
  );
  let speed = 0;
  try {
    let begin = performance.now();
    for (const batch of shuffledBatches(x, run, checkpoint?.step ?? 0)) {
      const { rows, step, epoch } = batch;
      setRate(optimizer, rate(step), step);
      const numbers = steps.take(batch);
      await eventLoop();
      const perSecond = (1000 * rows) / (performance.now() - begin);
      speed = speed === 0 ? perSecond : 0.95 * speed + 0.05 * perSecond;
      yield { step, epoch, ...summary(steps.names, numbers), examplesPerSecond: speed };
      begin = performance.now();
    }
  } finally {
    if (!options.optimizer) optimizer.dispose(); // first, so that no step gives its state back
    steps.end();
  }
  for (const [name, parameter] of entries)
    if (!tf.tidy(() => tf.isFinite(parameter).all().dataSync()[0]))
      throw new RangeError(
        `parameter "${name}" must be finite after the last step, got NaN or an infinity; lower the learning rate`,
      );
}
