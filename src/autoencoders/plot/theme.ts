// Placeholders for colors that depend on the page's theme, so that a page can put its own in their
// place:
//   layout.font.color                          all text
//   layout.paper_bgcolor, plot_bgcolor         always transparent
//   layout.<x|y>axis<n>.gridcolor, linecolor, tickcolor, zerolinecolor
// Everything else (curves, markers, classes, images) keeps its color on light and on dark.

import { logTicks, raised } from "./ticks";

/** Text that can be read on white and on near black. */
const ink = "#7a808a";
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

/** A logarithmic axis over the given values, with three labeled ticks or more. */
export function logAxis(title: string | undefined, values: readonly number[]) {
  const positive = values.filter((value) => value > 0);
  return logAxisAt(title, positive.length > 0 ? logTicks(positive) : [1]);
}

/** A logarithmic axis whose ticks are the few values themselves, such as 2, 4, 8 … 64. */
export const logAxisAt = (title: string | undefined, values: readonly number[]) =>
  axis(title, { type: "log", tickmode: "array", tickvals: values, ticktext: values.map(tickText) });

/** A tick's label in letters of one size: 0.01, 1, 1000, 10⁻⁶, 2·10⁵. */
function tickText(value: number): string {
  if (value >= 0.001 && value <= 10_000) return String(value);
  const [digits, power] = value.toExponential().split("e");
  return `${digits === "1" ? "" : `${digits}·`}10${raised(Number(power))}`;
}

/** The layout that every figure starts from. */
export const layoutOf = (title: string | undefined, height: number) => ({
  height,
  autosize: true,
  paper_bgcolor: "rgba(0,0,0,0)",
  plot_bgcolor: "rgba(0,0,0,0)",
  font: { family: "system-ui, -apple-system, 'Segoe UI', sans-serif", size: 13, color: ink },
  margin: { l: 62, r: 18, t: title ? 44 : 18, b: 52 },
  hovermode: "closest" as const,
  legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
  ...(title ? { title: { text: title, x: 0, xanchor: "left", font: { size: 15 } } } : {}),
});
