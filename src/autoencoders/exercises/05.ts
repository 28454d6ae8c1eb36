import { exercise } from "./exercise";

const { max, sqrt } = Math;

/** The share kept of a direction under λ₁‖W₁‖² + λ₂‖W₂‖²: max(0, 1 − √(λ₁λ₂)/e). */
export const shareKept = exercise<(e: number, lambda1: number, lambda2: number) => number>({
  name: "05 two prices",
  given: ["e", "λ1", "λ2"],
  cases: () => [
    [3, 1, 1],
    [2, 0.5, 0.5],
    [5, 1, 4],
    [10, 0.1, 0.9],
    [1, 2, 2],
    [1, 0.5, 8],
    [4, 0, 3],
  ],
  answer: (e, l1, l2) => max(0, 1 - sqrt(l1 * l2) / e),
  lesson:
    "only the product of the prices counts: where one matrix is free, the other's price does nothing",
  mistakes: {
    "this is the mean of the two prices: a length moved to the cheaper matrix costs less than that":
      (e, l1, l2) => max(0, 1 - (l1 + l2) / 2 / e),
    "this does not stop at zero: where e is below the price the direction dies": (e, l1, l2) =>
      1 - sqrt(l1 * l2) / e,
    "this is the share of the product penalty, by which nothing dies": (e, l1, l2) =>
      e / (e + sqrt(l1 * l2)),
    "this sees the price of the encoder alone": (e, l1) => max(0, 1 - l1 / e),
    "this sees the price of the decoder alone": (e, _, l2) => max(0, 1 - l2 / e),
    "this multiplies the two prices and forgets the root": (e, l1, l2) => max(0, 1 - (l1 * l2) / e),
    "this adds the two prices: with λ1 = λ2 = λ it must be λ/e": (e, l1, l2) =>
      max(0, 1 - (l1 + l2) / e),
    "this is the root, the singular value; the share kept is the product of the two": (e, l1, l2) =>
      sqrt(max(0, 1 - sqrt(l1 * l2) / e)),
  },
});
