import { existsSync } from "node:fs";
import { run } from "./say.mjs";

/** Let git of this clone strip outputs as a notebook is added; nothing to do outside a clone. */
export async function filterOutputs() {
  if (!existsSync(".git")) return "not a git clone";
  await run("git", ["config", "filter.notebook-outputs.clean", "node setup/strip-outputs.mjs"]);
  return undefined;
}
