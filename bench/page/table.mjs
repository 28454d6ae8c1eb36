const row = (cells) => `| ${cells.join(" | ")} |`;

/** A table in Markdown. */
export const table = (head, rows) =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** Rows of a table by task, and a column for each contender. */
export const byTask = (tasks, names, cell) =>
  table(
    ["", ...names],
    Object.entries(tasks).map(([task, by]) => [task, ...names.map((name) => cell(by[name]))]),
  );

export const thousands = (value) =>
  value ? `${(value / 1000).toFixed(value < 9950 ? 1 : 0)}k` : "–";
export const ratio = (value) => (Number.isFinite(value) ? `${value.toFixed(2)}×` : "–");

/** Markdown with its paragraphs wrapped at 100 columns; tables, headings and pictures stay. */
export const wrapped = (text) =>
  text.replace(/^[^|#!\n].{100,}$/gm, (line) =>
    line.replace(/(.{1,100})(?: |$)/g, "$1\n").trimEnd(),
  );
