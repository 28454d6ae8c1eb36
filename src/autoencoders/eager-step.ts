// One training step in ordinary tfjs ops: the objective's gradient, the checks, the update, the
// constraints.
import * as tf from "@tensorflow/tfjs-node";
import { halfSquaredNorm, type StepResult } from "./engine";
import { gradientsBy } from "./gradients";
import { entryNotFinite } from "./linalg";
import type { Terms, TrainOptions } from "./objective";
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

/** Terms and half the squared gradient norms in one vector, and the gradients. */
export interface Evaluation extends StepResult {
  /** Of the terms. */
  names: string[];
}

/** Differentiates an objective; the caller disposes of `packed` and the gradients. */
export function evaluate(objective: () => Terms, parameters: [string, tf.Variable][]): Evaluation {
  return tf.tidy(() => {
    let terms: Terms = {};
    const kept: tf.Tensor[] = [];
    const loss = () => {
      terms = objective();
      requireTerms(terms);
      for (const term of Object.values(terms)) kept.push(tf.keep(term.clone()));
      return tf.addN(Object.values(terms));
    };
    try {
      const variables = parameters.map(([, variable]) => variable);
      const gradients = gradientsBy(loss, variables).map((gradient, i) => {
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
export function requireFinite(
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

/**
 * The constrained parameters' new values, by name; throws when one is no value for its parameter.
 */
export function projections(
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

export function refuseConstraint(step: number, name: string): never {
  throw new RangeError(
    `step ${step}: constrain.${name} must give finite numbers, got NaN or an infinity; guard its division against zero`,
  );
}

/**
 * Applies the constraints, all or none; throws on a wrong shape and on numbers that are not finite.
 */
export function project(
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
