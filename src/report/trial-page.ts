import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const root = path.join(__dirname, "../../..");
export const python = path.join(root, ".venv/bin/python");

export const markdown = (source: string) => ({ cell_type: "markdown", metadata: {}, source });
export const code = (source: string, outputs: object[] = [], tags: string[] = []) => ({
  cell_type: "code",
  metadata: { tags },
  execution_count: 1,
  source,
  outputs,
});
export const bundle = (data: object) => ({ output_type: "display_data", metadata: {}, data });

interface TrialPage {
  file: string;
  folder: string;
  remove(): void;
}

/** Writes the notebook of these cells into a folder of its own. */
function writeNotebook(cells: object[]): string {
  const notebook = path.join(mkdtempSync(path.join(tmpdir(), "report-")), "00-trial.ipynb");
  const language_info = { name: "typescript", pygments_lexer: "typescript" };
  const withIds = cells.map((cell, i) => ({ id: `cell-${i}`, ...cell }));
  writeFileSync(
    notebook,
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { language_info }, cells: withIds }),
  );
  return notebook;
}

/** Pages of notebooks of these cells, as one `jupyter nbconvert` exports them. */
export function exportPages(...all: object[][]): TrialPage[] {
  const notebooks = all.map(writeNotebook);
  const ran = spawnSync(python, ["-m", "jupyter", "nbconvert", "--to", "report", ...notebooks], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(ran.status, 0, `jupyter nbconvert --to report must write the page:\n${ran.stderr}`);
  return notebooks.map((notebook) => {
    const folder = path.dirname(notebook);
    const remove = () => rmSync(folder, { recursive: true, force: true });
    return { file: path.join(folder, "00-trial.html"), folder, remove };
  });
}

export const exportPage = (cells: object[]): TrialPage => exportPages(cells)[0]!;

/** Writes scripts that lie beside pages, such as "types.js", into a folder that lacks them. */
export function writeBeside(folder: string, ...all: string[]): void {
  const names = all.filter((name) => !existsSync(path.join(folder, name)));
  if (names.length === 0) return;
  const program =
    "import sys, pathlib; from autoencoder_report.runnable import write_data\n" +
    "for name in sys.argv[2:]: write_data(name, pathlib.Path(sys.argv[1]))";
  const ran = spawnSync(python, ["-c", program, folder, ...names], { cwd: root, encoding: "utf8" });
  assert.equal(ran.status, 0, `${names} must be written:\n${ran.stderr}`);
}
