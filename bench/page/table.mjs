const row = (cells) => `| ${cells.join(" | ")} |`;

/** A table in Markdown. */
export const table = (head, rows) =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
