// Notebooks are committed without outputs. As a git filter: `node setup/strip-outputs.mjs < in > out`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The text of a notebook without outputs, execution counts and what a session left in the metadata. */
export function stripped(text) {
  const notebook = JSON.parse(text);
  for (const cell of notebook.cells ?? []) {
    for (const key of ["execution", "collapsed", "scrolled", "trusted"])
      delete cell.metadata?.[key];
    if (cell.cell_type !== "code") continue;
    cell.outputs = [];
    cell.execution_count = null;
  }
  for (const key of ["signature", "widgets"]) delete notebook.metadata?.[key];
  const language = notebook.metadata?.language_info;
  if (language?.name === "typescript") {
    delete language.version;
    language.codemirror_mode = "typescript";
  }
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** The numbers of the cells that carry outputs or an execution count, counted from 1. */
export function cellsWithOutputs(text) {
  return (JSON.parse(text).cells ?? []).flatMap((cell, index) =>
    cell.cell_type === "code" && (cell.outputs?.length > 0 || cell.execution_count != null)
      ? [index + 1]
      : [],
  );
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const text = readFileSync(0, "utf8");
  let result = text;
  try {
    result = stripped(text);
  } catch {
    // Not JSON (a merge conflict, perhaps): git keeps it as it is.
  }
  process.stdout.write(result);
}
