import { exercise } from "./exercise";

type Alarm = (normal: number[], odd: number[]) => number;

/** The mean over all pairs of an odd and a normal image of what a pair counts. */
const overPairs =
  (pair: (odd: number, normal: number) => number): Alarm =>
  (normal, odd) =>
    odd.flatMap((o) => normal.map((n) => pair(o, n))).reduce((sum, v) => sum + v, 0) /
    (odd.length * normal.length);

/**
 * AUROC with ties: the share of pairs in which the odd image has the larger error, a tie counting
 * one half.
 */
export const auroc = exercise<Alarm>({
  name: "06 AUROC with ties",
  given: ["normal", "odd"],
  cases: () => [
    [
      [1, 3],
      [2, 4],
    ],
    [[1, 2, 3], [4]],
    [[2], [2]],
    [
      [1, 2, 2, 3],
      [2, 3],
    ],
    [
      [5, 1],
      [0, 1, 5],
    ],
  ],
  answer: overPairs((o, n) => (o > n ? 1 : o === n ? 0.5 : 0)),
  lesson:
    "with ties at one half, an alarm that says the same of every image gets ½, as a coin does",
  mistakes: {
    "this gives a tie to the normal image; a coin decides it, so it counts one half": overPairs(
      (o, n) => (o > n ? 1 : 0),
    ),
    "this gives a tie to the odd image; a coin decides it, so it counts one half": overPairs(
      (o, n) => (o >= n ? 1 : 0),
    ),
    "this asks whether the normal image has the larger error": overPairs((o, n) =>
      o < n ? 1 : o === n ? 0.5 : 0,
    ),
    "this counts the pairs, but does not divide by their number": (normal, odd) =>
      overPairs((o, n) => (o > n ? 1 : o === n ? 0.5 : 0))(normal, odd) *
      normal.length *
      odd.length,
    "this compares the i-th with the i-th; every odd image meets every normal one": (normal, odd) =>
      odd.reduce((sum, o, i) => sum + (o > normal[i] ? 1 : o === normal[i] ? 0.5 : 0), 0) /
      odd.length,
    "this compares two means, which is one comparison and not a share": (normal, odd) => {
      const mean = (v: number[]) => v.reduce((sum, x) => sum + x, 0) / v.length;
      return mean(odd) > mean(normal) ? 1 : mean(odd) === mean(normal) ? 0.5 : 0;
    },
  },
});
