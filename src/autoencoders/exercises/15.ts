import { exercise } from "./exercise";

const { hypot, sqrt } = Math;
type Gap = (a: number[], b: number[]) => number;
const mean = (v: number[]) => v.reduce((sum, x) => sum + x, 0) / v.length;
const squares = (v: number[]) => v.reduce((sum, x) => sum + (x - mean(v)) ** 2, 0);
const spread = (v: number[]) => sqrt(squares(v) / (v.length - 1));
const error = (v: number[]) => spread(v) / sqrt(v.length);
const gap = (a: number[], b: number[]) => mean(a) - mean(b);

/** The gap of two means in standard errors: (ā − b̄)/√(sₐ²/nₐ + s_b²/n_b). Source: Welch (1947). */
export const gapInErrors = exercise<Gap>({
  name: "15 a gap in standard errors",
  given: ["a", "b"],
  cases: () => [
    [
      [0.86, 0.87, 0.88],
      [0.84, 0.85, 0.86],
    ],
    [
      [1, 2, 3],
      [2, 4, 6],
    ],
    [
      [10, 12],
      [9, 9.5, 10, 11.5],
    ],
    [
      [5, 6, 9, 8],
      [1, 2],
    ],
  ],
  answer: (a, b) => gap(a, b) / hypot(error(a), error(b)),
  lesson:
    "of Gaussian runs, three a side with equal spreads, chance passes 2 about one time in nine",
  mistakes: {
    "this divides by spreads of single runs; a mean of n runs varies √n times less": (a, b) =>
      gap(a, b) / hypot(spread(a), spread(b)),
    "this adds the two errors; independent errors add by their squares": (a, b) =>
      gap(a, b) / (error(a) + error(b)),
    "this divides the squares by n; the mean was taken from the same runs, so by n − 1": (a, b) =>
      gap(a, b) / sqrt(squares(a) / a.length ** 2 + squares(b) / b.length ** 2),
    "this divides by the variance of the gap; take its root": (a, b) =>
      gap(a, b) / hypot(error(a), error(b)) ** 2,
    "this sees the error of a alone": (a, b) => gap(a, b) / error(a),
    "this sees the error of b alone": (a, b) => gap(a, b) / error(b),
    "this is b̄ − ā": (a, b) => -gap(a, b) / hypot(error(a), error(b)),
    "this is the gap as it is; divide it by its standard error": gap,
    "this is the size of the gap; the sign says which is ahead": (a, b) =>
      Math.abs(gap(a, b)) / hypot(error(a), error(b)),
  },
});
