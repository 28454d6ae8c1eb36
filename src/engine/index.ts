export { dropTape } from "./backend";
export { covariance, symmetricEigen } from "./float64";
export { fastKernels, halfSquaredNorm } from "./kernels";
export { type Draw, drawsOf } from "./noise";
export { Adam, Momentum, ResourceOptimizer, Sgd } from "./optimizers";
export { Unrecordable } from "./record";
export { type Found, NotFinite, type Replay, type StepInput, startReplay } from "./replay";
