import type { Step } from "../objective";
import { byName, type Figure, figure, rounded, type Words } from "./figure";
import { requireFinite } from "./format";
import { pale, type Style, stylesOf, termColors } from "./palette";
import { axis, logAxis, logAxisAt } from "./theme";
import { thin } from "./thin";
import { roundNumbers } from "./ticks";

/** A curve, with a band from `low` to `high` where both are given. */
export interface Series {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  low?: ArrayLike<number>;
  high?: ArrayLike<number>;
  dash?: string;
  color?: string;
  marker?: string;
  /** Draws points alone, without a line between them. */
  points?: boolean;
  /** Diameter of a marker in pixels, 8 unless given. */
  size?: number;
  /** "right" draws the curve on an axis of its own, titled `y2Title`. */
  axis?: "left" | "right";
}

export interface Axes {
  xTitle: string;
  yTitle: string;
  y2Title?: string;
  logX?: boolean;
  logY?: boolean;
  /** One unit is as long on both axes, so that right angles look right. */
  square?: boolean;
}

function requireCurve(name: string, { x, y, low, high }: Series): void {
  if (x.length !== y.length)
    throw new RangeError(
      `curve "${name}" must have as many x as y, got ${x.length} and ${y.length}`,
    );
  if (y.length === 0)
    throw new RangeError(`curve "${name}" must have at least one point, got none`);
  if ((low === undefined) !== (high === undefined))
    throw new TypeError(`curve "${name}" must have both low and high or neither, got one`);
  for (const [part, values] of Object.entries({ x, y, low, high })) {
    if (values === undefined) continue;
    if (values.length !== x.length)
      throw new RangeError(
        `${part} of curve "${name}" must have ${x.length} values, got ${values.length}`,
      );
    requireFinite(values, `${part} of curve "${name}"`);
  }
}

/** Traces of a curve: the edges of its band, filled between, where it has one, and its line. */
function tracesOf(name: string, curve: Series, style: Style, few: boolean) {
  const { x, y, low, high, color = style.color } = curve;
  const at = thin(y);
  const pick = (values: ArrayLike<number>) => rounded(at.map((j) => values[j]));
  const right = curve.axis === "right" ? { yaxis: "y2" } : {};
  const common = { type: "scatter", x: pick(x), legendgroup: name, ...right };
  const silent = { line: { width: 0 }, hoverinfo: "skip", showlegend: false };
  const edge = { ...common, mode: "lines", ...silent };
  const inside = { fill: "tonexty", fillcolor: pale(color, 0.18) };
  const marker = { symbol: curve.marker ?? style.marker, size: curve.size ?? 8, color };
  const line = {
    ...common,
    name,
    mode: curve.points ? "markers" : few ? "lines+markers" : "lines",
    y: pick(y),
    line: { color, dash: curve.dash ?? style.dash, width: 2 },
    ...(few || curve.points ? { marker } : {}),
  };
  if (!low || !high) return { band: [], line };
  return {
    band: [
      { ...edge, y: pick(low) },
      { ...edge, y: pick(high), ...inside },
    ],
    line,
  };
}

/** Horizontal axis with ticks at the common values of x where they are few. */
function horizontalAxis(curves: Series[], few: boolean, { xTitle, logX, square }: Axes) {
  if (!logX) return axis(xTitle, square ? { constrain: "domain" } : {});
  const xs = [...new Set(curves.flatMap(({ x }) => Array.from(x)))].sort((a, b) => a - b);
  // One curve has a point at each, so they are not the scattered points of several.
  const ofOneCurve = curves.some(({ x }) => x.length === xs.length);
  const ticks = ofOneCurve ? xs : roundNumbers(xs.filter((x) => x > 0));
  const atTicks = few && xs.length <= 12 && ticks.length > 1;
  return atTicks ? logAxisAt(xTitle, ticks) : logAxis(xTitle, xs);
}

/** Vertical axis of curves. */
const verticalAxis = (title: string | undefined, curves: Series[], logY?: boolean) =>
  logY
    ? logAxis(
        title,
        curves.flatMap(({ y, low = [], high = [] }) =>
          [y, low, high].flatMap((values) => Array.from(values)),
        ),
      )
    : axis(title);

