const row = (cells) => `| ${cells.join(" | ")} |`;

/** A table in Markdown. */
export const table = (head, rows) =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** Markdown with its paragraphs wrapped at 100 columns; tables, headings and pictures stay. */
export const wrapped = (text) =>
  text.replace(/^[^|#!\n].{100,}$/gm, (line) =>
    line.replace(/(.{1,100})(?: |$)/g, "$1\n").trimEnd(),
  );
