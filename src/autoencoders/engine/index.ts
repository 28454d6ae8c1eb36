export { dropTape } from "./backend";
export { unitInterval } from "./bytes";
export { covariance } from "./covariance";
export { inverse, symmetricEigen } from "./float64";
export type { BatchRef, StepPlan, StepResult } from "./graph-builder";
export { fastKernels, halfSquaredNorm } from "./kernels";
export { leadingEigen } from "./leading-eigen";
export { type Draw, drawsOf } from "./noise";
export { Adam, Momentum, ResourceOptimizer, Sgd } from "./optimizers";
export {
  CannotReplay,
  NotFinite,
  type Replay,
  Unrecordable,
} from "./recorded-steps";
export { startReplay } from "./replay";
