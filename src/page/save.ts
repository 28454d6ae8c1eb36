import type { Shown } from "./messages";

/** A cell of the JSON element "notebook": what the exporter knows of it. */
export interface GivenCell {
  type: "code" | "markdown" | "raw";
  source: string;
  id?: string;
  metadata?: Record<string, unknown>;
  /** Seconds that it took the author. */
  seconds?: number;
  /** Outputs of the reader's run, in a page that was saved. */
  outputs?: Shown[];
}

/** The content of the JSON element "notebook". */
export interface GivenNotebook {
  name: string;
  /** SHA-256 of the cells as the exporter wrote them; edits are kept under it. */
  hash: string;
  metadata: Record<string, unknown>;
  cells: GivenCell[];
  /** When a reader saved it. */
  saved?: string;
}

const AT = "notebook";

/** The page's file with these cells in place of its own. */
export function pageFile(original: HTMLElement, notebook: GivenNotebook): string {
  const page = original.cloneNode(true) as HTMLElement;
  const text = JSON.stringify(notebook).replaceAll("<", "\\u003c");
  page.querySelector(`#${AT}`)!.textContent = text;
  return `<!doctype html>\n${page.outerHTML}`;
}

/** An output as nbformat has it. */
function nbOutput(output: Shown): object | undefined {
  if (output.kind === "stream") {
    const { name, text } = output;
    return { output_type: "stream", name, text };
  }
  if (output.kind === "error") {
    const { ename, evalue, traceback } = output;
    return { output_type: "error", ename, evalue, traceback };
  }
  if (output.kind !== "display") return undefined;
  const { bundle: data, result } = output;
  return result
    ? { output_type: "execute_result", execution_count: null, metadata: {}, data }
    : { output_type: "display_data", metadata: {}, data };
}

/** The notebook as Jupyter reads it, with the outputs of the reader's run. */
export function ipynb({ metadata, cells }: GivenNotebook): string {
  const written = cells.map(({ type, source, id, metadata: own = {}, outputs = [] }, i) => {
    const common = { cell_type: type, id: id ?? `cell-${i}`, metadata: own, source };
    if (type !== "code") return common;
    const shown = outputs.map(nbOutput).filter((one) => one !== undefined);
    return { ...common, execution_count: null, outputs: shown };
  });
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells: written }, null, 1);
}

interface Picker {
  showSaveFilePicker?(options: object): Promise<{
    createWritable(): Promise<{ write(text: string): Promise<void>; close(): Promise<void> }>;
  }>;
}

/**
 * Gives the reader a file, by the browser's dialog or as a download; false where the reader does
 * not want it.
 */
export async function giveFile(name: string, type: string, text: string): Promise<boolean> {
  const { showSaveFilePicker } = globalThis as Picker;
  const end = name.slice(name.lastIndexOf("."));
  if (showSaveFilePicker)
    try {
      const types = [{ accept: { [type]: [end] } }];
      const handle = await showSaveFilePicker.call(globalThis, { suggestedName: name, types });
      const file = await handle.createWritable();
      await file.write(text);
      await file.close();
      return true;
    } catch (error) {
      if ((error as Error).name === "AbortError") return false;
    }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}

/** The code cells, in the order in which the page numbers them. */
export const codeCells = ({ cells }: GivenNotebook): GivenCell[] =>
  cells.filter(({ type, source }) => type === "code" && source.trim());

/**
 * A reader's work as the browser keeps it: edited cells and solved exercises, by places of cells.
 */
export interface Work {
  date: string;
  sources: Record<number, string>;
  /** Names of exercises that `check` found right. */
  solved: Record<number, string>;
}

const keyOf = (hash: string): string => `notebook:${hash}`;

/** Keeps work over a reload; false where the browser refuses, as some do for files. */
export function keepWork(hash: string, work: Omit<Work, "date">): boolean {
  try {
    localStorage.setItem(keyOf(hash), JSON.stringify({ date: new Date().toISOString(), ...work }));
    return true;
  } catch {
    return false;
  }
}

export function keptWork(hash: string): Work | undefined {
  try {
    const work = JSON.parse(localStorage.getItem(keyOf(hash)) ?? "null") as Work | null;
    return work && typeof work.sources === "object"
      ? { ...work, solved: work.solved ?? {} }
      : undefined;
  } catch {
    return undefined;
  }
}

export function dropWork(hash: string): void {
  try {
    localStorage.removeItem(keyOf(hash));
  } catch {
    // Nothing is kept where nothing can be dropped.
  }
}