/**
 * Curves over a common axis; each name has its color, dash and marker. Throws if lengths differ or
 * a number is not finite.
 */
export function lineChart(
  series: Record<string, Series>,
  { xTitle, yTitle, y2Title, logX, logY, square, ...words }: Axes & Words,
): Figure {
  const names = Object.keys(series);
  if (names.length === 0)
    throw new RangeError(
      "lineChart must be given at least one curve, got none; give { name: { x, y } }",
    );
  const curves = Object.values(series);
  for (const name of names) requireCurve(name, series[name]);
  const styles = stylesOf(names);
  const few = curves.every(({ x }) => x.length <= 40);
  const traces = names.map((name, i) => tracesOf(name, series[name], styles[i], few));
  const right = curves.filter((curve) => curve.axis === "right");
  const left = curves.filter((curve) => curve.axis !== "right");
  const beside = { overlaying: "y", side: "right", showgrid: false };
  const second = { tickmode: "auto", ...verticalAxis(y2Title, right, logY), ...beside };
  return figure(
    [...traces.flatMap(({ band }) => band), ...traces.map(({ line }) => line)],
    {
      showlegend: names.length > 1,
      xaxis: horizontalAxis(curves, few, { xTitle, yTitle, logX, square }),
      yaxis: {
        ...verticalAxis(yTitle, left, logY),
        ...(square ? { scaleanchor: "x", constrain: "domain" } : {}),
      },
      ...(right.length ? { yaxis2: second } : {}),
    },
    words,
  );
}

/** The value of each step, or its mean over every `every` steps, at the last of them. */
function curveOf(steps: readonly Step[], value: (step: Step) => number, every: number): Series {
  const groups = Array.from({ length: Math.ceil(steps.length / every) }, (_, i) =>
    steps.slice(i * every, (i + 1) * every),
  );
  return {
    x: groups.map((group) => group[group.length - 1].step),
    y: groups.map((group) => group.reduce((sum, step) => sum + value(step), 0) / group.length),
  };
}

/** Curves of a run by name: its terms, after their sum where they are several. */
export function drawnOf({ terms }: Step): Record<string, (step: Step) => number> {
  const ofTerm = Object.fromEntries(
    Object.keys(terms).map((name) => [name, (step: Step) => step.terms[name]]),
  );
  return Object.keys(terms).length > 1 ? { loss: (step) => step.loss, ...ofTerm } : ofTerm;
}

/**
 * Loss by step: of one run term by term, or of several runs by name; `every` draws means over that
 * many steps.
 */
export function lossChart(
  runs: readonly Step[] | Record<string, readonly Step[]>,
  { log, every = 1, ...words }: { log?: boolean; every?: number } & Words,
): Figure {
  if (!Number.isInteger(every) || every < 1)
    throw new RangeError(`every must be a whole number of steps, 1 or more, got ${every}`);
  const named = Object.entries(byName(runs, "loss"));
  if (named.some(([, steps]) => steps.length === 0))
    throw new RangeError("lossChart must be given at least one step, got none; train first");
  const series: Record<string, Series> = {};
  // dashes over a jittery curve would be speckle
  const dash = "solid";
  if (Array.isArray(runs)) {
    const drawn = drawnOf(runs[0]);
    const colors = termColors(Object.keys(drawn));
    Object.entries(drawn).forEach(([name, value], i) => {
      series[name] = { ...curveOf(runs, value, every), dash, color: colors[i] };
    });
  } else
    for (const [name, steps] of named)
      series[name] = { ...curveOf(steps, (step) => step.loss, every), dash };
  const yTitle = every > 1 ? `loss per example, mean of ${every} steps` : "loss per example";
  return lineChart(series, { xTitle: "step", yTitle, logY: log, ...words });
}

/** Values by index, such as eigenvalues by component. */
export function spectrum(
  values: ArrayLike<number> | Record<string, ArrayLike<number>>,
  { xTitle = "component", ...rest }: Partial<Axes> & { yTitle: string } & Words,
): Figure {
  const curves = Object.entries(byName(values, "eigenvalue")).map(
    ([name, y]) => [name, { x: Array.from(y, (_, i) => i + 1), y }] as const,
  );
  return lineChart(Object.fromEntries(curves), { xTitle, ...rest });
}
