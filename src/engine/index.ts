export { Adam } from "./adam";
export { dropTape } from "./backend";
export { covariance, symmetricEigen } from "./float64";
export { fastKernels } from "./kernels";
export { type Draw, drawsOf } from "./noise";
