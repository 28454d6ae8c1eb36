// Git filter of this clone: nbstripout removes outputs as a notebook is added.
import { existsSync } from "node:fs";
import { run } from "./process.mjs";
import { python } from "./python.mjs";

/** Metadata of a session, beside those that nbstripout removes by itself. */
const session = ["version", "codemirror_mode"].map((key) => `metadata.language_info.${key}`);

/** Arguments of Python that strip a notebook from standard input to standard output. */
const flags = ["-t", "--keep-id", "--extra-keys", session.join(" ")];
export const stripArguments = ["-m", "nbstripout", ...flags];

const quoted = (word) => (word.includes(" ") ? `"${word}"` : word);

/** Install the filter; nothing to do outside a clone. */
export async function filterOutputs() {
  if (!existsSync(".git")) return "not a git clone";
  const command = [python, ...stripArguments].map(quoted).join(" ");
  await run("git", ["config", "filter.nbstripout.clean", command], {
    cure: "git must be installed and able to write .git/config",
  });
}

/** Numbers of the cells that carry outputs or an execution count, counted from 1. */
export function cellsWithOutputs(text) {
  return (JSON.parse(text).cells ?? []).flatMap((cell, index) =>
    cell.cell_type === "code" && (cell.outputs?.length > 0 || cell.execution_count != null)
      ? [index + 1]
      : [],
  );
}
