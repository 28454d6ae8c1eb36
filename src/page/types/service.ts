/**
 * Worker that knows types: checks, completes and explains cells with the native kernel's
 * converter.
 */
import { complete, inspect } from "jupyter-typescript/dist/answer/assist";
import { CellConverter } from "jupyter-typescript/dist/convert/cell-converter";
import { checkOf } from "jupyter-typescript/dist/convert/check";
import { currentFolder, files } from "./node";
import type { Answers, Finding, TypedCell, TypesRequest } from "./requests";

interface Checked {
  source: string;
  findings: Finding[];
  /** Declarations that the cells up to this one leave. */
  declarations: readonly string[];
}

let converter: CellConverter;
/** The cells from the first on, as they were when they were checked. */
const known: Checked[] = [];

function start(entries: Record<string, string>): void {
  for (const [path, text] of Object.entries(entries)) files.set(path, text);
  converter = new CellConverter(currentFolder(), "/");
  converter.warmUp();
}

/**
 * Checks one cell; as its types are stripped when it runs, it declares its names despite its type
 * errors.
 */
function checked({ source, metadata }: TypedCell, declarations: readonly string[]): Checked {
  converter.declarations = declarations;
  const { diagnostics } = converter.convert(source, checkOf(source, ...metadata));
  const findings = diagnostics.map(({ start, end, messageText, code }) => ({
    from: Math.max(0, start.offset),
    to: Math.max(0, end.offset),
    message: `${messageText} (TS${code})`,
  }));
  const compiles = findings.length === 0 || converter.convert(source, "off").diagnostics.length < 1;
  if (compiles) converter.settle();
  return { source, findings, declarations: converter.declarations };
}

/** Findings of a cell below those before it; cells that did not change are not checked again. */
function check(cells: readonly TypedCell[], i: number): Finding[] {
  for (let at = 0; at <= i; at++) {
    if (known[at]?.source === cells[at]!.source) continue;
    known.length = at;
    known.push(checked(cells[at]!, known[at - 1]?.declarations ?? []));
  }
  converter.recycle();
  return known[i]!.findings;
}

/** The converter as a cell finds it. */
function before(cells: readonly TypedCell[], i: number): CellConverter {
  if (i > 0) check(cells, i - 1);
  converter.declarations = known[i - 1]?.declarations ?? [];
  return converter;
}

/** Position in Unicode characters, as Jupyter counts, of an index in UTF-16 units; and back. */
const toPosition = (code: string, index: number): number => [...code.slice(0, index)].length;
const toIndex = (code: string, position: number): number =>
  [...code].slice(0, position).join("").length;

function completions(cells: readonly TypedCell[], i: number, index: number): Answers["complete"] {
  const { source } = cells[i]!;
  const reply = complete(before(cells, i), source, toPosition(source, index));
  const { matches, cursor_start } = reply as { matches: string[]; cursor_start: number };
  return { from: toIndex(source, cursor_start), texts: matches };
}

function explanation(cells: readonly TypedCell[], i: number, index: number): string | undefined {
  const { source } = cells[i]!;
  const { data } = inspect(before(cells, i), source, toPosition(source, index)) as {
    data: Record<string, string>;
  };
  return data["text/plain"];
}

function answer(request: TypesRequest): unknown {
  if (request.method === "start") return start(request.files);
  const { cells, cell } = request;
  if (request.method === "check") return check(cells, cell);
  if (request.method === "complete") return completions(cells, cell, request.index);
  return explanation(cells, cell, request.index);
}

addEventListener("message", ({ data }: MessageEvent<TypesRequest & { id: number }>) => {
  try {
    postMessage({ id: data.id, answer: answer(data) });
  } catch (error) {
    postMessage({ id: data.id, error: String((error as Error)?.message ?? error) });
  }
});
