// The engines that a contender in Node can train on: the native one, tfjs-node as it comes, and
// those of a page.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(import.meta.url);

function native(steps) {
  require("../../src/autoencoders/dist/engine/compat.js");
  const tf = require("@tensorflow/tfjs-node");
  return { tf, library: require("../../src/autoencoders/dist/index.js"), steps };
}

const file = resolve(".cache/bench/page.js");

/**
 * Make the script of the library for a browser, with tfjs's backends as they come beside the web
 * engine.
 */
export async function bundleEngines() {
  const { compileKernels, forWorker, tensorflowWasm } = await import("../../setup/bundle-page.mjs");
  const { build } = await import("esbuild");
  mkdirSync(".cache/bench", { recursive: true });
  await compileKernels();
  await build({
    ...forWorker,
    stdin: {
      contents: `import "@tensorflow/tfjs-backend-cpu";
        export { start, startBackend } from "./engine/web/kernels";
        export * as tf from "@tensorflow/tfjs-node";
        export * as library from "./index";
        export * from "${resolve("bench/train/steps.mjs")}";`,
      resolveDir: resolve("src/autoencoders"),
      loader: "ts",
    },
    globalName: "engines",
    outfile: file,
  });
  return { file, wasm: tensorflowWasm };
}

/** The library in a scope like that of a page's worker. */
async function inPage(steps, start) {
  const scope = require("../../src/autoencoders/dist/fixtures/web.js");
  const engines = scope.inWorkerScope(file, "engines");
  await start(engines, scope.tensorflowWasm());
  return { tf: engines.tf, library: engines.library, steps };
}

export const engines = {
  replay: () => native("replay"),
  eager: () => native("eager"),
  stock: () => native("stock"),
  web: () => inPage("replay", ({ start }, wasm) => start(wasm)),
  "web eager": () => inPage("eager", ({ start }, wasm) => start(wasm)),
  wasm: () => inPage("stock", ({ startBackend }, wasm) => startBackend(wasm)),
  cpu: () => inPage("stock", ({ tf }) => tf.setBackend("cpu")),
};
