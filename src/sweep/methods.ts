import * as tf from "@tensorflow/tfjs-node";
import {
  type Autoencoder,
  affine,
  autoencoder,
  bernoulliKL,
  binaryCrossEntropy,
  type Corruption,
  contraction,
  gaussian,
  gaussianKL,
  glorotUniform,
  heaviside,
  jumpReLU,
  l1,
  masking,
  type Objective,
  pca,
  random,
  saltAndPepper,
  squaredError,
  type Terms,
  type TrainOptions,
  tied,
  topK,
  unitNormRows,
} from "autoencoders";
import type { Experiment, VariantName } from "./experiment";

/**
 * A variant ready to be trained and measured; one without `reconstruct` has codes only, one without
 * `objective` nothing to train.
 */
export interface Method {
  encode(x: tf.Tensor2D): tf.Tensor2D;
  reconstruct?(x: tf.Tensor2D): tf.Tensor2D;
  parameters: Record<string, tf.Variable>;
  objective?: Objective;
  constrain?: TrainOptions["constrain"];
  /** Count of numbers fitted to the data. */
  size: number;
}

type Of<V extends VariantName> = Extract<Experiment, { variant: V }>;
type Trained = Extract<Experiment, { loss: string }>;
type Sparse = Of<"l1" | "topk" | "jumprelu">;

const sizeOf = (parameters: Record<string, tf.Variable>) =>
  Object.values(parameters).reduce((sum, { size }) => sum + size, 0);

/** The loss on the decoder's last affine map, and the reconstruction that it gives. */
function output({ loss }: Trained) {
  const cross = loss === "binaryCrossEntropy";
  return {
    error: (x: tf.Tensor2D, z: tf.Tensor2D): Terms =>
      cross
        ? { binaryCrossEntropy: binaryCrossEntropy(x, z) }
        : { squaredError: squaredError(x, z) },
    picture: (z: tf.Tensor2D) => (cross ? tf.sigmoid(z) : z),
  };
}

type Coded = { encode(x: tf.Tensor): tf.Tensor2D; decode(h: tf.Tensor): tf.Tensor2D };

/** A method of an encoder and a decoder, where `terms` are what its objective adds to the error. */
function coded(
  experiment: Trained,
  { encode, decode }: Coded,
  parameters: Record<string, tf.Variable>,
  terms: (h: tf.Tensor2D) => Terms = () => ({}),
): Method & { objective: Objective } {
  const { error, picture } = output(experiment);
  return {
    encode,
    reconstruct: (x) => picture(decode(encode(x))),
    parameters,
    objective: (x) => {
      const h = encode(x);
      return { ...error(x, decode(h)), ...terms(h) };
    },
    size: sizeOf(parameters),
  };
}

const fromModel = (experiment: Trained, model: Autoencoder, terms?: (h: tf.Tensor2D) => Terms) =>
  coded(experiment, model, model.parameters, terms);

/** The rows of the decoder's first weights, the atoms, are kept at norm 1. */
const unitAtoms = ({ widths }: { widths: number[] }) => ({
  [`W${(widths.length + 1) / 2}`]: unitNormRows,
});

/**
 * Puts a model at the start that an experiment asks for; b1 makes the first codes those of x − x̄.
 */
function startAt<M extends Autoencoder>(
  model: M,
  { start, widths, seed }: Sparse,
  x: tf.Tensor2D,
): M {
  if (start !== "tied") return model;
  const { W1, b1, W2, b2 } = model.parameters;
  tf.tidy(() => {
    const atoms = unitNormRows(random(seed, "atoms").normal([widths[1], widths[0]]));
    const mean = tf.mean<tf.Tensor1D>(x, 0);
    W1.assign(tf.transpose(atoms));
    b1.assign(tf.neg(tf.dot(mean, tf.transpose(atoms))) as tf.Tensor1D);
    W2.assign(atoms);
    b2.assign(mean);
  });
  return model;
}

