import { escapeHtml } from "../plot/markup";
import { type Displayable, displayable } from "./show";

type Cell = string | number | boolean | null | undefined;
/** Anything readable as a table, such as a danfo DataFrame. */
export interface Frame {
  columns: string[];
  values: readonly unknown[];
}

function number(value: number, digits: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6)
    ? value.toExponential(digits - 2)
    : value
        .toPrecision(digits)
        .replace(/(\.\d*?)0+$/, "$1")
        .replace(/\.$/, "");
}

/**
 * Number format of a column: as many decimals in each cell, unless they differ so much in size that
 * each needs its own.
 */
function columnFormat(values: readonly Cell[], digits: number): (value: number) => string {
  const finite = values.filter((v): v is number => typeof v === "number" && Number.isFinite(v));
  const sizes = finite.filter((v) => v !== 0).map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const fits = sizes.length > 0 && least >= 1e-3 && most < 1e6 && most / least < 1e3;
  if (!fits || finite.every(Number.isInteger)) return (value) => number(value, digits);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(most)));
  const needed = finite.map(
    (v) => v.toFixed(decimals).replace(/0+$/, "").split(".")[1]?.length ?? 0,
  );
  return (value) => value.toFixed(Math.max(...needed));
}

const captionStyle = "text-align:left;min-width:min(24rem,80vw)";

/**
 * A table of records, a column for each key in the order of first appearance, or of a danfo
 * DataFrame: numbers to the right with `digits` significant digits (default 5), all text escaped.
 *
 * Throws if there is no column.
 */
export function table(
  rows: Record<string, Cell>[] | Frame,
  { caption = "", digits = 5 }: { caption?: string; digits?: number } = {},
): Displayable {
  const columns = Array.isArray(rows) ? [...new Set(rows.flatMap(Object.keys))] : rows.columns;
  const values = Array.isArray(rows)
    ? rows.map((row) => columns.map((name) => row[name]))
    : (rows.values as Cell[][]);
  if (columns.length === 0) throw new RangeError("table must be given at least one row, got none");
  const text = (cell: Cell) =>
    typeof cell === "number" ? number(cell, digits) : String(cell ?? "");
  const byColumn = columns.map((_, j) => values.map((row) => row[j]));
  const numeric = byColumn.map((cells) => cells.every((c) => typeof c === "number" || c == null));
  const written = byColumn.map((cells) => columnFormat(cells, digits));
  const cell = (tag: string, content: string, j: number) =>
    `<${tag} style="text-align:${numeric[j] ? "right" : "left"}">${escapeHtml(content)}</${tag}>`;
  const line = (tag: string, cells: Cell[]) =>
    `<tr>${cells.map((c, j) => cell(tag, typeof c === "number" ? written[j](c) : text(c), j)).join("")}</tr>`;
  const head = `<thead>${line("th", columns)}</thead>`;
  const body = `<tbody>${values.map((row) => line("td", row)).join("")}</tbody>`;
  // a table is at least as wide as its caption, which would else wrap in a narrow table's few
  // letters
  const above = caption ? `<caption style="${captionStyle}">${escapeHtml(caption)}</caption>` : "";
  const markup = `<table class="ae-table">${above}${head}${body}</table>`;
  const plain = [columns, ...values].map((row) => row.map(text).join("\t")).join("\n");
  return displayable({ "text/html": markup, "text/plain": plain });
}
