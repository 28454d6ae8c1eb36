const [width, left, rowHeight, gap] = [760, 150, 15, 18];
const shapes = {
  circle: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
  triangle: "M0-5.5 5.2 4H-5.2Z",
  square: "M-4.5-4.5h9v9h-9Z",
  diamond: "M0-6 6 0 0 6-6 0Z",
};
const marks = ["circle", "circle", "triangle", "square", "diamond", "triangle", "square"];
const hollow = [1, 5, 6];

/** Scale from values to places, logarithmic. */
export function logScale([low, high], [from, to]) {
  return (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
}

/** A text of SVG; `more` has further attributes. */
export const text = (x, y, content, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content}</text>`;

/** The mark of the i-th contender about a point; ours is larger and red. */
function mark(i, x, y) {
  const color = i === 0 ? "#b3261e" : "#333";
  const paint = hollow.includes(i)
    ? `fill="#fff" stroke="${color}"`
    : `fill="${color}" stroke="#fff"`;
  return `<path d="${shapes[marks[i]]}" transform="translate(${x.toFixed(1)} ${y})${i === 0 ? " scale(1.4)" : ""}" ${paint}/>`;
}

/**
 * The samples a second of every task as dots on a logarithmic line, one mark a contender, ours
 * named.
 */
export function drawing({ table }) {
  const tasks = Object.entries(table);
  const names = Object.keys(tasks[0][1]);
  const height = 60 + tasks.length * (2 * rowHeight + gap) + 20 * Math.ceil(names.length / 4);
  const values = tasks.flatMap(([, by]) => names.map((name) => by[name].perSecond)).filter(Boolean);
  const at = logScale([Math.min(...values) * 0.9, Math.max(...values) * 1.1], [left, width - 30]);
  const ticks = [1, 2, 5, 10, 20, 50, 100, 200]
    .map((k) => 1000 * k)
    .filter((v) => at(v) >= left && at(v) <= width - 20);
  const bottom = 30 + tasks.length * (2 * rowHeight + gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Samples a second by contender and task">
<rect width="${width}" height="${height}" fill="#fff"/>
${ticks
  .map(
    (v) =>
      `<line x1="${at(v).toFixed(1)}" x2="${at(v).toFixed(1)}" y1="20" y2="${bottom}" stroke="#ddd"/>${text(at(v), bottom + 16, `${v / 1000}k`, 'text-anchor="middle" fill="#555"')}`,
  )
  .join("\n")}
${tasks
  .map(([task, by], i) => {
    const y = 30 + i * (2 * rowHeight + gap) + rowHeight;
    const dots = names
      .map((name, i) => (by[name].perSecond ? mark(i, at(by[name].perSecond), y) : ""))
      .reverse();
    return `<line x1="${left}" x2="${width - 20}" y1="${y}" y2="${y}" stroke="#eee"/>${text(left - 10, y + 4, task, 'text-anchor="end"')}${dots.join("")}`;
  })
  .join("\n")}
${names
  .map((name, i) => {
    const [x, y] = [left + 145 * (i % 4), bottom + 40 + 20 * Math.floor(i / 4)];
    return mark(i, x, y - 4) + text(x + 12, y, name, `fill="${i === 0 ? "#b3261e" : "#333"}"`);
  })
  .join("\n")}
</svg>
`;
}
