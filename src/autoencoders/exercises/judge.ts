import * as tf from "@tensorflow/tfjs-node";
import { type AnyFunction, type Exercise, Unwritten } from "./exercise";
import { equal, named, type Value, valueIn, written } from "./value";

/** Verdict on a reader's function; `why` are lines that name the mistakes. */
export type Verdict =
  | { is: "right"; cases: number }
  | { is: "to do" }
  | { is: "not yet"; why: string[] };

/** Outcome of one call: its value or the thrown error. */
interface Trial {
  given: Value[];
  value?: Value;
  thrown?: unknown;
  /** Which argument the function changed, -1 for none. */
  changed: number;
}

function call(f: AnyFunction, given: unknown[]): Trial {
  const trial: Trial = { given: given.map(valueIn), changed: -1 };
  try {
    const got: unknown = f(...(given as never[]));
    trial.value = valueIn(got);
    if (trial.value.kind === "promise") Promise.resolve(got).catch(() => {}); // its failure would end the notebook's cell
    trial.changed = given.findIndex((one, j) => !equal(valueIn(one), trial.given[j]));
  } catch (thrown) {
    if ((thrown as Error | null)?.name === "KeyboardInterrupt") throw thrown; // stopped by hand, which is no verdict
    trial.thrown = thrown;
  }
  return trial;
}

/** Outcomes of a function for every case, each with a copy of the arguments. */
function trialsOf(f: AnyFunction, { cases }: Exercise): Trial[] {
  const trials: Trial[] = [];
  tf.tidy(() => {
    for (const given of cases()) trials.push(call(f, given));
  });
  return trials;
}

const withArticle = (name: string) =>
  /^(undefined|null)/.test(name) ? name : `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;

const messageOf = (thrown: unknown) =>
  (thrown as Error | null)?.message?.replace(/\s+/g, " ").slice(0, 200) ??
  withArticle(typeof thrown);

/** Description of a trial's mistake, or undefined. */
function faultOf(
  { value, thrown, changed }: Trial,
  expected: Value,
  names: readonly string[],
): string | undefined {
  if (!value) return `yours throws ${messageOf(thrown)}`;
  if (value.kind === "promise") return "yours gives a promise; write it without async and await";
  if (value.kind !== expected.kind || String(value.shape) !== String(expected.shape))
    return `yours gives ${withArticle(named(value))}, expected ${withArticle(named(expected))}`;
  if (!equal(value, expected))
    return `yours gives ${written(value)}, expected ${written(expected)}`;
  if (changed >= 0)
    return `yours is right, but changes its argument ${names[changed]}; let it work on a copy`;
  return undefined;
}

const same = (a: Trial, b: Trial) =>
  a.value && b.value ? equal(a.value, b.value) : !a.value && !b.value;

/**
 * The known mistake that gives these trials, or that is a part of what is wrong with them;
 * undefined for none.
 */
function knownMistake(exercise: Exercise, trials: Trial[], first: number): string | undefined {
  const likely = Object.entries(exercise.mistakes)
    .map(([sentence, mistake]) => ({
      sentence,
      agrees: trialsOf(mistake, exercise).map((t, i) => same(t, trials[i])),
    }))
    .filter(({ agrees }) => agrees[first])
    .map(({ sentence, agrees }) => ({
      sentence,
      share: agrees.filter(Boolean).length / agrees.length,
    }))
    .sort((a, b) => b.share - a.share);
  if (likely.length === 0) return undefined;
  const [{ sentence, share }, next] = likely;
  if (share === 1) return sentence;
  return share > 2 / 3 && share > (next?.share ?? 0)
    ? `among other things, ${sentence}`
    : undefined;
}

/**
 * Tries a function on the cases of an exercise, in order.
 *
 * It is right when each value is of the answer's kind and shape, with entries within 1e-5 · (1 +
 * size) of it, and no argument was changed. Otherwise the first case that fails is told, after the
 * known mistake that gives the same values in all cases; or in that case and more than two thirds
 * of all, and then it is one among others. A function that calls `todo()` is still to do.
 */
export function judge(exercise: Exercise, yours: AnyFunction): Verdict {
  const trials = trialsOf(yours, exercise);
  if (trials.some(({ thrown }) => thrown instanceof Unwritten)) return { is: "to do" };
  const expected = trialsOf(exercise.answer, exercise).map(({ value }) => value as Value);
  const faults = trials.map((trial, i) => faultOf(trial, expected[i], exercise.given));
  const first = faults.findIndex((fault) => fault !== undefined);
  if (first < 0) return { is: "right", cases: trials.length };
  const known = knownMistake(exercise, trials, first);
  const withThese = trials[first].given
    .map((value, j) => `${exercise.given[j]} = ${written(value)}`)
    .join(", ");
  const where = `with ${withThese}: ${faults[first]}`;
  return { is: "not yet", why: known ? [known, where] : [where] };
}
