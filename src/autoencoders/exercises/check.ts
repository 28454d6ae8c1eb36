import { requireFunction } from "../preconditions";
import { chapters } from "./chapters";
import type { AnyFunction, Exercise } from "./exercise";
import { judge, type Verdict } from "./judge";

const pairs = (text: string) => Array.from(text.slice(1), (letter, i) => text[i] + letter);

/** The share of neighboring letters that two names have in common. */
function likeness(a: string, b: string): number {
  const [ofA, ofB] = [pairs(a.toLowerCase()), pairs(b.toLowerCase())];
  return (2 * ofA.filter((pair) => ofB.includes(pair)).length) / (ofA.length + ofB.length || 1);
}

function named(name: string): Exercise {
  const found = chapters.find((exercise) => exercise.name === name);
  if (found) return found;
  const wanted = String(name);
  const nearest = chapters
    .map((exercise) => exercise.name)
    .sort((a, b) => likeness(b, wanted) - likeness(a, wanted));
  const names = nearest.slice(0, 3).map((one) => JSON.stringify(one));
  throw new RangeError(
    `name must be that of an exercise, got ${JSON.stringify(name)}; the nearest are ${names.join(", ")}`,
  );
}

function lines({ name, lesson }: Exercise, verdict: Verdict): string {
  if (verdict.is === "right")
    return `✓ right | ${name} | all ${verdict.cases} cases\n  ${lesson}\n`;
  if (verdict.is === "to do") return `○ to do | ${name} | write it in place of todo()\n`;
  return `✗ not yet | ${[name, ...verdict.why].join("\n  ")}\n`;
}

/**
 * Judges a function written for an exercise, such as "07 soft threshold", and prints the verdict.
 *
 * The verdict is "to do", "right" with a lesson, or "not yet" with the mistake it recognizes, if
 * any, and the first case that fails. A wrong function does not throw, unless it is the book's own
 * `solution`. Throws if `name` is not an exercise or `yours` not a function.
 */
export function check(
  name: string,
  yours: AnyFunction,
  { solution = false }: { solution?: boolean } = {},
): void {
  const exercise = named(name);
  requireFunction(yours, "yours", `(${exercise.given.join(", ")}) => …`);
  const verdict = judge(exercise, yours);
  const text = lines(exercise, verdict);
  if (solution && verdict.is !== "right")
    throw new Error(`the solution must be right, got\n${text}`);
  process.stdout.write(text);
}
