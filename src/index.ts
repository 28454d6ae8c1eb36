import "./engine/compat"; // before anything loads TensorFlow

export * from "./checkpoint";
export * from "./cholesky";
export * from "./claim";
export * from "./corruption";
export * from "./datasets";
export * from "./divergence";
export { Adam, Momentum, Sgd } from "./engine";
export * from "./gradient-check";
export * from "./layers";
export type { Table } from "./linalg";
export * from "./losses";
export * from "./metrics";
export * from "./pca";
export * from "./penalties";
export * from "./random";
export * from "./schedules";
export * from "./train";
