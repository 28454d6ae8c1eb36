// The library and its web engine for a worker in a browser: AssemblyScript to wasm, TypeScript to
// one script.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { build } from "esbuild";
import { browserScript } from "./browser-script.mjs";

const library = resolve("src/autoencoders");
const live = join(library, "dist/live/browser");
const sources = ["kernels", "algebra", "random"].map(
  (name) => `src/autoencoders/engine/web/${name}.as.ts`,
);
const binary = "src/autoencoders/dist/engine/web/kernels.wasm";

/**
 * tfjs's own kernels, with SIMD and without threads; `start` of the web engine takes these bytes.
 */
export const tensorflowWasm = createRequire(import.meta.url).resolve(
  "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
);

/** Compile the web engine's arithmetic, unless that was done since it last changed. */
export async function compileKernels() {
  const changed = Math.max(...sources.map((source) => statSync(source).mtimeMs));
  if (existsSync(binary) && statSync(binary).mtimeMs > changed) return;
  mkdirSync(dirname(binary), { recursive: true });
  const { error, stderr } = await asc.main([
    ...sources,
    ...["--outFile", binary],
    ...["--runtime", "stub", "--importMemory", "--initialMemory", "1"], // the heap is tfjs's
    ...["--enable", "simd", "--optimizeLevel", "3", "--noAssert"],
  ]);
  if (error) throw new Error(`${sources.join(" and ")} must compile: ${stderr}`, { cause: error });
}

/** Files of the library that replace others in a browser. */
const replaced = {
  "engine/index.ts": "engine/web.ts",
  "engine/compat.ts": undefined, // sets up TensorFlow's library
  "engine/moments.ts": "engine/web/moments.ts",
  "engine/resources.ts": "engine/web/resources.ts",
};
const packages = {
  "@tensorflow/tfjs-node": "web/tfjs.ts",
  fs: "web/files.ts",
  "fs/promises": "web/files.ts",
  path: "web/path.ts",
  os: "web/os.ts",
  crypto: "web/os.ts",
  zlib: "web/zlib.ts",
};
// Glue for threads, which need headers that a file has not, and Node's own ways to show a value.
const empty = /^tslab$|tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/;

const sourceOf = (path) =>
  [`${path}.ts`, join(path, "index.ts")].find((file) => existsSync(file)) ?? path;

/**
 * esbuild's plugin by which imports of the library lead to the web engine and to a browser's
 * stand-ins for Node.
 */
export const inBrowser = {
  name: "in-browser",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: empty }, ({ path }) => ({ path, namespace: "empty" }));
    onResolve({ filter: /^danfojs-node$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
      // Evaluated when it is first imported, after a page may have added it.
      contents: `module.exports = globalThis.library.modules["${path}"];
        if (!module.exports) throw new Error("this page carries no ${path}");`,
    }));
    onResolve({ filter: /^autoencoders(\/\w+)?$/ }, ({ path }) => {
      const file = sourceOf(join(library, path.slice("autoencoders".length)));
      return { path: file.replace(/engine\/index\.ts$/, "engine/web.ts") };
    });
    onResolve({ filter: /^[@\w]/ }, ({ path }) => {
      const file = packages[path.replace(/^node:/, "")];
      return file && { path: join(library, file) };
    });
    onResolve({ filter: /^\.\.?(\/|$)/ }, ({ path, resolveDir }) => {
      if (!resolveDir.startsWith(library)) return undefined;
      const name = sourceOf(resolve(resolveDir, path)).slice(library.length + 1);
      if (!Object.hasOwn(replaced, name)) return undefined;
      if (!replaced[name]) return { path: name, namespace: "empty" };
      return { path: join(library, replaced[name]) };
    });
    onResolve({ filter: /^kernels\.wasm$/ }, () => ({ path: resolve(binary) }));
    onResolve({ filter: /^live-code$/ }, ({ path }) => ({ path, namespace: "live-code" }));
    onLoad({ filter: /.*/, namespace: "live-code" }, () => {
      const names = readdirSync(live).filter((name) => name.endsWith(".js"));
      const code = names.map((name) => [name, readFileSync(join(live, name), "utf8")]);
      return { contents: `export default ${JSON.stringify(Object.fromEntries(code))}` };
    });
    onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {}" }));
  },
};

/**
 * Options by which esbuild makes one script of the library, or of what imports it, for a worker.
 */
export const forWorker = {
  ...browserScript,
  mainFields: ["browser", "module", "main"],
  loader: { ".wasm": "binary" },
  define: { __dirname: '"/src/autoencoders/dist"', "process.env.NODE_ENV": '"production"' },
  inject: [join(library, "web/process.ts")],
  plugins: [inBrowser],
};

/** Make the script that puts the library and its engine at a global name. */
async function bundleLibrary() {
  await compileKernels();
  await build({
    ...forWorker,
    entryPoints: [join(library, "web/library.ts")],
    globalName: "library",
    outfile: "src/autoencoders/dist/page/library.js",
  });
}

/**
 * Tests of the library that hold for either engine; what they need of Node is left to be required.
 * PCA of all the digits is tested by chapter 04 in its page.
 */
const suite = [
  ...["corruption", "divergence", "extremes", "gradient-check", "layers", "losses"],
  ...["metrics", "metrics.slow", "pca", "penalties", "preconditions", "random"],
  "train",
];

const tests = {
  name: "tests",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /src\/autoencoders\/.*\.ts$/ }, ({ path }) => {
      const folder = join(library, "dist", dirname(path).slice(library.length));
      const text = readFileSync(path, "utf8");
      return { contents: text.replaceAll("__dirname", JSON.stringify(folder)), loader: "ts" };
    });
    onResolve({ filter: /^node:|^fast-check$/ }, ({ path, importer }) =>
      /\.test\.ts$|\/fixtures\//.test(importer) ? { path, external: true } : undefined,
    );
  },
};

/** Make the script by which the library's own tests run on the web engine. */
function bundleTests() {
  const loads = suite.map((name) => `${JSON.stringify(name)}: () => import("./${name}.test")`);
  return build({
    ...forWorker,
    stdin: {
      contents: `export { start } from "./engine/web/kernels"; export { offerFiles } from "./web/files"; export const tests = { ${loads} };`,
      resolveDir: library,
      loader: "ts",
    },
    minify: false,
    plugins: [tests, ...forWorker.plugins],
    globalName: "suite",
    outfile: "src/autoencoders/dist/page/tests.js",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleLibrary();
  await bundleTests();
}
