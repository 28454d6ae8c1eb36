import type { Data } from "plotly.js";
import type { Step } from "../train";
import { axis, type Figure, figure, rounded, type Words } from "./figure";
import { stylesOf } from "./palette";

export interface Series {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  dash?: string;
  marker?: string;
}

export interface Axes {
  xTitle: string;
  yTitle: string;
  logX?: boolean;
  logY?: boolean;
}

/** Indices that keep the extremes of every stretch, so that a thinned curve shows the same spikes. */
function thin(y: ArrayLike<number>, most = 800): number[] {
  if (y.length <= most) return Array.from(y, (_, i) => i);
  const kept = new Set([0, y.length - 1]);
  const width = (2 * y.length) / most;
  for (let start = 0; start < y.length; start += width) {
    const from = Math.floor(start);
    let low = from;
    let high = from;
    for (let i = from; i < Math.min(y.length, Math.floor(start + width)); i++) {
      if (y[i] < y[low]) low = i;
      if (y[i] > y[high]) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}

/** Curves over a common axis; each name has its color, dash and marker. */
export function lineChart(
  series: Record<string, Series>,
  { xTitle, yTitle, logX, logY, ...words }: Axes & Words,
): Figure {
  const names = Object.keys(series);
  if (names.length === 0)
    throw new RangeError("lineChart must be given at least one curve, got none; give { name: { x, y } }");
  const styles = stylesOf(names);
  const data = names.map((name, i): Partial<Data> => {
    const { x, y, dash = styles[i].dash, marker } = series[name];
    if (x.length !== y.length)
      throw new RangeError(`curve "${name}" must have as many x as y, got ${x.length} and ${y.length}`);
    const at = thin(y);
    const few = x.length <= 40;
    return {
      type: "scatter",
      name,
      mode: few ? "lines+markers" : "lines",
      x: rounded(at.map((j) => x[j])),
      y: rounded(at.map((j) => y[j])),
      line: { color: styles[i].color, dash: dash as never, width: 2 },
      ...(few ? { marker: { symbol: (marker ?? styles[i].marker) as never, size: 8, color: styles[i].color } } : {}),
    } as Partial<Data>;
  });
  const scale = (log?: boolean) => (log ? { type: "log", exponentformat: "power", dtick: undefined } : {});
  return figure(
    data,
    { showlegend: names.length > 1, xaxis: axis(xTitle, scale(logX)), yaxis: axis(yTitle, scale(logY)) } as never,
    words,
  );
}

/** Loss by step: of one run, term by term, or of several runs by name. */
export function lossChart(runs: Step[] | Record<string, Step[]>, { log, ...words }: { log?: boolean } & Words): Figure {
  const curve = (steps: Step[], value: (step: Step) => number): Series => ({
    x: steps.map((s) => s.step),
    y: steps.map(value),
  });
  const series: Record<string, Series> = {};
  if (Array.isArray(runs)) {
    if (runs.length === 0) throw new RangeError("lossChart must be given at least one step, got none; train first");
    const terms = Object.keys(runs[0].terms);
    if (terms.length > 1) series.loss = curve(runs, (s) => s.loss);
    for (const term of terms) series[term] = curve(runs, (s) => s.terms[term]);
  } else
    for (const [name, steps] of Object.entries(runs)) series[name] = { ...curve(steps, (s) => s.loss), dash: "solid" };
  return lineChart(series, {
    xTitle: "step",
    yTitle: "loss per example",
    logY: log,
    ...words,
  });
}

/** Norm of the gradient by step. */
export const gradientChart = (steps: Step[], words: Words): Figure =>
  lineChart(
    { gradientNorm: { x: steps.map((s) => s.step), y: steps.map((s) => s.gradientNorm) } },
    { xTitle: "step", yTitle: "‖gradient‖", logY: true, ...words },
  );

/** Values by index, such as eigenvalues by component. */
export function spectrum(
  values: ArrayLike<number> | Record<string, ArrayLike<number>>,
  { xTitle = "component", ...rest }: Partial<Axes> & { yTitle: string } & Words,
): Figure {
  const named =
    typeof (values as ArrayLike<number>).length === "number"
      ? { eigenvalue: values as ArrayLike<number> }
      : (values as Record<string, ArrayLike<number>>);
  return lineChart(
    Object.fromEntries(Object.entries(named).map(([name, y]) => [name, { x: Array.from(y, (_, i) => i + 1), y }])),
    { xTitle, ...rest },
  );
}
