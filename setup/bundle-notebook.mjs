// The kernel in a page: what the exporter embeds in each page, in src/page/dist/browser.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { browserScript } from "./browser-script.mjs";
import { tensorflowWasm } from "./bundle-page.mjs";

const from = "src/page";
const to = join(from, "dist/browser");
const library = "src/autoencoders/dist/page/library.js";

/**
 * Leads Node's modules, which the half shared with the native kernel imports, to their stand-ins.
 */
const inWorker = {
  name: "in-worker",
  setup({ onResolve, onLoad }) {
    const builtins = resolve(from, "node/builtins.ts");
    onResolve({ filter: /^node:/ }, () => ({ path: builtins }));
    onResolve({ filter: /^sucrase\/dist\/parser$/ }, ({ resolveDir }) => ({
      path: createRequire(join(resolveDir, "_")).resolve("sucrase/dist/esm/parser/index.js"),
    }));
    onLoad({ filter: unused }, () => ({
      contents: "export default class {}\nexport const startsWithLowerCase = undefined;",
    }));
    onLoad({ filter: /ts-interface-checker/ }, () => ({ contents: checksNothing }));
  },
};

// Transforms of sucrase that no cell asks for, and the check of the options that we give it.
const unused =
  /sucrase\/dist\/esm\/(CJSImportProcessor|transformers\/(CJSImport|JSX|ReactDisplayName|ReactHotLoader|Jest\w*)Transformer)\.js$/;
const checksNothing = `
  const any = new Proxy(() => any, { get: () => any });
  export const createCheckers = () => ({ Options: { strictCheck() {} } });
  export const union = any, lit = any, array = any, iface = any, opt = any, enumtype = any;`;

/**
 * Leads danfo to the tfjs of the library, and away from what reads files, the network and
 * spreadsheets.
 */
const besideLibrary = {
  name: "beside-library",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^mathjs$/ }, () => ({ path: resolve(from, "danfo/mathjs.ts") }));
    onResolve({ filter: /^@tensorflow\/tfjs-node$/ }, ({ path }) => ({ path, namespace: "tfjs" }));
    onResolve(
      { filter: /^(fs|node-fetch|request|stream|stream-json(\/.*)?|xlsx|plotly\.js-dist-min)$/ },
      ({ path }) => ({ path, namespace: "empty" }),
    );
    onLoad({ filter: /.*/, namespace: "tfjs" }, ({ path }) => ({
      contents: `module.exports = library.modules["${path}"]`,
    }));
    onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {}" }));
  },
};

const frames = "src/report/autoencoder_report/static";
const live = "src/autoencoders/dist/live/browser";
// As in src/autoencoders/live/widget.ts.
const mounting = (name, code) =>
  `(()=>{const s=document.currentScript,h=s&&s.previousElementSibling&&s.previousElementSibling.matches(".ae-live")?s.previousElementSibling:` +
  `[...document.querySelectorAll(".ae-live[aria-label]:not([data-live])")][0];if(!h||h.dataset.live)return;h.dataset.live="${name}";${code}`;

/** Puts in the exporter's frame for outputs, and hashes by which live figures are known. */
const isolatedFrame = {
  name: "isolated-frame",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^isolated-frame$/ }, ({ path }) => ({ path, namespace: "frame" }));
    onLoad({ filter: /.*/, namespace: "frame" }, () => {
      const [colors, rest, js] = ["colors.css", "isolated.css", "isolated.js"].map((name) =>
        readFileSync(join(frames, name), "utf8"),
      );
      const names = readdirSync(live).filter((name) => name.endsWith(".js"));
      const hashes = names.map((name) => {
        const text = mounting(name.slice(0, -3), readFileSync(join(live, name), "utf8"));
        return createHash("sha256").update(text).digest("hex");
      });
      const given = JSON.stringify({ css: `${colors}\n${rest}`, js, hashes });
      return { contents: `export const { css, js, hashes } = ${given};` };
    });
  },
};

const katex = "node_modules/katex/dist";
/** KaTeX's style sheet with its typefaces in it; the page's own rules come after it. */
const katexStyles = () =>
  readFileSync(join(katex, "katex.min.css"), "utf8").replace(
    /src:url\((fonts\/[\w-]+\.woff2)\)[^}]*/g,
    (_, font) =>
      `src:url(data:font/woff2;base64,${readFileSync(join(katex, font), "base64")}) format("woff2")`,
  );

/** Script beside pages that sets formulas as the exporter does. */
const formulas = `
  import katex from "katex";
  import "katex/contrib/mhchem";
  import { typesetter } from "./src/report/autoencoder_report/typeset.mjs";
  document.head.prepend(Object.assign(document.createElement("style"), {
    textContent: ${JSON.stringify(katexStyles())},
  }));
  export const typeset = typesetter(katex);`;

const common = {
  ...browserScript,
  mainFields: ["module", "main"],
  conditions: ["import"],
  outdir: to,
};
const bundle = (entryPoints, plugin, more) =>
  build({ ...common, entryPoints, plugins: [plugin], ...more });

// The worker's kernel, the page's half, and the script that starts both, beside the library and
// its wasm.
mkdirSync(to, { recursive: true });
await Promise.all([
  bundle({ kernel: join(from, "worker.ts"), boot: join(from, "boot.ts") }, inWorker),
  bundle({ notebook: join(from, "notebook.ts") }, isolatedFrame, { globalName: "pageNotebook" }),
  build({
    ...browserScript,
    stdin: { contents: formulas, resolveDir: "." },
    globalName: "pageFormulas",
    outfile: join(to, "formulas.js"),
  }),
  bundle({ danfo: "danfojs-node" }, besideLibrary, {
    mainFields: ["browser", "module", "main"],
    globalName: "danfo",
    footer: { js: 'library.modules["danfojs-node"] = danfo;' },
  }),
]);
copyFileSync(library, join(to, "library.js"));
copyFileSync(tensorflowWasm, join(to, "tensorflow.wasm"));
