import { byName, type Figure, figure, rounded, type Words } from "./figure";
import { requireFinite } from "./format";
import { pale, type Style, stylesOf } from "./palette";
import { axis, logAxis } from "./theme";
import { extent } from "./ticks";

type Values = Record<string, number>;

const shapes = ["", "/", ".", "x", "\\", "-", "|", "+"];

/** Hatching that tells the i-th series from others without color. */
const hatching = (i: number) => ({
  shape: shapes[i % shapes.length],
  fillmode: "overlay",
  fgcolor: "rgba(255,255,255,0.6)",
  size: 8,
  solidity: 0.18,
});

/** Error bars with these half lengths; none where all are 0. */
function errorBars(whiskers: number[]) {
  const look = { color: "#8a8f98", thickness: 1.4, width: 4 };
  const isNone = whiskers.every((w) => w === 0);
  return isNone ? {} : { error_y: { type: "data", array: rounded(whiskers), ...look } };
}

export interface BarOptions extends Words {
  xTitle?: string;
  yTitle: string;
  log?: boolean;
  /** Half the lengths of the whiskers, in the form of the values. */
  errors?: Values | Record<string, Values>;
}

/** A bar for each name, or for each name in several series. */
export function barChart(
  values: Values | Record<string, Values>,
  { xTitle, yTitle, log, errors, ...words }: BarOptions,
): Figure {
  if (Object.keys(values).length === 0)
    throw new RangeError("barChart must be given at least one bar, got none");
  const flat = typeof Object.values(values)[0] === "number";
  const series = (flat ? { [yTitle]: values } : values) as Record<string, Values>;
  const spread = (flat ? { [yTitle]: errors ?? {} } : (errors ?? {})) as Record<string, Values>;
  const names = Object.keys(series);
  const styles = stylesOf(names);
  const data = names.map((name, i) => {
    const heights = Object.values(series[name]);
    requireFinite(heights, `bars of "${name}"`);
    const whiskers = Object.keys(series[name]).map((bar) => spread[name]?.[bar] ?? 0);
    const pattern = names.length > 1 ? { pattern: hatching(i) } : {};
    return {
      type: "bar",
      name,
      x: Object.keys(series[name]),
      y: rounded(heights),
      marker: { color: styles[i].color, ...pattern },
      ...errorBars(whiskers),
    };
  });
  const all = Object.values(series).flatMap((one) => Object.values(one));
  return figure(
    data,
    {
      showlegend: names.length > 1,
      bargap: 0.35,
      barmode: "group",
      xaxis: axis(xTitle, { type: "category", ticks: "" }),
      yaxis: log ? logAxis(yTitle, all) : axis(yTitle, { rangemode: "tozero" }),
    },
    words,
  );
}

/** Counts of the values in each of `bins` equal intervals from `low` to `high`. */
function tally(values: ArrayLike<number>, [low, high]: [number, number], bins: number): number[] {
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor((values[i] - low) / width);
    if (values[i] >= low && values[i] <= high) counts[Math.min(bins - 1, at)]++;
  }
  return counts;
}

/** Trace of heights between edges, filled to zero. */
const stairs = (edges: number[], heights: number[], { color, dash }: Style) => ({
  type: "scatter",
  mode: "lines",
  x: rounded(edges),
  y: rounded([...heights, heights[heights.length - 1]]),
  line: { shape: "hv", color, width: 2, dash },
  fill: "tozeroy",
  fillcolor: pale(color, 0.16),
});

export interface HistogramOptions extends Words {
  bins?: number;
  xTitle: string;
  yTitle?: string;
  counts?: boolean;
  range?: [number, number];
  log?: boolean;
}

/**
 * Counts of values in each of `bins` equal intervals, the same for every name; shares of each set
 * unless `counts`.
 */
export function histogram(
  values: ArrayLike<number> | Record<string, ArrayLike<number>>,
  { bins = 40, xTitle, yTitle, counts, range, log, ...words }: HistogramOptions,
): Figure {
  const sets = byName(values, "values");
  const names = Object.keys(sets);
  if (names.length === 0 || names.some((name) => sets[name].length === 0))
    throw new RangeError("histogram must be given at least one value a name, got none");
  if (!Number.isInteger(bins) || bins < 1)
    throw new RangeError(`bins must be a whole number, 1 or more, got ${bins}`);
  if (range && !(range[1] > range[0]))
    throw new RangeError(`range must go from low to high, got [${range}]`);
  for (const name of names) requireFinite(sets[name], `values of "${name}"`);
  const [least, greatest] = extent(Object.values(sets).flatMap(extent));
  const room = least === greatest ? 0.5 : 0;
  const [low, high] = range ?? [least - room, greatest + room];
  const width = (high - low) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + i * width);
  const styles = stylesOf(names);
  const data = names.map((name, i) => {
    const heights = tally(sets[name], [low, high], bins).map((n) =>
      counts ? n : n / sets[name].length,
    );
    const style = names.length > 1 ? styles[i] : { ...styles[i], dash: "solid" };
    return { name, ...stairs(edges, heights, style) };
  });
  const title = yTitle ?? (counts ? "count" : "share");
  const shown = data.flatMap((trace) => trace.y);
  return figure(
    data,
    {
      showlegend: names.length > 1,
      xaxis: axis(xTitle),
      yaxis: log ? logAxis(title, shown) : axis(title, { rangemode: "tozero" }),
    },
    words,
  );
}