const corruptionOf = (c: Of<"denoising">["corruption"]): Corruption =>
  c.kind === "gaussian"
    ? gaussian(c.sigma)
    : c.kind === "masking"
      ? masking(c.p)
      : saltAndPepper(c.p);

/**
 * The encoder gets x̃ minus the mean of the clean training images, on training and on measuring.
 */
function denoising(e: Of<"denoising">, x: tf.Tensor2D): Method {
  const model = autoencoder(e.widths, e);
  const mean = tf.mean<tf.Tensor1D>(x, 0);
  const encode = (rows: tf.Tensor) => model.encode(tf.sub(rows, mean));
  const { error } = output(e);
  const corrupt = corruptionOf(e.corruption);
  return {
    ...coded(e, { encode, decode: model.decode }, model.parameters),
    objective: (x, at) => error(x, model.decode(encode(corrupt(x, at)))),
  };
}

function jumprelu(e: Of<"jumprelu">, x: tf.Tensor2D): Method {
  const model = startAt(autoencoder(e.widths, { ...e, codeActivation: "linear" }), e, x);
  const units = e.widths[(e.widths.length - 1) / 2];
  const theta = tf.variable(tf.fill([units], e.theta ?? 0.1));
  const parameters = { ...model.parameters, theta };
  const { error } = output(e);
  const threshold = jumpReLU(theta, e.bandwidth);
  const encode = (x: tf.Tensor) => threshold(model.encode(x));
  return {
    ...coded(e, { encode, decode: model.decode }, parameters),
    objective: (x) => {
      const z = model.encode(x);
      const l0 = tf.sum(heaviside(theta, e.bandwidth)(z)).mul(e.lambda / x.shape[0]);
      return { ...error(x, model.decode(threshold(z))), l0 };
    },
    constrain: { ...unitAtoms(e), theta: (t) => tf.maximum(t, 1e-3) },
  };
}

function variational(e: Of<"variational">): Method {
  const half = (e.widths.length - 1) / 2;
  const model = autoencoder(e.widths, { ...e, codeActivation: "linear" });
  const { [`W${half}`]: meanWeights, [`b${half}`]: meanBias } = model.parameters;
  const [d, m] = meanWeights.shape;
  const logVarWeights = tf.variable(glorotUniform(d, m, random(e.seed, "variances")));
  const logVarBias = tf.variable(tf.zeros([m]));
  const parameters = { ...model.parameters, logVarWeights, logVarBias };
  const { relu, sigmoid, tanh } = tf;
  const act = { linear: (z: tf.Tensor) => z, relu, sigmoid, tanh }[e.activation];
  const hidden = (x: tf.Tensor2D) => {
    let h: tf.Tensor = x;
    for (let i = 1; i < half; i++)
      h = act(affine(h, model.parameters[`W${i}`], model.parameters[`b${i}`]));
    return h;
  };
  const { error, picture } = output(e);
  return {
    encode: (x) => model.encode(x),
    reconstruct: (x) => picture(model.decode(model.encode(x))),
    parameters,
    objective: (x, { draw }) => {
      const h = hidden(x);
      const mu = affine(h, meanWeights, meanBias);
      const logVar = affine(h, logVarWeights, logVarBias);
      const z = tf.add<tf.Tensor2D>(mu, tf.exp(logVar.mul(0.5)).mul(draw.normal(mu.shape)));
      return { ...error(x, model.decode(z)), gaussianKL: gaussianKL(mu, logVar).mul(e.beta) };
    },
    size: sizeOf(parameters),
  };
}

