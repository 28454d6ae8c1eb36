// The kernel in a page: what the exporter embeds in each page, in src/page/dist/browser.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const from = "src/page";
const to = join(from, "dist/browser");
const library = "src/autoencoders/dist/page/library.js";
const wasm = createRequire(import.meta.url).resolve(
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
);

/** Leads Node's modules, which the half shared with the native kernel imports, to their stand-ins. */
const inWorker = {
  name: "in-worker",
  setup({ onResolve }) {
    const builtins = resolve(from, "node/builtins.ts");
    onResolve({ filter: /^node:/ }, () => ({ path: builtins }));
    onResolve({ filter: /^sucrase\/dist\/parser$/ }, ({ resolveDir }) => ({
      path: createRequire(join(resolveDir, "_")).resolve("sucrase/dist/esm/parser/index.js"),
    }));
  },
};

const options = {
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  mainFields: ["module", "main"],
  conditions: ["import"],
};

/** Write the worker's kernel, the page's half, and the script that starts both, beside the library and its wasm. */
export async function bundleNotebook() {
  if (!existsSync(library)) return; // pages do not run then
  mkdirSync(to, { recursive: true });
  await Promise.all([
    build({
      ...options,
      entryPoints: { kernel: join(from, "worker.ts"), boot: join(from, "boot.ts") },
      outdir: to,
      plugins: [inWorker],
    }),
    build({
      ...options,
      entryPoints: { notebook: join(from, "notebook.ts") },
      globalName: "pageNotebook",
      outdir: to,
    }),
  ]);
  copyFileSync(library, join(to, "library.js"));
  copyFileSync(wasm, join(to, "tensorflow.wasm"));
}

if (process.argv[1] && resolve(process.argv[1]) === resolve("setup/bundle-notebook.mjs"))
  await bundleNotebook();
