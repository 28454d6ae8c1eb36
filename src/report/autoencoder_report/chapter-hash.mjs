// Prints two hashes per notebook, CODE-BOUNDS: `node chapter-hash.mjs ROOT NOTEBOOK…`. CODE covers
// what its numbers depend on, its cells and the modules that they import, minified, so that a
// comment or a line break changes nothing; BOUNDS the bounds of its claims.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [root, ...notebooks] = process.argv.slice(2);
const require = createRequire(join(root, "package.json"));
const { build, transform } = require("esbuild");

/** Packages of this repository by their sources: esbuild drops what a chapter does not use. */
const packages = {
  autoencoders: "src/autoencoders",
  "autoencoders-sweep": "src/sweep",
};

/** Modules that draw what a cell has computed; no claim reads them. */
const drawing = /^autoencoders\/(display|live|plot)$/;

const ours = {
  name: "ours",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) => {
      const name = Object.keys(packages).find((one) => path === one || path.startsWith(`${one}/`));
      if (!name || drawing.test(path) || path.endsWith(".json")) return { external: true };
      return { path: join(root, packages[name], path.slice(name.length), "index.ts") };
    });
  },
};

const codeOf = (path) =>
  JSON.parse(readFileSync(path, "utf8"))
    .cells.filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => [source].flat().join(""));

/** The import statements of a cell, with the type-only names taken out. */
const importsIn = (code) =>
  [...code.matchAll(/^import [^"']*["'][^"']+["'];?$/gm)].map(([statement]) => statement);

const number = String.raw`-?[\d.]+(?:e[+-]?\d+)?`;
const bound = new RegExp(`\\b(?:(?:below|above):${number}|within:\\[${number},${number}\\])`, "g");

async function hashOf(path) {
  const hash = createHash("sha256");
  const bounds = createHash("sha256");
  const cells = codeOf(path);
  for (const cell of cells) {
    const { code } = await transform(cell, { loader: "ts", minifyWhitespace: true, format: "esm" });
    hash.update(`${code.replaceAll(bound, "")}\n`);
    for (const [literal] of code.matchAll(bound)) bounds.update(`${literal}\n`);
  }
  const names = cells.flatMap(importsIn);
  const used = names.flatMap((statement) =>
    [...(statement.match(/\{([^}]*)\}/)?.[1] ?? "").matchAll(/(?:^|,)\s*(?!type\b)(\w+)/g)].map(
      ([, name]) => name,
    ),
  );
  const contents = `${[...new Set(names)].join("\n")}\nconsole.log(${used.join(", ")});`;
  const { outputFiles } = await build({
    stdin: { contents, loader: "ts", resolveDir: root },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    minify: true,
    treeShaking: true,
    ignoreAnnotations: false,
    logLevel: "silent",
    plugins: [ours],
  });
  hash.update(outputFiles[0].contents);
  hash.update(dataNamedIn(cells.join("\n")));
  hash.update(readFileSync(join(root, "node_modules/@tensorflow/tfjs-node/package.json")));
  return [hash, bounds].map((one) => one.digest("hex").slice(0, 8)).join("-");
}

/** Checksums of the data that the code names: `mnist(…)`, `readTable("penguins")`. */
function dataNamedIn(code) {
  const words = new Set(code.match(/[\w-]+/g).map((word) => word.toLowerCase()));
  const isNamed = (line) => {
    const [, name] = line.match(/data\/([\w-]+)/) ?? [];
    return words.has(name) || words.has(name?.replaceAll("-", ""));
  };
  const lines = readFileSync(join(root, "data/checksums.txt"), "utf8").split("\n");
  return lines.filter(isNamed).join("\n");
}

for (const path of notebooks) console.log(await hashOf(path));
