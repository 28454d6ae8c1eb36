export * from "./claim";
export * from "./datasets";
export * from "./layers";
export type { Table } from "./linalg";
export * from "./losses";
export * from "./metrics";
export * from "./pca";
export * from "./penalties";
export * from "./random";