/** Two strided convolutions and an affine map down, and the same up; code [n, m]. */
function convolutional(e: Of<"convolutional">): Method {
  const draw = random(e.seed, "weights");
  const filters = (inputs: number, outputs: number) => {
    const a = Math.sqrt(6 / (9 * (inputs + outputs)));
    return tf.variable(draw.uniform<tf.Rank.R4>([3, 3, inputs, outputs], -a, a));
  };
  const c = e.channels;
  const flat = 7 * 7 * 2 * c;
  const zeros = (size: number) => tf.variable(tf.zeros([size]));
  const dense = (from: number, to: number) => tf.variable(glorotUniform(from, to, draw));
  const p = {
    ...{ K1: filters(1, c), b1: zeros(c), K2: filters(c, 2 * c), b2: zeros(2 * c) },
    ...{ W3: dense(flat, e.code), b3: zeros(e.code), W4: dense(e.code, flat), b4: zeros(flat) },
    ...{ K5: filters(c, 2 * c), b5: zeros(c), K6: filters(1, c), b6: zeros(1) },
  };
  const encode = (x: tf.Tensor) =>
    tf.tidy(() => {
      const picture = x.reshape<tf.Tensor4D>([-1, 28, 28, 1]);
      const first = tf.relu(tf.conv2d(picture, p.K1, 2, "same").add<tf.Tensor4D>(p.b1)); // [n, 14, 14, c]
      const second = tf.relu(tf.conv2d(first, p.K2, 2, "same").add(p.b2)); // [n, 7, 7, 2c]
      return affine(second.reshape([-1, flat]), p.W3, p.b3);
    });
  const decode = (h: tf.Tensor) =>
    tf.tidy(() => {
      const n = h.shape[0];
      const small = tf.relu(affine(h, p.W4, p.b4)).reshape<tf.Tensor4D>([n, 7, 7, 2 * c]);
      const up = (h: tf.Tensor4D, K: tf.Tensor4D, shape: [number, number, number, number]) =>
        tf.conv2dTranspose(h, K, shape, 2, "same");
      const middle = tf.relu(up(small, p.K5, [n, 14, 14, c]).add<tf.Tensor4D>(p.b5));
      const picture = up(middle, p.K6, [n, 28, 28, 1]).add(p.b6);
      return picture.reshape<tf.Tensor2D>([n, 784]);
    });
  return coded(e, { encode, decode }, p);
}

function principalComponents(e: Of<"pca">, x: tf.Tensor2D): Method {
  const { encode, reconstruct, mean, components } = pca(x, e.k);
  const size = components.rows * components.columns + mean.length;
  return { encode, reconstruct, parameters: {}, size };
}

/** Builds the variant of an experiment; `x` are its training images. */
export function methodOf(e: Experiment, x: tf.Tensor2D): Method {
  switch (e.variant) {
    case "plain":
      return fromModel(e, autoencoder(e.widths, e));
    case "linear":
      return fromModel(e, autoencoder(e.widths, { ...e, activation: "linear" }));
    case "l1": {
      const model = startAt(autoencoder(e.widths, { ...e, codeActivation: "relu" }), e, x);
      return {
        ...fromModel(e, model, (h) => ({ l1: l1(h).mul(e.lambda) })),
        constrain: unitAtoms(e),
      };
    }
    case "kl": {
      const model = autoencoder(e.widths, { ...e, codeActivation: "sigmoid" });
      return fromModel(e, model, (h) => ({ bernoulliKL: bernoulliKL(e.rho, h).mul(e.beta) }));
    }
    case "topk": {
      const model = startAt(
        autoencoder(e.widths, { ...e, codeActivation: (z) => topK(tf.relu(z), e.k) }),
        e,
        x,
      );
      return { ...fromModel(e, model), constrain: unitAtoms(e) };
    }
    case "jumprelu":
      return jumprelu(e, x);
    case "denoising":
      return denoising(e, x);
    case "contractive": {
      const model = tied(e.widths, { activation: "sigmoid", seed: e.seed });
      return fromModel(e, model, (h) => ({
        contraction: contraction(h, model.parameters.W1, "sigmoid").mul(e.lambda),
      }));
    }
    case "variational":
      return variational(e);
    case "convolutional":
      return convolutional(e);
    case "pca":
      return principalComponents(e, x);
    case "raw":
      return { encode: (rows) => rows.clone(), parameters: {}, size: 0 };
    case "random":
      return { encode: autoencoder([784, e.units, 784], e).encode, parameters: {}, size: 0 };
  }
}
