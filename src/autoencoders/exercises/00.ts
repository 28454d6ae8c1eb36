import { exercise } from "./exercise";

const sum = (terms: number[]) => terms.reduce((total, term) => total + term, 0);
type Backward = (h: number[], V: number[][], delta: number[]) => number[];

/** Gradient at the sigmoid code's preactivation: εᵢ = (Σⱼ Vᵢⱼ δⱼ) hᵢ (1 − hᵢ). */
export const backward = exercise<Backward>({
  name: "00 one layer backward",
  given: ["h", "V", "δ"],
  cases: () => [
    [[0.5], [[2]], [3]],
    [
      [0.5, 0.8],
      [
        [1, -2],
        [0.5, 3],
      ],
      [0.2, -0.1],
    ],
    [
      [0.1, 0.6, 0.9],
      [
        [1, 2],
        [-3, 0.5],
        [0, 4],
      ],
      [0.3, 0.7],
    ],
    [
      [0.25, 0.75],
      [
        [1, 2, -1],
        [3, -2, 0.5],
      ],
      [-1, 0.5, 2],
    ],
  ],
  answer: (h, V, delta) =>
    h.map((hi, i) => sum(delta.map((dj, j) => V[i][j] * dj)) * hi * (1 - hi)),
  lesson: "this line, repeated from the output to the input, is all of backpropagation",
  mistakes: {
    "this leaves out the slope of the sigmoid": (h, V, delta) =>
      h.map((_, i) => sum(delta.map((dj, j) => V[i][j] * dj))),
    "this multiplies by h, the value of the sigmoid, where its slope belongs": (h, V, delta) =>
      h.map((hi, i) => sum(delta.map((dj, j) => V[i][j] * dj)) * hi),
    "this has the slope of tanh": (h, V, delta) =>
      h.map((hi, i) => sum(delta.map((dj, j) => V[i][j] * dj)) * (1 - hi ** 2)),
    "this has the wrong sign throughout": (h, V, delta) =>
      h.map((hi, i) => -sum(delta.map((dj, j) => V[i][j] * dj)) * hi * (1 - hi)),
    "this reads V by columns; row i of V is what leaves code unit i": (h, V, delta) =>
      h.map((hi, i) => sum(delta.map((dj, j) => V[j][i] * dj)) * hi * (1 - hi)),
    "this hears from one output only; a code unit feeds them all": (h, V, delta) =>
      h.map((hi, i) => V[i][i] * delta[i] * hi * (1 - hi)),
    "this takes the slope of the output's sigmoid again; δ has that already": (h, V, delta) =>
      h.map((hi, i) => sum(delta.map((dj, j) => V[i][j] * dj * dj * (1 - dj))) * hi * (1 - hi)),
  },
});
