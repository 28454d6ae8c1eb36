// Runs in Node and in the reader's browser: no DOM, no Node, no tensors.
import { marginFormulas } from "../margin-formulas";
import type { Panel } from "./panels";

/** A named number. */
export type Readout = [name: string, value: number];

/**
 * A formula's result at one setting of the sliders: named numbers, and the values of each panel.
 */
export interface Answer {
  readouts: Readout[];
  values: number[][];
}

/** A formula of the series: its panels, and its values for the sliders and the constants. */
export interface Formula {
  /** Number of sliders. */
  inputs: number;
  panels(constants: Constants): Panel[];
  at(values: readonly number[], constants: Constants): Answer;
}

export type Constants = Readonly<Record<string, readonly number[]>>;

/**
 * One slider: its name, its ends, where it starts, and its step (a power of ten, a hundredth of its
 * span or less, unless given).
 */
export interface Slider {
  name: string;
  from: number;
  to: number;
  at: number;
  step?: number;
}

/** A formula that sliders drive. */
export interface Controls {
  formula: FormulaName;
  /** One for each input of the formula, in its order. */
  sliders: readonly Slider[];
  /** Further inputs of the formula, such as the input `x` of `tinyAutoencoder`. */
  constants?: Constants;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const grid = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, i) =>
    Number((from + ((to - from) * i) / (count - 1)).toPrecision(6)),
  );

/** Names of the parameters of `tinyAutoencoder`, in the order of its sliders. */
export const weightNames = "W₁₁ W₁₂ W₂₁ W₂₂ b₁ b₂ V₁₁ V₁₂ V₂₁ V₂₂ c₁ c₂".split(" ");

/**
 * The 2-2-2 sigmoid autoencoder h = σ(xW + b), x̂ = σ(hV + c), loss ‖x − x̂‖², with its gradient by
 * the chain rule; the weights v are W, b, V, c, row by row.
 */
export function tinyPass(v: readonly number[], x: readonly number[]) {
  const [W, b, V, c] = [v.slice(0, 4), v.slice(4, 6), v.slice(6, 10), v.slice(10, 12)];
  const h = [0, 1].map((j) => sigmoid(x[0] * W[j] + x[1] * W[2 + j] + b[j]));
  const xHat = [0, 1].map((j) => sigmoid(h[0] * V[j] + h[1] * V[2 + j] + c[j]));
  const loss = (x[0] - xHat[0]) ** 2 + (x[1] - xHat[1]) ** 2;
  const delta = [0, 1].map((j) => 2 * (xHat[j] - x[j]) * xHat[j] * (1 - xHat[j]));
  const back = [0, 1].map(
    (i) => (V[2 * i] * delta[0] + V[2 * i + 1] * delta[1]) * h[i] * (1 - h[i]),
  );
  const outer = (a: readonly number[], b: number[]) => a.flatMap((u) => b.map((v) => u * v));
  const gradient = [...outer(x, back), ...back, ...outer(h, delta), ...delta];
  const readouts: Readout[] = [
    ["loss", loss],
    ["‖gradient‖", Math.hypot(...gradient)],
  ];
  return { h, xHat, gradient, readouts };
}

/** The tiny autoencoder by its sliders, which are its weights; `constants.x` is the input. */
const tinyAutoencoder: Formula = {
  inputs: 12,
  panels: () => [
    {
      kind: "bars",
      title: "Gradient of the loss",
      yTitle: "derivative",
      labels: weightNames,
      range: [-0.4, 0.4],
    },
    {
      kind: "bars",
      title: "Input and reconstruction",
      yTitle: "value",
      labels: ["x₁", "x̂₁", "x₂", "x̂₂"],
      range: [0, 1],
    },
  ],
  at(v, { x }) {
    const { xHat, gradient, readouts } = tinyPass(v, x);
    return { readouts, values: [gradient, [x[0], xHat[0], x[1], xHat[1]]] };
  },
};

const margins = grid(-2, 2.5, 91);
const marginLosses = Object.values(marginFormulas);
const lossNames = ["0-1", "absolute", "squared", "log", "exponential", "hinge"];

