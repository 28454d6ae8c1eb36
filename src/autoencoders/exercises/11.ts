import { exercise } from "./exercise";

type Guess = (xTilde: number, mu: number, variance: number, p: number) => number;

/** μ + (x̃ − (1 − p)μ) · Cov(x̃, x) / Var(x̃), with Var(x̃) = (1 − p)²V + p(1 − p)·noise(V, μ). */
const guess =
  (noise: (variance: number, mu: number) => number): Guess =>
  (xTilde, mu, variance, p) =>
    mu +
    ((xTilde - (1 - p) * mu) * (1 - p) * variance) /
      ((1 - p) ** 2 * variance + p * (1 - p) * noise(variance, mu));

/** The best affine guess of a pixel of mean μ and variance V from what masking left of it. */
export const maskedPixel = exercise<Guess>({
  name: "11 a masked pixel",
  given: ["xTilde", "μ", "V", "p"],
  cases: () => [
    [0.8, 0.5, 0.25, 0],
    [0.8, 0.5, 0.1, 0.5],
    [0, 0.5, 0.1, 0.5],
    [1, 0.2, 0.16, 0.25],
    [0, 0.9, 0.05, 0.8],
  ],
  answer: guess((variance, mu) => variance + mu ** 2),
  lesson: "unmasked it is the pixel itself; the more is masked, the more it leans on the mean",
  mistakes: {
    "this takes xTilde to have the mean of x; masking lowers it to (1 − p)μ": (
      xTilde,
      mu,
      variance,
      p,
    ) => mu + ((xTilde - mu) * variance) / (variance + p * mu ** 2),
    "this takes V for the mean of x²; that is V + μ²": guess((variance) => variance),
    "this takes μ² for the mean of x²; that is V + μ²": guess((_, mu) => mu ** 2),
    "this has p(1 − p) for the variance of the mask alone; it is multiplied by the mean of x²":
      guess(() => 1),
    "this only undoes the darkening, xTilde/(1 − p), as if masking made no noise": (
      xTilde,
      _,
      _V,
      p,
    ) => xTilde / (1 - p),
    "this has Cov(xTilde, x) = V; masking lowers it to (1 − p)V": (xTilde, mu, variance, p) =>
      mu +
      ((xTilde - (1 - p) * mu) * variance) /
        ((1 - p) ** 2 * variance + p * (1 - p) * (variance + mu ** 2)),
    "this is the mean, whatever was seen": (_, mu) => mu,
  },
});
