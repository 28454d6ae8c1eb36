// Chapters for students: solutions removed, and a cell to write in for each exercise.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const isSolution = (cell) => cell.metadata?.tags?.includes("solution") ?? false;

const empty = { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: [] };

/** Notebook with an empty cell in place of solutions, unless a cell to fill in stands there. */
export function withoutSolutions(notebook) {
  const cells = [];
  for (const [i, cell] of notebook.cells.entries())
    if (!isSolution(cell)) cells.push(cell);
    else if (cells.at(-1)?.cell_type !== "code")
      cells.push({ ...empty, id: `${cell.id ?? i}-yours` });
  return { ...notebook, cells };
}

/** Write every chapter into `folder`, made anew. */
export function writeHandout(folder = "handout") {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const chapters = readdirSync("notebooks").filter((name) => /^\d\d-.*\.ipynb$/.test(name));
  for (const name of chapters) {
    const notebook = JSON.parse(readFileSync(join("notebooks", name), "utf8"));
    writeFileSync(join(folder, name), `${JSON.stringify(withoutSolutions(notebook), null, 1)}\n`);
  }
  console.log(`${chapters.length} chapters without solutions in ${folder}/`);
  return 0;
}
