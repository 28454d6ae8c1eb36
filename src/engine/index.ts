export { Adam } from "./adam";
export { fastKernels } from "./kernels";
export { type Draw, drawsOf } from "./noise";
