/** A function on numbers, arrays and tensors, whatever their types. */
export type AnyFunction = (...given: never[]) => unknown;

/** A function for the reader to write, and all that is needed to say whether it is right. */
export interface Exercise<F extends AnyFunction = AnyFunction> {
  /** The chapter's number and what is to be written: "07 soft threshold". */
  name: string;
  /** The names of the arguments, in the letters of the chapter. */
  given: readonly string[];
  /**
   * The arguments to try, in order; made anew for each call, so that a function may spoil its own.
   */
  cases: () => Parameters<F>[];
  /** A function that is right. */
  answer: F;
  /** One line on the consequence, shown after a right answer. */
  lesson: string;
  /** Plausible wrong functions, each under the sentence that says what is wrong with it. */
  mistakes: Record<string, F>;
}

/** An exercise whose functions are of one type, kept as one of any type. */
export const exercise = <F extends AnyFunction>(one: Exercise<F>): Exercise =>
  one as unknown as Exercise;

/** Error thrown by `todo()`. */
export class Unwritten extends Error {
  override name = "Unwritten";
}

/**
 * Stands for a function's body that is still to be written:
 * `const f = (x: number): number => todo();`.
 *
 * Always throws; `check` takes that for "to do", and no more.
 */
export function todo(): never {
  throw new Unwritten(
    "this function must be written before it is called; put its body in place of todo()",
  );
}
