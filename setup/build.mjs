// Compiles TypeScript of every package into its dist/, and bundles browser code.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./process.mjs";

const packages = ["autoencoders", "kernel", "page", "report", "sweep"].map((name) => `src/${name}`);

/** Programs that bundle browser code. */
const bundles = ["bundle-live.mjs", "bundle-page.mjs", "bundle-notebook.mjs"];

const skipped = new Set(["dist", "node_modules", "__pycache__"]);

function* filesUnder(folder, without = new Set()) {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (!entry.isDirectory()) yield join(folder, entry.name);
    else if (!without.has(entry.name)) yield* filesUnder(join(folder, entry.name), without);
}

/** Remove files compiled from sources that are gone: an old test would still run. */
export function removeOrphans(folder) {
  const dist = join(folder, "dist");
  if (!existsSync(dist)) return;
  for (const path of [...filesUnder(dist)]) {
    if (!path.endsWith(".d.ts")) continue;
    const stem = relative(dist, path).slice(0, -".d.ts".length);
    if (existsSync(join(folder, `${stem}.ts`))) continue;
    for (const end of [".js", ".d.ts"]) rmSync(join(dist, stem + end), { force: true });
  }
}

/** Every compiled file; a test or a source without one is a missing path of the list. */
export function builtFiles() {
  const sources = packages.flatMap((folder) =>
    [...filesUnder(folder, skipped)].filter((path) => /(?<!\.d)\.ts$/.test(path)),
  );
  const compiled = sources
    .filter((path) => !path.includes("/live/browser/"))
    .map((path) => path.replace(/^(src\/\w+)\/(.*)\.ts$/, "$1/dist/$2.js"));
  const there = packages
    .map((folder) => join(folder, "dist"))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [...filesUnder(folder)]);
  return [
    ...new Set([...compiled, ...there.filter((path) => !path.endsWith(".tsbuildinfo"))]),
  ].sort();
}

const isEmpty = (path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;

/** Compile what changed; everything when a compiled file is `damaged`, empty or missing. */
export async function build({ damaged = false } = {}) {
  for (const folder of packages) removeOrphans(folder);
  if (damaged || builtFiles().some(isEmpty))
    for (const folder of packages) rmSync(`${folder}/dist/tsconfig.tsbuildinfo`, { force: true });
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], {
    cure: "fix the type errors",
  });
  for (const name of bundles)
    await run(process.execPath, [`setup/${name}`], {
      cure: "fix the code that it bundles",
    });
}
