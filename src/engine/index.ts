export { dropTape } from "./backend";
export { covariance, inverse, symmetricEigen } from "./float64";
export { fastKernels, halfSquaredNorm } from "./kernels";
export { type Draw, drawsOf } from "./noise";
export { Adam, Momentum, ResourceOptimizer, Sgd } from "./optimizers";
export { Unrecordable } from "./record";
export { NotFinite, type Replay, startReplay } from "./replay";
export type { Found, StepInput } from "./step-graph";
export { threadsFor } from "./threads";
