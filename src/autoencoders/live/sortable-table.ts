import { cellText, type SortableCell, type SortableTable } from "./cells";
import { escapeHtml, type Widget, widget } from "./widget";

const requireNumbers = (cell: SortableCell, where: string) => {
  const numbers = typeof cell === "number" ? [cell] : Array.isArray(cell) ? cell : [];
  if (!numbers.every(Number.isFinite))
    throw new RangeError(
      `${where} must be finite, got ${JSON.stringify(cell)}; give null for nothing`,
    );
};

/**
 * A table that the reader sorts by any column, and whose rows open their pictures.
 *
 * Throws if there is no row, a row has not one cell a column, a number is not finite, or a picture
 * is no PNG.
 */
export function sortableTable({
  columns,
  rows,
  caption,
  alt = `${caption} A table of ${rows.length} rows that can be sorted by each of ${columns.length} columns.`,
}: SortableTable): Widget {
  if (rows.length === 0 || columns.length === 0)
    throw new RangeError(
      `rows and columns must not be empty, got ${rows.length} and ${columns.length}`,
    );
  rows.forEach(({ cells, pictures = [] }, i) => {
    if (cells.length !== columns.length)
      throw new RangeError(
        `rows[${i}].cells must have ${columns.length} entries, one a column, got ${cells.length}`,
      );
    cells.forEach((cell, j) => {
      requireNumbers(cell, `rows[${i}].cells[${j}]`);
    });
    for (const { label, png } of pictures)
      if (!/^iVBORw0KGgo[A-Za-z0-9+/]+=*$/.test(png))
        throw new RangeError(
          `rows[${i}]: picture "${label}" must be a PNG in base 64, got "${png.slice(0, 20)}"`,
        );
  });
  const line = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
  const names = columns.map(({ name }) => name);
  const texts = rows.map(({ cells }) => cells.map((c, j) => cellText(c, columns[j].decimals)));
  const body = texts.map((cells) => line("td", cells)).join("");
  const head = line("th", names);
  const fallback = `<table class="ae-table"><thead>${head}</thead><tbody>${body}</tbody></table>`;
  return widget("sortable-table", { columns, rows }, { caption, alt, fallback });
}
