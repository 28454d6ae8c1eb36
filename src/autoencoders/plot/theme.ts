import type { Layout } from "plotly.js";

// Where colors that depend on the page's theme stand, so that a page can put its own in their place:
//   layout.font.color                          all text
//   layout.paper_bgcolor, plot_bgcolor         always transparent
//   layout.<x|y>axis<n>.gridcolor, linecolor, tickcolor, zerolinecolor
// Everything else (curves, markers, classes, images) keeps its color on light and on dark.

/** Text that can be read on white and on near black. */
export const ink = "#7a808a";
const grid = "rgba(128,128,128,0.25)";

/** An axis with its title, in the series' style. */
export const axis = (title?: string, more: object = {}) => ({
  ...(title ? { title: { text: title, standoff: 8, font: { size: 13 } } } : {}),
  gridcolor: grid,
  zeroline: false,
  linecolor: grid,
  ticks: "outside" as const,
  ticklen: 4,
  tickcolor: grid,
  automargin: true,
  ...more,
});

/** A logarithmic axis over the given values: whole decades where it spans more than one. */
export function logAxis(title: string | undefined, values: readonly number[]) {
  const above = values.filter((v) => v > 0);
  const span = above.length
    ? Math.log10(above.reduce((a, b) => Math.max(a, b)) / above.reduce((a, b) => Math.min(a, b)))
    : 0;
  return axis(title, {
    type: "log",
    exponentformat: "power",
    ...(span > 1 ? { dtick: Math.ceil(span / 7) } : {}),
  });
}

/** A logarithmic axis whose ticks are the few values themselves, such as 2, 4, 8 … 64. */
export const logAxisAt = (title: string | undefined, values: readonly number[]) =>
  axis(title, { type: "log", tickmode: "array", tickvals: values, ticktext: values.map(String) });

/** 1, 2 and 5 times the powers of ten that lie between the least and the greatest of some positive numbers. */
export function roundNumbers(values: readonly number[]): number[] {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.floor(Math.log10(greatest)) - first + 1 }, (_, i) => first + i)
    .flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
    .filter((v) => v >= least && v <= greatest);
}

/** The layout that every figure starts from. */
export const layoutOf = (title: string | undefined, height: number): Partial<Layout> => ({
  height,
  autosize: true,
  paper_bgcolor: "rgba(0,0,0,0)",
  plot_bgcolor: "rgba(0,0,0,0)",
  font: { family: "system-ui, -apple-system, 'Segoe UI', sans-serif", size: 13, color: ink },
  margin: { l: 62, r: 18, t: title ? 44 : 18, b: 52 },
  hovermode: "closest",
  legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
  ...(title ? { title: { text: title, x: 0, xanchor: "left", font: { size: 15 } } } : {}),
});
