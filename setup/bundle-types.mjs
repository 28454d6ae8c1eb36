// Types in a page: the kernel's converter with its TypeScript as a script for a worker, and the
// declarations that cells see.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { browserScript } from "./browser-script.mjs";

const require = createRequire(import.meta.url);
const from = resolve("src/page/types");
const to = "src/page/dist/browser";
const kernel = resolve("src/kernel/dist");
const typescript = "@tslab/typescript-for-tslab";

/** Modules that a cell of a page may import. */
const modules = [
  ...["", "/display", "/engine", "/exercises", "/live", "/plot"].map((sub) => `autoencoders${sub}`),
  ...["@tensorflow/tfjs", "@tensorflow/tfjs-node", "danfojs-node", "jupyter-typescript/widgets"],
  ...["ml-matrix", "tslab"],
];

/** Fields of a package.json by which TypeScript finds declarations. */
const RESOLVING = ["name", "version", "types", "typings", "main", "typesVersions"];

/**
 * Read every file that the kernel's converter reads for a cell which imports all modules of a page.
 */
function declarations() {
  const root = process.cwd();
  const { sys } = require(join(kernel, "convert/tslab.js")).typescript();
  const { readFile, realpath } = sys;
  const files = {};
  const kept = (path, text) => {
    if (!path.endsWith("package.json")) return text;
    const fields = Object.entries(JSON.parse(text));
    return JSON.stringify(Object.fromEntries(fields.filter(([name]) => RESOLVING.includes(name))));
  };
  sys.realpath = (path) => path; // links to packages of this repository are no part of a page
  sys.readFile = (path, encoding) => {
    const text = readFile.call(sys, path, encoding);
    if (text !== undefined && path.startsWith(`${root}/`))
      files[path.slice(root.length)] = kept(path, text);
    return text;
  };
  const { CellConverter } = require(join(kernel, "convert/cell-converter.js"));
  process.chdir("notebooks");
  try {
    const converter = new CellConverter(process.cwd(), root);
    const imports = modules.map((name, i) => `import * as m${i} from ${JSON.stringify(name)};`);
    const { diagnostics } = converter.convert(imports.join("\n"));
    converter.tslab.close();
    if (diagnostics.length > 0)
      throw new Error(`a page's modules must have types: ${diagnostics[0].messageText}`);
  } finally {
    process.chdir(root);
    Object.assign(sys, { readFile, realpath });
  }
  return files;
}

const inBrowser = {
  name: "types-in-browser",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/(tslab|node-names)$/ }, ({ path, resolveDir }) =>
      resolveDir.startsWith(kernel) ? { path: join(from, `${path}.ts`) } : undefined,
    );
    onResolve({ filter: /^(node:.*|path)$/ }, ({ path, importer }) => {
      if (importer.includes(typescript)) return undefined;
      const isPath = /^(node:)?path$/.test(path);
      return { path: isPath ? require.resolve("path-browserify") : join(from, "node.ts") };
    });
    onResolve({ filter: /typescript/ }, ({ path, importer }) =>
      path === "replaceable-typescript" || (path === typescript && importer.includes("tslab/dist"))
        ? { path: "replaceable", namespace: "types" }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "types" }, () => ({
      contents: `module.exports = { ...require("${typescript}") };`,
      resolveDir: resolve("."),
    }));
  },
};

/** Newest change below a folder, or of a file. */
function changed(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

/**
 * Write the worker's script and its declarations, unless they are newer than all that is in them.
 */
async function bundleTypes() {
  const [script, data] = ["types.js", "types.json"].map((name) => join(to, name));
  const ours = ["convert", "answer"].map((name) => join(kernel, name));
  const libraries = Object.keys(existsSync(data) ? JSON.parse(readFileSync(data, "utf8")) : {})
    .filter((path) => !/node_modules\/(?!autoencoders|jupyter)/.test(path))
    .map((path) => `.${path}`);
  const bundlers = ["setup/bundle-types.mjs", "setup/browser-script.mjs", "package-lock.json"];
  const sources = [...ours, from, ...bundlers, ...libraries];
  const there = [script, data, ...libraries].every((path) => existsSync(path));
  if (there && Math.max(...sources.map(changed)) < statSync(data).mtimeMs) return;
  await build({
    ...browserScript,
    entryPoints: [join(from, "service.ts")],
    outfile: script,
    define: {
      __dirname: '"/src/kernel/dist/convert"',
      "process.cwd": "currentFolder",
      "process.version": '"v20.0.0"',
      "require.resolve": "String",
    },
    inject: [join(from, "node.ts")],
    plugins: [inBrowser],
  });
  writeFileSync(data, JSON.stringify(declarations()));
}

await bundleTypes();
