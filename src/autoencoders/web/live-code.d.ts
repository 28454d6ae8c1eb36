/** The live figures' browser code by file name; `setup/bundle-page.mjs` makes it. */
declare module "live-code" {
  const code: Record<string, string>;
  export default code;
}

/** The compiled `engine/web/kernels.as.ts`. */
declare module "kernels.wasm" {
  const bytes: Uint8Array;
  export default bytes;
}
