// TypeScript into dist/, and the live figures' browser code where their bundler is present.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./say.mjs";

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) yield* filesUnder(join(folder, entry.name));
    else yield join(folder, entry.name);
}

/** Remove what was compiled from sources that are gone: an old test would still run. */
export function removeOrphans(dist = "dist", src = "src") {
  if (!existsSync(dist)) return;
  for (const path of [...filesUnder(dist)]) {
    if (!path.endsWith(".js.map")) continue;
    const stem = relative(dist, path).slice(0, -".js.map".length);
    if (existsSync(join(src, `${stem}.ts`))) continue;
    for (const end of [".js", ".js.map", ".d.ts"]) rmSync(join(dist, stem + end), { force: true });
  }
}

export async function build() {
  removeOrphans();
  if (!existsSync("dist/index.js")) rmSync("dist/.tsbuildinfo", { force: true });
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cure: "mend the type errors" });
  await run(process.execPath, ["setup/bundle-live.mjs"]);
}
