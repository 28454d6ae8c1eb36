/** Messages to the worker that knows types. */

/**
 * A code cell: its text, and metadata of it and of its notebook, which may say how strictly to
 * check.
 */
export interface TypedCell {
  source: string;
  metadata: readonly (Record<string, unknown> | undefined)[];
}

/** An error by its place in a cell's text, in UTF-16 units. */
export interface Finding {
  from: number;
  to: number;
  message: string;
}

export type TypesRequest =
  | { method: "start"; files: Record<string, string> }
  | { method: "check"; cells: readonly TypedCell[]; cell: number }
  | { method: "complete" | "explain"; cells: readonly TypedCell[]; cell: number; index: number };

export interface Answers {
  start: undefined;
  check: Finding[];
  /** Each of `texts` may replace what stands between `from` and the cursor. */
  complete: { from: number; texts: string[] };
  explain: string | undefined;
}
