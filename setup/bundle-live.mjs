// The live figures' browser code: one script a widget, in dist/live/browser, read by src/live at run time.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const from = "src/live/browser";
const entryPoints = readdirSync(from)
  .filter((name) => name.endsWith(".widget.ts"))
  .map((name) => ({ in: join(from, name), out: name.slice(0, -".widget.ts".length) }));

await build({
  entryPoints,
  outdir: "dist/live/browser",
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "widget",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  tsconfig: join(from, "tsconfig.json"),
});
