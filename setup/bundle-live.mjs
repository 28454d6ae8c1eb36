// The live figures' browser code: one script a widget, in dist/live/browser of the library, which
// reads them at run time.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { browserScript } from "./browser-script.mjs";

const from = "src/autoencoders/live/browser";
const entryPoints = readdirSync(from)
  .filter((name) => name.endsWith(".widget.ts"))
  .map((name) => ({ in: join(from, name), out: name.slice(0, -".widget.ts".length) }));

await build({
  entryPoints,
  outdir: "src/autoencoders/dist/live/browser",
  ...browserScript,
  globalName: "widget",
  tsconfig: join(from, "tsconfig.json"),
});
