import * as tf from "@tensorflow/tfjs-node";
import { gradientsBy } from "./gradients";
import { requireFunction, requireInteger, requireParameters, shapeText } from "./preconditions";
import { defaultSeed, random } from "./random";

/** The entry of a gradient where the derivative and the difference quotient disagree most. */
export interface GradientCheck {
  /**
   * ``|analytic − numeric| / max(|analytic|, |numeric|, floor)``, the largest of all entries looked
   * at; ``∞`` where one is not finite.
   */
  worst: number;
  /** Which entry that is: the parameter's name and the entry's index along each axis. */
  where: { parameter: string; index: number[] };
  /** Its derivative by automatic differentiation. */
  analytic: number;
  /** Its derivative by central differences. */
  numeric: number;
  /** Number of checked entries. */
  checked: number;
}

/** Options of `gradientCheck`. */
export interface GradientCheckOptions {
  /**
   * Entries looked at in each parameter, 20 unless given: all of a smaller one, else a sample, with
   * the steepest one in it.
   */
  entries?: number;
  /** Seed of the sample; that of `AE_SEED`, or 1, unless given. */
  seed?: number;
}

const epsilon = 2 ** -23;
const firstStep = 0.08;
const halvings = 6;
/**
 * Two quotients agree when they differ by no more than this many times the rounding noise of the
 * finer one.
 */
const agreement = 3;
/**
 * Below this many times the rounding noise of the quotient, and below this share of the parameter's
 * steepest entry, errors are absolute.
 */
const noiseMultiple = 300;
const share = 0.01;

/**
 * Compares the gradient of a scalar function with central differences, entry by entry, and returns
 * the worst disagreement.
 *
 * Each quotient ``(f(w + s) − f(w − s))/2s`` is taken at steps ``s = 0.08 max(1, |w|)`` and six
 * times halved, extrapolated to ``s = 0`` by Richardson's rule, and read at the longest step that
 * all shorter ones agree with up to rounding. float32 leaves a disagreement of about 1e-3; a wrong
 * sign gives 2, a missing factor of 2 gives ``½``. A kink closer than the shortest step, 0.001, can
 * be taken for a fault. `f` must be deterministic: draw its noise once, outside. The parameters are
 * left as they were. Throws if f is not deterministic, not finite or no scalar. Source: Ridders
 * (1982).
 */
export function gradientCheck(
  f: (parameters: Record<string, tf.Variable>) => tf.Tensor,
  parameters: Record<string, tf.Variable>,
  { entries = 20, seed = defaultSeed() }: GradientCheckOptions = {},
): GradientCheck {
  requireFunction(f, "f", "of the parameters");
  requireInteger(entries, "entries", 1);
  const variables = requireParameters(parameters);
  for (const [name, variable] of variables)
    if (!tf.tidy(() => tf.isFinite(variable).all().dataSync()[0]))
      throw new RangeError(
        `parameter "${name}" must hold finite numbers, got NaN or an infinity; set it anew`,
      );
  const evaluate = () => tf.tidy(() => requireScalar(f(parameters)).asScalar().arraySync());
  const rounding = epsilon * Math.abs(requireDeterministic(evaluate));
  const gradients = analyticGradients(() => requireScalar(f(parameters)), variables);
  const draw = random(seed, "gradient check");
  const checks = variables.flatMap(([parameter, variable]) => {
    const chosen = sample(gradients[parameter], entries, draw);
    const analytic = chosen.map((entry) => gradients[parameter][entry]);
    const numeric = quotients(variable, chosen, evaluate, rounding);
    return relativeErrors(analytic, numeric).map((worst, i) => ({
      worst,
      where: { parameter, index: unravel(chosen[i], variable.shape) },
      analytic: analytic[i],
      numeric: numeric[i].quotient,
    }));
  });
  const worst = checks.reduce((most, check) => (check.worst > most.worst ? check : most));
  return { ...worst, checked: checks.length };
}

/** The value of f; throws unless it is finite and the same when f is evaluated again. */
function requireDeterministic(evaluate: () => number): number {
  const value = evaluate();
  const again = evaluate();
  if (!Number.isFinite(value))
    throw new RangeError(
      `f must be finite at the parameters, got ${value}; start the check elsewhere`,
    );
  if (value !== again)
    throw new Error(
      `f must be deterministic, got ${value} and then ${again}; draw its noise once, outside of it`,
    );
  return value;
}

