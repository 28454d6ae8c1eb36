import { z } from "zod";

const count = z.int().min(1);
const positive = z.number().positive();
const probability = z.number().min(0).max(1);

const corruption = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("gaussian"), sigma: positive }),
  z.strictObject({ kind: z.literal("masking"), p: probability }),
  z.strictObject({ kind: z.literal("saltAndPepper"), p: probability }),
]);

/** Metrics of a trained variant; each name is a column of the results. */
export const metricNames = [
  "squaredErrorPerPixel",
  "crossEntropyPerPixel",
  "psnr",
  "psnrPerImage",
  "explainedVariance",
  "l0",
  "deadUnits",
  "neighbor1000",
  "neighborAll",
  "probe1000",
  "probeAll",
  "rotatedErrorPerPixel",
  "shuffledErrorPerPixel",
  "fashionErrorPerPixel",
  "noisyErrorPerPixel",
] as const;

export type MetricName = (typeof metricNames)[number];

const common = {
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  /**
   * "tune" trains on all but the last 5,000 training images and measures on those; "test" trains on
   * all and measures on the test images.
   */
  data: z.strictObject({
    set: z.enum(["mnist", "fashion-mnist"]),
    split: z.enum(["tune", "test"]),
    limit: count.optional(),
  }),
  metrics: z.array(z.enum(metricNames)).min(1),
  /** If true, the result carries the reconstructions of ten measured images. */
  pictures: z.boolean().optional(),
};

const trained = {
  ...common,
  /** Name of the file in data/weights that gets the trained parameters, as 16-bit floats. */
  weights: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  epochs: count,
  batchSize: count,
  optimizer: z.enum(["adam", "sgd"]),
  learningRate: positive,
  schedule: z.enum(["constant", "cosine"]),
  loss: z.enum(["squaredError", "binaryCrossEntropy"]),
};

const widths = z
  .array(count)
  .min(3)
  .refine((w) => w.length % 2 === 1 && w[0] === 784 && w[w.length - 1] === 784, {
    error:
      "widths must be an odd number of widths that begin and end with 784, such as [784, 32, 784]",
  });
const oneHidden = widths.refine((w) => w.length === 3, {
  error: "widths must be three, [784, m, 784]: the contractive penalty is that of a single layer",
});
const activation = z.enum(["linear", "relu", "sigmoid", "tanh"]);

const dense = { ...trained, widths, activation };

/** Fields of a variant by its name. */
const of = <const V extends string, S extends z.ZodRawShape>(variant: V, fields: S) =>
  z.strictObject({ variant: z.literal(variant), ...fields });

/**
 * Initialization of a sparse code: "tied" has decoder rows of norm 1, the encoder their transpose,
 * and the mean image as what no unit draws.
 */
const sparse = { ...dense, start: z.enum(["glorot", "tied"]).optional() };
const mayStartTied = ({ start, widths }: { start?: string; widths: number[] }) =>
  start !== "tied" || widths.length === 3;
const tiedStart = {
  path: ["start"],
  error: 'start may be "tied" for three widths only, [784, m, 784]',
};

const codeActivation = activation.optional();
const theta = positive.optional();

const variant = z.discriminatedUnion("variant", [
  of("plain", { ...dense, codeActivation, outputActivation: activation.optional() }),
  of("linear", { ...trained, widths }),
  of("l1", { ...sparse, lambda: positive }).refine(mayStartTied, tiedStart),
  of("kl", { ...dense, rho: probability.gt(0).lt(1), beta: positive }),
  of("topk", { ...sparse, k: count }).refine(mayStartTied, tiedStart),
  of("jumprelu", { ...sparse, lambda: positive, bandwidth: positive, theta }).refine(
    mayStartTied,
    tiedStart,
  ),
  of("denoising", { ...dense, codeActivation, corruption }),
  of("contractive", { ...trained, widths: oneHidden, lambda: positive }),
  of("variational", { ...dense, beta: positive }),
  of("convolutional", { ...trained, channels: count, code: count }),
  of("pca", { ...common, k: count.max(784) }),
  of("raw", common),
  of("random", { ...common, units: count, activation }),
]);

/** One experiment: a variant, its hyper-parameters, the data and what to measure. */
export type Experiment = z.infer<typeof variant>;
export type VariantName = Experiment["variant"];

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/**
 * Checks a JSON value and answers it as an experiment.
 *
 * Throws a RangeError that names the field, what it must be and what it is:
 * `experiment.lambda: …, got "big"`.
 */
export function readExperiment(value: unknown): Experiment {
  const read = variant.safeParse(value);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0];
  const at = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  const name = ["experiment", ...path.map(String)].join(".");
  throw new RangeError(
    `${name}: ${message}, got ${shown(at)}; data/sweeps/README.md lists every field`,
  );
}
