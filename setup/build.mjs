// Compiles TypeScript of every package into its dist/, and bundles browser code.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./process.mjs";

const packages = ["autoencoders", "kernel", "page", "report", "sweep"].map((name) => `src/${name}`);

/** Programs that bundle browser code. */
export const bundles = [
  "bundle-live.mjs",
  "bundle-page.mjs",
  "bundle-notebook.mjs",
  "bundle-types.mjs",
];

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

/** Remove files compiled from sources that are gone: an old test would still run. */
export function removeOrphans(folder) {
  const dist = join(folder, "dist");
  if (!existsSync(dist)) return;
  for (const path of filesUnder(dist)) {
    if (!path.endsWith(".d.ts")) continue;
    const stem = relative(dist, path).slice(0, -".d.ts".length);
    if (existsSync(join(folder, `${stem}.ts`))) continue;
    for (const end of [".js", ".d.ts"]) rmSync(join(dist, stem + end), { force: true });
  }
}

/** Every file that a build made. */
export const builtFiles = () =>
  packages
    .map((folder) => join(folder, "dist"))
    .filter((folder) => existsSync(folder))
    .flatMap(filesUnder)
    .filter((path) => !path.endsWith(".tsbuildinfo"))
    .sort();

/** True when a built file is empty, or has types and no code. */
function isDamaged() {
  const isEmpty = (path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  return builtFiles().some((path) => isEmpty(path) || isEmpty(path.replace(/\.d\.ts$/, ".js")));
}

/** Drop comments from the library's JavaScript, a tenth of it: the declarations keep them. */
async function dropComments() {
  const { transform } = await import("esbuild");
  const compiled = filesUnder("src/autoencoders/dist").filter(
    (path) => path.endsWith(".js") && !path.includes(".test.") && !path.includes("browser"),
  );
  for (const path of compiled) {
    const text = readFileSync(path, "utf8");
    const { code } = await transform(text, { charset: "utf8", legalComments: "none" });
    if (code !== text) writeFileSync(path, code);
  }
}

/** Compile what changed; everything when a built file is `damaged`. */
export async function build({ damaged = false } = {}) {
  for (const folder of packages) removeOrphans(folder);
  if (damaged || isDamaged())
    for (const folder of packages) rmSync(`${folder}/dist/tsconfig.tsbuildinfo`, { force: true });
  const compiler = ["node_modules/typescript/bin/tsc", "-b"];
  await run(process.execPath, compiler, { cure: "fix the type errors" });
  await dropComments();
  for (const name of bundles)
    await run(process.execPath, [`setup/${name}`], { cure: "fix the code that it bundles" });
}
