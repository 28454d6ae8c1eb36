/**
 * `node dist/typecheck-cells.js <notebook>…` type-checks every code cell as the kernel would,
 * without running any.
 *
 * Prints `notebook, cell 3, line 2: TS2322: …` for each finding (cells counted among the code
 * cells, from 1), and leaves with code 1 when there are any, 2 when a notebook cannot be read.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { CellConverter } from "./convert/cell-converter";
import { checkOf } from "./convert/check";

interface NotebookFile {
  metadata?: Record<string, unknown>;
  cells?: {
    cell_type: string;
    source: string | string[];
    metadata?: Record<string, unknown>;
  }[];
}

interface Finding {
  cell: number;
  line: number;
  code: number;
  message: string;
}

/** The code cells of a notebook, in order. Throws when the file is no notebook. */
export function codeCells(file: string): { code: string; metadata: Record<string, unknown> }[] {
  const notebook = JSON.parse(readFileSync(file, "utf8")) as NotebookFile | null;
  if (!Array.isArray(notebook?.cells))
    throw new TypeError(`${file} is not a notebook: it has no cells`);
  const code = notebook.cells.filter((cell) => cell?.cell_type === "code");
  const isText = (source: unknown) => typeof source === "string";
  const broken = code.findIndex(
    ({ source }) => !isText(source) && !(Array.isArray(source) && source.every(isText)),
  );
  if (broken >= 0)
    throw new TypeError(
      `${file} is not a notebook: the source of code cell ${broken + 1} must be text or lines of text`,
    );
  return code.map(({ source, metadata = {} }) => ({
    code: Array.isArray(source) ? source.join("") : source,
    metadata,
  }));
}

/**
 * Findings of one notebook; a cell with errors declares nothing to those after it, as in the
 * kernel.
 */
function typecheckNotebook(file: string): Finding[] {
  const root = process.env.AE_ROOT ?? process.cwd();
  process.chdir(path.dirname(path.resolve(file)));
  const converter = new CellConverter(process.cwd(), root);
  const { metadata: ofNotebook } = JSON.parse(
    readFileSync(path.basename(file), "utf8"),
  ) as NotebookFile;
  const findings: Finding[] = [];
  for (const [index, { code, metadata }] of codeCells(path.basename(file)).entries()) {
    const { diagnostics } = converter.convert(code, checkOf(code, metadata, ofNotebook));
    if (diagnostics.length === 0) converter.settle();
    for (const { start, code: number, messageText, fileName } of diagnostics) {
      const message = fileName ? `${fileName}: ${messageText}` : messageText;
      findings.push({ cell: index + 1, line: start.line + 1, code: number, message });
    }
  }
  converter.tslab.close();
  return findings;
}

function main(files: readonly string[]): number {
  const folder = process.cwd();
  let found = 0;
  for (const file of files) {
    try {
      process.chdir(folder);
      for (const { cell, line, code, message } of typecheckNotebook(file)) {
        found++;
        process.stdout.write(`${file}, cell ${cell}, line ${line}: TS${code}: ${message}\n`);
      }
    } catch (error) {
      process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
      return 2;
    }
  }
  process.stdout.write(`${files.length} notebooks, ${found} errors\n`);
  return found > 0 ? 1 : 0;
}

if (require.main === module) {
  const files = process.argv.slice(2);
  if (files.length === 0) {
    process.stderr.write("usage: node dist/typecheck-cells.js <notebook>…\n");
    process.exitCode = 2;
  } else process.exitCode = main(files);
}
