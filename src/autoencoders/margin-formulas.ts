// Runs in Node and in the reader's browser: no tensors.

type OfMargin = (m: number) => number;

/** The six losses on a margin with their derivatives, in float64; NaN gives NaN. */
export const marginFormulas = {
  zeroOne: {
    value: (m) => (m <= 0 ? 1 : m > 0 ? 0 : Number.NaN),
    derivative: (m) => (Number.isNaN(m) ? m : 0),
  },
  absolute: { value: (m) => Math.abs(1 - m), derivative: (m) => Math.sign(m - 1) },
  squared: { value: (m) => (1 - m) ** 2, derivative: (m) => 2 * (m - 1) },
  log: {
    value: (m) => Math.max(-m, 0) + Math.log1p(Math.exp(-Math.abs(m))),
    derivative: (m) => -1 / (1 + Math.exp(m)),
  },
  exponential: { value: (m) => Math.exp(-m), derivative: (m) => -Math.exp(-m) },
  hinge: {
    value: (m) => Math.max(0, 1 - m),
    derivative: (m) => (m < 1 ? -1 : m >= 1 ? 0 : Number.NaN),
  },
} satisfies Record<string, { value: OfMargin; derivative: OfMargin }>;
