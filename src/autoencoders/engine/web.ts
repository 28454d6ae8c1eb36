// The engine in a browser, on tfjs's wasm backend: the same exports as index.ts, the same numbers
// within float error.
export { covariance } from "./covariance";
export type { BatchRef, StepPlan, StepResult } from "./graph-builder";
export { Adam, Momentum, ResourceOptimizer, Sgd } from "./optimizers";
export {
  CannotReplay,
  NotFinite,
  type Replay,
  Unrecordable,
} from "./recorded-steps";
export { unitInterval } from "./web/bytes";
export { inverse, symmetricEigen, symmetricEigen as leadingEigen } from "./web/float64";
export { fastKernels, halfSquaredNorm } from "./web/kernels";
export { type Draw, drawsOf } from "./web/noise";
export { startReplay } from "./web/replay";
export { dropTape } from "./web/tape";
