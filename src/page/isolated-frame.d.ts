/**
 * Constants inserted by `setup/bundle-notebook.mjs`: the exporter's frame, and hashes of the live
 * figures' code.
 */
declare module "isolated-frame" {
  /** Style sheet and script of a frame for an output. */
  export const css: string;
  export const js: string;
  /** SHA-256 of each live figure's script up to its data. */
  export const hashes: readonly string[];
}