/**
 * Errors of the derivatives by the entries of one parameter, each relative to its size, its noise
 * or the steepest of them, whichever is greatest; ``∞`` where one is not finite.
 */
function relativeErrors(analytic: number[], numeric: Quotient[]): number[] {
  const sizes = numeric.map(({ quotient }, i) =>
    Math.max(Math.abs(quotient), Math.abs(analytic[i])),
  );
  const steepest = Math.max(...sizes);
  return numeric.map(({ quotient, noise }, i) => {
    const size = Math.max(sizes[i], share * steepest, noiseMultiple * noise);
    const difference = Math.abs(analytic[i] - quotient);
    return Number.isFinite(difference) ? difference / (size || 1) : Number.POSITIVE_INFINITY;
  });
}

function requireScalar(y: tf.Tensor): tf.Tensor {
  if (!(y instanceof tf.Tensor))
    throw new TypeError(`f must return a scalar tensor, got ${typeof y}`);
  if (y.rank !== 0)
    throw new RangeError(
      `f must return a scalar, got shape ${shapeText(y.shape)}; sum it or average it`,
    );
  return y;
}

/** The gradient by each variable; zeros where f does not depend on it. */
function analyticGradients(
  f: () => tf.Tensor,
  entries: [string, tf.Variable][],
): Record<string, Float32Array> {
  const read: Record<string, Float32Array> = {};
  tf.tidy(() => {
    const gradients = gradientsBy(
      f,
      entries.map(([, variable]) => variable),
    );
    for (const [i, [name, { size }]] of entries.entries())
      read[name] = (gradients[i]?.dataSync() as Float32Array) ?? new Float32Array(size);
  });
  return read;
}

function sample(gradient: Float32Array, count: number, draw: ReturnType<typeof random>): number[] {
  if (gradient.length <= count) return Array.from(gradient, (_, i) => i);
  let steepest = 0;
  for (let i = 1; i < gradient.length; i++)
    if (Math.abs(gradient[i]) > Math.abs(gradient[steepest])) steepest = i;
  const chosen = new Set([steepest]);
  while (chosen.size < count) chosen.add(draw.integer(gradient.length));
  return [...chosen];
}

interface Quotient {
  quotient: number;
  /** Bound on the change by rounding alone. */
  noise: number;
}

/**
 * Extrapolated difference quotients of `evaluate` by the chosen entries of a variable, which is
 * left as it was.
 */
function quotients(
  variable: tf.Variable,
  chosen: number[],
  evaluate: () => number,
  rounding: number,
): Quotient[] {
  const original = tf.tidy(() => variable.clone());
  const weights = Float32Array.from(variable.dataSync());
  const at = (entry: number, weight: number) => {
    const kept = weights[entry];
    weights[entry] = weight;
    tf.tidy(() => variable.assign(tf.tensor(weights.slice(), variable.shape, "float32")));
    weights[entry] = kept;
    return evaluate();
  };
  try {
    return chosen.map((entry) => {
      const center = weights[entry];
      const size = firstStep * Math.max(1, Math.abs(center));
      const slopes = Array.from({ length: halvings + 1 }, (_, k) => {
        const right = Math.fround(center + size / 2 ** k);
        const left = Math.fround(center - size / 2 ** k);
        return (at(entry, right) - at(entry, left)) / (right - left);
      });
      const extrapolated = slopes.slice(1).map((slope, k) => (4 * slope - slopes[k]) / 3);
      const noise = extrapolated.map((_, k) => (rounding * 2 ** (k + 1)) / size);
      // Long steps carry little noise but may cross a kink: take the longest that every shorter one
      // agrees with.
      const chosen = extrapolated.findIndex((long, k) =>
        extrapolated.every((short, j) => j <= k || Math.abs(long - short) <= agreement * noise[j]),
      );
      const k = Math.max(chosen, 0);
      return { quotient: extrapolated[k], noise: noise[k] };
    });
  } finally {
    variable.assign(original);
    original.dispose();
  }
}

function unravel(flat: number, shape: number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
