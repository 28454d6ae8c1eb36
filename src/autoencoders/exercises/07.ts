import { exercise } from "./exercise";

const { abs, max, sign } = Math;

/**
 * The h ≶ 0 that minimizes ‖r − h w‖² + λ|h|, from c = r·w and the atom's norm a = ‖w‖: sign(c)
 * max(0, |c| − λ/2) / a².
 */
export const softThreshold = exercise<(c: number, lambda: number, a: number) => number>({
  name: "07 soft threshold",
  given: ["c", "λ", "a"],
  cases: () => [
    [0.9, 1, 1],
    [0.3, 1, 1],
    [-0.4, 1, 1],
    [-0.9, 1, 1],
    [2, 0, 1],
    [3, 2, 2],
    [-3, 2, 2],
    [0.8, 1, 0.5],
    [0, 1, 2],
  ],
  answer: (c, lambda, a) => (sign(c) * max(0, abs(c) - lambda / 2)) / a ** 2,
  lesson: "a longer atom lets h be smaller and pay less: the cheat that atoms of norm 1 forbid",
  mistakes: {
    "this is the chapter's own: here h may be negative, and the atom's norm is a, not 1": (
      c,
      lambda,
    ) => max(0, c - lambda / 2),
    "this is one-sided, for a ReLU code; a linear code may go below zero": (c, lambda, a) =>
      max(0, c - lambda / 2) / a ** 2,
    "this takes off λ; the derivative of h² is 2h, so half of that is due": (c, lambda, a) =>
      (sign(c) * max(0, abs(c) - lambda)) / a ** 2,
    "this is for an atom of norm 1; ‖h w‖² is a²h², so the derivative has 2a²h": (c, lambda) =>
      sign(c) * max(0, abs(c) - lambda / 2),
    "this divides by a; the derivative has 2a²h, so divide by a²": (c, lambda, a) =>
      (sign(c) * max(0, abs(c) - lambda / 2)) / a,
    "this divides c alone by a²; the λ/2 is divided as well": (c, lambda, a) =>
      sign(c) * max(0, abs(c) / a ** 2 - lambda / 2),
    "this keeps what is above the threshold whole; that is the hard threshold, of L0": (
      c,
      lambda,
      a,
    ) => (abs(c) > lambda / 2 ? c / a ** 2 : 0),
    "this loses the sign of c": (c, lambda, a) => max(0, abs(c) - lambda / 2) / a ** 2,
    "this does not stop at zero: below λ/2 the minimum is at the kink": (c, lambda, a) =>
      (c - (sign(c) * lambda) / 2) / a ** 2,
  },
});
