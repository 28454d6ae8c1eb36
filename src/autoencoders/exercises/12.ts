import { exercise } from "./exercise";

const { exp, max } = Math;
const total = (v: number[]) => v.reduce((sum, a) => sum + a, 0);
const exponents = (xTilde: number, points: number[], scale: number) =>
  points.map((x) => -((xTilde - x) ** 2) / scale);

/** Σ wᵢxᵢ with wᵢ ∝ e^(−(x̃ − xᵢ)²/scale). */
function denoised(xTilde: number, points: number[], scale: number): number {
  const logs = exponents(xTilde, points, scale);
  const weights = logs.map((log) => exp(log - max(...logs)));
  return total(weights.map((w, i) => w * points[i])) / total(weights);
}

/**
 * The score of points on a line under Gaussian noise: (Σ wᵢxᵢ − x̃)/σ², finite however far x̃ is.
 */
export const scoreOnLine = exercise<(xTilde: number, points: number[], sigma: number) => number>({
  name: "12 score of a few points",
  given: ["xTilde", "points", "σ"],
  cases: () => [
    [0.5, [-1, 1], 1],
    [0.3, [0], 0.5],
    [1, [-2, 0, 0.5, 3], 2],
    [-0.2, [-1, 1], 0.5],
    [60, [-1, 1], 1],
  ],
  answer: (t, points, sigma) => (denoised(t, points, 2 * sigma ** 2) - t) / sigma ** 2,
  lesson: "far away only the nearest point is left, and the score grows with the distance to it",
  mistakes: {
    "this divides by σ; the step is σ² times the score": (t, points, sigma) =>
      (denoised(t, points, 2 * sigma ** 2) - t) / sigma,
    "this is the step of the denoiser; the score is the step divided by σ²": (t, points, sigma) =>
      denoised(t, points, 2 * sigma ** 2) - t,
    "this points away from the data": (t, points, sigma) =>
      (t - denoised(t, points, 2 * sigma ** 2)) / sigma ** 2,
    "this is 0/0 far from all points; take the largest exponent off before exp": (
      t,
      points,
      sigma,
    ) => {
      const weights = exponents(t, points, 2 * sigma ** 2).map(exp);
      return (total(weights.map((w, i) => w * points[i])) / total(weights) - t) / sigma ** 2;
    },
    "this has no 2 below the exponent of the bell curve": (t, points, sigma) =>
      (denoised(t, points, sigma ** 2) - t) / sigma ** 2,
    "this is the denoiser itself; take xTilde off": (t, points, sigma) =>
      denoised(t, points, 2 * sigma ** 2),
    "this weighs all points alike; the near ones count more": (t, points, sigma) =>
      (total(points) / points.length - t) / sigma ** 2,
  },
});
