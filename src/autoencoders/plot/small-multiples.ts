import type { Data } from "plotly.js";
import { type Figure, figure, type Words } from "./figure";

type Any = Record<string, unknown>;
const axisKey = /^([xy])axis(\d*)$/;

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
  const [padX, padY] = [across > 1 ? 0.1 : 0, down > 1 ? 0.34 / down : 0];
  const [width, rise] = [(1 - padX * (across - 1)) / across, (1 - padY * (down - 1)) / down];
  const layout: Any = { annotations: [] };
  const seen = new Set<string>();
  let count = 0;
  const data = figures.flatMap((one, i) => {
    const left = (i % across) * (width + padX);
    const top = 1 - Math.floor(i / across) * (rise + padY);
    const renamed: Record<string, string> = {};
    const keys = Object.keys(one.layout).filter((key) => axisKey.test(key));
    const numbers = [...new Set(keys.map((key) => axisKey.exec(key)![2]))];
    for (const number of numbers) {
      count++;
      for (const letter of ["x", "y"]) renamed[letter + number] = letter + (count > 1 ? count : "");
    }
    const rename = (name: unknown) => renamed[String(name)] ?? name;
    for (const key of keys) {
      const [, letter, number] = axisKey.exec(key)!;
      const other = letter === "x" ? "y" : "x";
      const old = (one.layout as Any)[key] as Any;
      const placed = {
        ...old,
        domain: letter === "x" ? [left, left + width] : [Math.max(0, top - rise), top],
        anchor: rename(old.anchor ?? (number && numbers.length > 1 ? "x" : other + number)),
      } as Any;
      for (const link of ["overlaying", "scaleanchor", "matches"])
        if (old[link]) placed[link] = rename(old[link]);
      layout[String(rename(letter + number)).replace(/^[xy]/, "$&axis")] = placed;
    }
    const { title } = one.layout as { title?: { text?: string } };
    if (title?.text)
      (layout.annotations as Any[]).push({
        text: `<b>${title.text}</b>`,
        xref: "paper",
        yref: "paper",
        x: left,
        y: top,
        xanchor: "left",
        yanchor: "bottom",
        yshift: 4,
        showarrow: false,
        font: { size: 13 },
      });
    return (one.data as Any[]).map((trace) => {
      const name = String(trace.name ?? "");
      const first =
        one.layout.showlegend !== false && trace.showlegend !== false && !seen.has(name);
      if (first) seen.add(name);
      return {
        ...trace,
        xaxis: rename(trace.xaxis ?? "x"),
        yaxis: rename(trace.yaxis ?? "y"),
        legendgroup: trace.legendgroup ?? name,
        showlegend: first,
      } as Partial<Data>;
    });
  });
  const titled = (layout.annotations as Any[]).length > 0;
  return figure(
    data,
    {
      ...layout,
      showlegend: seen.size > 1,
      legend: {
        orientation: "h",
        x: 0,
        y: 0.995,
        yanchor: "top",
        yref: "container",
        bgcolor: "rgba(0,0,0,0)",
      },
      margin: {
        l: 62,
        r: 18,
        t: (words.title ? 44 : 18) + (titled ? 22 : 0) + (seen.size > 1 ? 26 : 0),
        b: 52,
      },
    },
    { height: height ?? 80 + 250 * down, ...words },
  );
}
