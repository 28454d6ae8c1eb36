import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileStamp } from "../convert/file-stamp";

interface NotebookFile {
  metadata?: Record<string, unknown>;
  cells?: { cell_type?: unknown; source?: unknown }[];
}

/** Cells after which a notebook that holds none of them is searched no more. */
const MAX_SEARCHES = 20;

const read = (file: string): NotebookFile => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as NotebookFile;
  } catch {
    return {};
  }
};

const holds = ({ cells = [] }: NotebookFile, code: string): boolean =>
  Array.isArray(cells) &&
  cells.some(({ source }) => (Array.isArray(source) ? source.join("") : source) === code);

/**
 * Metadata of the notebook that the kernel runs, as saved last.
 *
 * Jupyter's server names the file (JPY_SESSION_NAME); other clients do not, so that it is the one
 * in the folder that says how its cells are checked and holds the cell.
 */
export class Notebook {
  #file: string | undefined;
  #searches = 0;
  #stamp = "";
  #metadata: Record<string, unknown> | undefined;

  constructor(private readonly folder: string) {
    const named = process.env.JPY_SESSION_NAME;
    if (named?.endsWith(".ipynb")) this.#file = path.resolve(folder, path.basename(named));
  }

  /** Metadata of the notebook of that cell; undefined where it is not known. */
  metadata(code: string): Record<string, unknown> | undefined {
    if (this.#file === undefined && this.#searches++ < MAX_SEARCHES)
      this.#file = this.#search(code);
    if (this.#file === undefined) return undefined;
    const stamp = fileStamp(this.#file);
    if (stamp !== this.#stamp) this.#metadata = read(this.#file).metadata;
    this.#stamp = stamp;
    return this.#metadata;
  }

  #search(code: string): string | undefined {
    try {
      return readdirSync(this.folder)
        .filter((name) => name.endsWith(".ipynb"))
        .map((name) => path.join(this.folder, name))
        .filter((file) => readFileSync(file, "utf8").includes('"typecheck"'))
        .find((file) => holds(read(file), code));
    } catch {
      return undefined; // the folder is gone
    }
  }
}
