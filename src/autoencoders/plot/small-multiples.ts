import { type Figure, figure, type Words } from "./figure";
import { layoutOf } from "./theme";

type Any = Record<string, unknown>;
const axisKey = /^([xy])axis(\d*)$/;

/** Domains of the cells of a grid, in shares of the figure's width and height. */
function gridCells(across: number, down: number) {
  const [padX, padY] = [across > 1 ? 0.1 : 0, down > 1 ? 0.34 / down : 0];
  const [width, rise] = [(1 - padX * (across - 1)) / across, (1 - padY * (down - 1)) / down];
  return (i: number) => {
    const left = (i % across) * (width + padX);
    const top = 1 - Math.floor(i / across) * (rise + padY);
    return { x: [left, left + width], y: [Math.max(0, top - rise), top] };
  };
}

/**
 * Axes of one chart under numbers of their own, after the first `count` ones: new names by old ones
 * (x, y2, …), and the axes by their keys in the layout, within their cell.
 */
function placedAxes(chart: Any, cell: { x: number[]; y: number[] }, count: number) {
  const keys = Object.keys(chart).filter((key) => axisKey.test(key));
  const numbers = [...new Set(keys.map((key) => axisKey.exec(key)![2]))];
  const renamed: Record<string, string> = {};
  numbers.forEach((number, i) => {
    const next = count + i > 0 ? count + i + 1 : "";
    for (const letter of ["x", "y"]) renamed[letter + number] = letter + next;
  });
  const rename = (name: unknown) => renamed[String(name)] ?? name;
  const axes: Any = {};
  for (const key of keys) {
    const [, letter, number] = axisKey.exec(key)!;
    const other = letter === "x" ? "y" : "x";
    const old = chart[key] as Any;
    const placed: Any = {
      ...old,
      domain: cell[letter as "x" | "y"],
      anchor: rename(old.anchor ?? (number && numbers.length > 1 ? "x" : other + number)),
    };
    for (const link of ["overlaying", "scaleanchor", "matches"])
      if (old[link]) placed[link] = rename(old[link]);
    axes[String(rename(letter + number)).replace(/^[xy]/, "$&axis")] = placed;
  }
  return { axes, rename, count: count + numbers.length };
}

/** Title of a chart above the top left of its cell. */
function titleNote(title: string, x: number, y: number) {
  const place = { xref: "paper", yref: "paper", x, y, xanchor: "left", yanchor: "bottom" };
  return { text: `<b>${title}</b>`, ...place, yshift: 4, showarrow: false, font: { size: 13 } };
}

/** Traces of a chart on its new axes; a name in `seen` gets no second entry of the legend. */
const placedTraces = (chart: Figure, rename: (name: unknown) => unknown, seen: Set<string>) =>
  (chart.data as Any[]).map((trace) => {
    const name = String(trace.name ?? "");
    const first =
      chart.layout.showlegend !== false && trace.showlegend !== false && !seen.has(name);
    if (first) seen.add(name);
    return {
      ...trace,
      xaxis: rename(trace.xaxis ?? "x"),
      yaxis: rename(trace.yaxis ?? "y"),
      legendgroup: trace.legendgroup ?? name,
      showlegend: first,
    };
  });

/**
 * Several charts as one, in `columns`, each under its own title; names that repeat share one entry
 * of the legend.
 */
export function smallMultiples(
  figures: readonly Figure[],
  { columns = 2, height, ...words }: { columns?: number } & Words,
): Figure {
  if (figures.length === 0)
    throw new RangeError("smallMultiples must be given at least one figure, got none");
  if (!Number.isInteger(columns) || columns < 1)
    throw new RangeError(`columns must be a whole number, 1 or more, got ${columns}`);
  const picture = figures.findIndex((one) => (one.layout as Any).images !== undefined);
  if (picture >= 0)
    throw new TypeError(
      `figures[${picture}] must be a chart, got images; show an image grid by itself, or with labeled rows`,
    );
  const across = Math.min(columns, figures.length);
  const down = Math.ceil(figures.length / across);
  const cellOf = gridCells(across, down);
  const layout: Any = {};
  const annotations: object[] = [];
  const seen = new Set<string>();
  const { legend, margin } = layoutOf(words.title, 0);
  let count = 0;
  const data = figures.flatMap((one, i) => {
    const cell = cellOf(i);
    const { axes, rename, ...rest } = placedAxes(one.layout as Any, cell, count);
    count = rest.count;
    Object.assign(layout, axes);
    const { title } = one.layout as { title?: { text?: string } };
    if (title?.text) annotations.push(titleNote(title.text, cell.x[0], cell.y[1]));
    return placedTraces(one, rename, seen);
  });
  return figure(
    data,
    {
      ...layout,
      annotations,
      showlegend: seen.size > 1,
      legend: { ...legend, y: 0.995, yanchor: "top", yref: "container" },
      margin: { ...margin, t: margin.t + (annotations.length ? 22 : 0) + (seen.size > 1 ? 26 : 0) },
    },
    { height: height ?? 80 + 250 * down, ...words },
  );
}
