// Placeholders for colors that depend on the page's theme, so that a page can put its own in their
// place:
//   layout.font.color                          all text
//   layout.paper_bgcolor, plot_bgcolor         always transparent
//   layout.<x|y>axis<n>.gridcolor, linecolor, tickcolor, zerolinecolor
// Everything else (curves, markers, classes, images) keeps its color on light and on dark.

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

/** A whole number in raised digits. */
export const raised = (power: number): string =>
  [...String(power)].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]).join("");

/** A tick's label in letters of one size: 0.01, 1, 1000, 10⁻⁶, 2·10⁵. */
function tickText(value: number): string {
  if (value >= 0.001 && value <= 10_000) return String(value);
  const [digits, power] = value.toExponential().split("e");
  return `${digits === "1" ? "" : `${digits}·`}10${raised(Number(power))}`;
}

const digitsOfTicks = [[1], [1, 2, 5], [1, 2, 3, 5, 7], [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]];

/** Round numbers between the least and the greatest: `digits` times the powers of ten. */
function roundTicks(least: number, greatest: number, digits: readonly number[]): number[] {
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.floor(Math.log10(greatest)) - first + 1 }, (_, i) => first + i)
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= least * 0.999 && value <= greatest * 1.001);
}

/** Whole decades where there are three or more, else finer steps; at most nine. */
export function logTicks(values: readonly number[]): number[] {
  const least = values.reduce((a, b) => Math.min(a, b));
  const greatest = values.reduce((a, b) => Math.max(a, b));
  const choices = digitsOfTicks.map((digits) => roundTicks(least, greatest, digits));
  const ticks = choices.find((choice) => choice.length >= 3) ?? choices[choices.length - 1];
  if (ticks.length === 0) return [least];
  const every = Math.ceil(ticks.length / 9);
  return ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
}

/**
 * 1, 2 and 5 times the powers of ten that lie between the least and the greatest of some positive
 * numbers.
 */
export const roundNumbers = (values: readonly number[]): number[] =>
  roundTicks(Math.min(...values), Math.max(...values), [1, 2, 5]);

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
