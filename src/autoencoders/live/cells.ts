/** A text, a number, a mean with its spread, or nothing. */
export type SortableCell = string | number | readonly [mean: number, spread: number] | null;

/** A picture with what it shows: a PNG in base 64. */
export interface Strip {
  label: string;
  png: string;
}

/** Content of a sortable table. */
export interface SortableTable {
  /**
   * The first names the rows. `decimals` is how many a column's numbers are shown with, 2 unless
   * given.
   */
  columns: readonly { name: string; decimals?: number }[];
  /** One cell a column, and the pictures that the row opens. */
  rows: readonly { cells: readonly SortableCell[]; pictures?: readonly Strip[] }[];
  caption: string;
  alt?: string;
}

/** A cell as it is read: a true minus, the spread after ±, a dash for nothing. */
export function cellText(cell: SortableCell, decimals = 2): string {
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  const text = (value: number) => value.toFixed(decimals).replace("-", "−");
  return typeof cell === "number" ? text(cell) : `${text(cell[0])} ± ${text(cell[1])}`;
}
