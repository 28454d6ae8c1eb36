import "./engine/compat"; // before anything loads TensorFlow

export { type Checkpoint, type LoadedCheckpoint, load, save } from "./checkpoint";
export { type Bound, ClaimError, claim } from "./claim";
export { type Corruption, gaussian, masking, saltAndPepper } from "./corruption";
export {
  type DataOptions,
  fashionMnist,
  type Idx,
  type LabeledImages,
  mnist,
  readIdx,
  type Split,
} from "./datasets";
export { type Gaussian, kl, klBernoulli, klContinuous, klGaussian } from "./divergence";
export { Adam, Momentum, Sgd } from "./engine";
export { type GradientCheck, type GradientCheckOptions, gradientCheck } from "./gradient-check";
export {
  type Activation,
  type ActivationName,
  type Autoencoder,
  type AutoencoderOptions,
  affine,
  autoencoder,
  glorotUniform,
  heaviside,
  jumpReLU,
  tied,
  topK,
} from "./layers";
export type { Table } from "./linalg";
export { absoluteError, binaryCrossEntropy, squaredError } from "./losses";
export { type MarginLoss, marginLosses, type OnMargin } from "./margin-losses";
export {
  deadUnits,
  explainedVariance,
  type LabeledCodes,
  linearProbeAccuracy,
  meanL0,
  nearestNeighborAccuracy,
  psnr,
} from "./metrics";
export type { At, Objective, Step, Terms, TrainOptions } from "./objective";
export { type PCA, pca, principalAngles } from "./pca";
export { bernoulliKL, contraction, gaussianKL, l0, l1, l2, unitNormRows } from "./penalties";
export { defaultSeed, type Random, random } from "./random";
export { type DataFrame, readTable, type TableOptions } from "./read-table";
export { cosine, type Schedule } from "./schedules";
export { train } from "./train";
