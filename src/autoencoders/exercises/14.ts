import { exercise } from "./exercise";

const { exp, log } = Math;
type OfUnits = (mu: number[], v: number[], s: number) => number;
const sumOf =
  (unit: (mu: number, v: number, s: number) => number): OfUnits =>
  (mu, v, s) =>
    mu.reduce((sum, m, j) => sum + unit(m, v[j], s), 0);
const right = (mu: number, v: number, s: number) =>
  ((mu ** 2 + exp(v)) / s ** 2 - v - 1 + log(s ** 2)) / 2;

/** KL(N(μ, e^v) ‖ N(0, s²)) in nats, summed over units: ½ Σ ((μ² + e^v)/s² − v − 1 + ln s²). */
export const widePrior = exercise<OfUnits>({
  name: "14 a wider prior",
  given: ["μ", "v", "s"],
  cases: () => [
    [[0], [0], 1],
    [[1], [Math.log(4)], 1],
    [[1], [Math.log(4)], 2],
    [[1, -2], [0.5, -1], 2],
    [[0, 0.5, 3], [1, 0, -2], 0.5],
  ],
  answer: sumOf(right),
  lesson: "the cheapest prior has s² = the mean of μ² + e^v over the units",
  mistakes: {
    "this is the chapter's own, for a prior of width 1": sumOf(
      (mu, v) => (mu ** 2 + exp(v) - v - 1) / 2,
    ),
    "this leaves out ln s²: the prior's own density has it": sumOf(
      (mu, v, s) => ((mu ** 2 + exp(v)) / s ** 2 - v - 1) / 2,
    ),
    "this divides by s; the prior's variance is s²": sumOf(
      (mu, v, s) => ((mu ** 2 + exp(v)) / s - v - 1 + log(s ** 2)) / 2,
    ),
    "this has ln s where ln s² belongs": sumOf(
      (mu, v, s) => ((mu ** 2 + exp(v)) / s ** 2 - v - 1 + log(s)) / 2,
    ),
    "this divides μ² alone by s²; the mean of h² is μ² + e^v": sumOf(
      (mu, v, s) => (mu ** 2 / s ** 2 + exp(v) - v - 1 + log(s ** 2)) / 2,
    ),
    "this is the mean over units; independent units add up": (mu, v, s) =>
      sumOf(right)(mu, v, s) / mu.length,
    "this has lost the ½": (mu, v, s) => 2 * sumOf(right)(mu, v, s),
    "this is the other direction, from the prior to the encoder": sumOf(
      (mu, v, s) => ((s ** 2 + mu ** 2) / exp(v) - 1 + v - log(s ** 2)) / 2,
    ),
    "this reads v as the variance; it is its logarithm": sumOf(
      (mu, v, s) => ((mu ** 2 + v) / s ** 2 - log(v) - 1 + log(s ** 2)) / 2,
    ),
    "this has the wrong sign: a divergence is never negative": (mu, v, s) =>
      -sumOf(right)(mu, v, s),
  },
});