/** The six losses on the margin m = y f(x), their values and slopes at the slider's margin. */
const sixLosses: Formula = {
  inputs: 1,
  panels: () => [
    {
      kind: "lines",
      title: "Loss by margin",
      xTitle: "margin m = y·f(x)",
      yTitle: "loss",
      x: margins,
      names: lossNames,
      range: [0, 4],
      mark: true,
    },
    {
      kind: "bars",
      title: "Slope at the margin",
      yTitle: "dℓ/dm",
      labels: ["0-1", "abs.", "sq.", "log", "exp.", "hinge"],
      range: [-6, 3],
    },
  ],
  at: ([m]) => ({
    readouts: marginLosses.map(({ value }, i) => [lossNames[i], value(m)]),
    values: [
      [...marginLosses.flatMap(({ value }) => margins.map(value)), m],
      marginLosses.map(({ derivative }) => derivative(m)),
    ],
  }),
};

const term = (p: number, q: number) => (p === 0 ? 0 : p * Math.log(p / q));
const bernoulli = (p: number, q: number) => term(p, q) + term(1 - p, 1 - q);
const chances = grid(0.005, 0.995, 100);

/**
 * The divergence of two Bernoulli distributions P(1) = p and Q(1) = q, both ways, in nats, and the
 * terms of both sums. Sliders: p, q.
 */
const bernoulliDivergence: Formula = {
  inputs: 2,
  panels: () => [
    {
      kind: "lines",
      title: "Both directions, as q moves",
      xTitle: "q",
      yTitle: "nats",
      x: chances,
      names: ["D(P‖Q)", "D(Q‖P)"],
      range: [0, 3],
      mark: true,
    },
    {
      kind: "bars",
      title: "What is summed",
      yTitle: "nats",
      labels: ["P‖Q: 1", "P‖Q: 0", "Q‖P: 1", "Q‖P: 0"],
    },
  ],
  at: ([p, q]) => ({
    readouts: [
      ["D(P‖Q)", bernoulli(p, q)],
      ["D(Q‖P)", bernoulli(q, p)],
    ],
    values: [
      [...chances.map((x) => bernoulli(p, x)), ...chances.map((x) => bernoulli(x, p)), q],
      [term(p, q), term(1 - p, 1 - q), term(q, p), term(1 - q, 1 - p)],
    ],
  }),
};

const line = grid(-8, 8, 161);
const normal = (x: number, mean: number, sd: number) =>
  Math.exp(-((x - mean) ** 2) / (2 * sd * sd)) / (sd * Math.sqrt(2 * Math.PI));
const logRatio = (x: number, m1: number, s1: number, m2: number, s2: number) =>
  Math.log(s2 / s1) + (x - m2) ** 2 / (2 * s2 * s2) - (x - m1) ** 2 / (2 * s1 * s1);
const gaussianKL = (m1: number, s1: number, m2: number, s2: number) =>
  Math.log(s2 / s1) + (s1 * s1 + (m1 - m2) ** 2) / (2 * s2 * s2) - 0.5;

/**
 * The divergence of two Gaussians, both ways, in nats, with both densities and the integrand p
 * ln(p/q). Sliders: mean and sd of P, then of Q.
 */
const gaussianDivergence: Formula = {
  inputs: 4,
  panels: () => [
    {
      kind: "lines",
      title: "Densities",
      xTitle: "x",
      yTitle: "density",
      x: line,
      names: ["p", "q"],
      range: [0, 1],
    },
    {
      kind: "lines",
      title: "What is integrated",
      xTitle: "x",
      yTitle: "nats per unit of x",
      x: line,
      names: ["p ln(p/q)", "q ln(q/p)"],
      range: [-1, 2],
    },
  ],
  at: ([m1, s1, m2, s2]) => {
    const p = line.map((x) => normal(x, m1, s1));
    const q = line.map((x) => normal(x, m2, s2));
    return {
      readouts: [
        ["D(P‖Q)", gaussianKL(m1, s1, m2, s2)],
        ["D(Q‖P)", gaussianKL(m2, s2, m1, s1)],
      ],
      values: [
        [...p, ...q],
        [
          ...line.map((x, i) => p[i] * logRatio(x, m1, s1, m2, s2)),
          ...line.map((x, i) => q[i] * logRatio(x, m2, s2, m1, s1)),
        ],
      ],
    };
  },
};

/** The formulas that a page can compute. */
export const formulas = { tinyAutoencoder, sixLosses, bernoulliDivergence, gaussianDivergence };
export type FormulaName = keyof typeof formulas;
