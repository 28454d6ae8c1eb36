// TypeScript of every package into its dist/, the browser code of the live figures, and the kernel in a page.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./say.mjs";

const packages = ["autoencoders", "kernel", "page", "report", "sweep"].map((name) => `src/${name}`);

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) yield* filesUnder(join(folder, entry.name));
    else yield join(folder, entry.name);
}

/** Remove what was compiled from sources that are gone: an old test would still run. */
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

export const isBuilt = () =>
  packages.every((folder) => existsSync(`${folder}/dist/tsconfig.tsbuildinfo`));

export async function build() {
  for (const folder of packages) removeOrphans(folder);
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], {
    cure: "mend the type errors",
  });
  await run(process.execPath, ["setup/bundle-live.mjs"]);
  await run(process.execPath, ["setup/bundle-page.mjs"]);
  await run(process.execPath, ["setup/bundle-notebook.mjs"]);
}
