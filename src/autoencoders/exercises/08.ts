import { exercise } from "./exercise";

const { log, log2 } = Math;
const term = (p: number, q: number) => (p === 0 ? 0 : p * log2(p / q));

/** D(p‖q) of two coins in bits, with 0 log 0 = 0 and p log(p/0) = ∞. */
export const coins = exercise<(p: number, q: number) => number>({
  name: "08 two coins in bits",
  given: ["p", "q"],
  cases: () => [
    [0.5, 0.25],
    [0.05, 0.1],
    [0.3, 0.7],
    [0.4, 0.4],
    [0, 0.5],
    [1, 0.25],
    [0.5, 0],
    [0.5, 1],
    [0, 0],
    [1, 1],
  ],
  answer: (p, q) => term(p, q) + term(1 - p, 1 - q),
  lesson: "a model that says 0 or 1 and is wrong once has lost: probabilities stay inside",
  mistakes: {
    "this is in nats; a bit is ln 2 of them": (p, q) => (term(p, q) + term(1 - p, 1 - q)) * log(2),
    "this multiplies 0 by the logarithm of 0; a side that never shows costs nothing": (p, q) =>
      p * log2(p / q) + (1 - p) * log2((1 - p) / (1 - q)),
    "this leaves out tails": (p, q) => term(p, q),
    "this is the other direction, D(q‖p)": (p, q) => term(q, p) + term(1 - q, 1 - p),
    "this lets a side that q rules out go for nothing; it costs everything": (p, q) =>
      (q === 0 ? 0 : term(p, q)) + (q === 1 ? 0 : term(1 - p, 1 - q)),
    "this is the cross-entropy; the entropy of p, which anyone must pay, comes off": (p, q) => {
      const words = (a: number, b: number) => (a === 0 ? 0 : -a * log2(b));
      return words(p, q) + words(1 - p, 1 - q);
    },
    "this has the wrong sign: a divergence is never negative": (p, q) =>
      -(term(p, q) + term(1 - p, 1 - q)),
  },
});
