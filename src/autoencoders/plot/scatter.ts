import type * as tf from "@tensorflow/tfjs-node";
import { byName, type Figure, figure, rounded, type Words } from "./figure";
import { rowsOf, significant } from "./format";
import type { Axes } from "./lines";
import { classColors, classMarkers, type Style, stylesOf } from "./palette";
import { axis } from "./theme";

type Group = Pick<Style, "color" | "marker"> & { name: string; rows: number[][] };

function classesOf(points: tf.Tensor, labels: ArrayLike<number | string> | undefined): Group[] {
  const rows = rowsOf(points, "points", 2);
  if (!labels) return [{ name: "points", rows, color: classColors[0], marker: classMarkers[0] }];
  if (labels.length !== rows.length)
    throw new RangeError(
      `labels must have one entry a point, got ${labels.length} for ${rows.length} points`,
    );
  const classes = [...new Set(Array.from(labels))].sort((a, b) => (a < b ? -1 : 1));
  return classes.map((label, i) => ({
    name: String(label),
    rows: rows.filter((_, j) => labels[j] === label),
    color: classColors[i % classColors.length],
    marker: classMarkers[i % classMarkers.length],
  }));
}

function setsOf(sets: Record<string, tf.Tensor>): Group[] {
  const names = Object.keys(sets);
  if (names.length === 0) throw new RangeError("points must hold at least one set, got none");
  const styles = stylesOf(names);
  const rows = names.map((name) => rowsOf(sets[name], `points "${name}"`, 2));
  return names.map((name, i) => ({ name, rows: rows[i], ...styles[i] }));
}

export interface ScatterOptions extends Pick<Axes, "xTitle" | "yTitle" | "square">, Words {
  labels?: ArrayLike<number | string>;
}

/**
 * Points in a plane, [n, 2], or sets of them by name; `labels` gives each point a class with a
 * color and a marker of its own.
 */
export function scatterChart(
  points: tf.Tensor | Record<string, tf.Tensor>,
  { labels, xTitle, yTitle, height = 460, square, ...words }: ScatterOptions,
): Figure {
  const single = typeof (points as tf.Tensor)?.dataSync === "function";
  const groups = single
    ? classesOf(points as tf.Tensor, labels)
    : setsOf(points as Record<string, tf.Tensor>);
  const most = Math.max(...groups.map((group) => group.rows.length));
  return figure(
    groups.map(({ name, rows, color, marker }) => ({
      type: "scatter",
      mode: "markers",
      name,
      x: rounded(rows.map((p) => p[0])),
      y: rounded(rows.map((p) => p[1])),
      marker: { color, symbol: marker, size: most > 60 ? 5 : 8, opacity: most > 60 ? 0.7 : 1 },
    })),
    {
      showlegend: groups.length > 1,
      xaxis: axis(xTitle, square ? { constrain: "domain" } : {}),
      yaxis: axis(yTitle, square ? { scaleanchor: "x", constrain: "domain" } : {}),
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", itemsizing: "constant" },
    },
    { height, ...words },
  );
}

/** Options of a field over named sets of points [n, 2] and a density [rows of y, columns of x]. */
export interface FieldOptions extends Pick<Axes, "xTitle" | "yTitle">, Words {
  /** Multiplies every vector; unless given, the longest is as long as the places' mean distance. */
  scale?: number;
  points?: Record<string, tf.Tensor>;
  density?: { x: ArrayLike<number>; y: ArrayLike<number>; z: tf.Tensor };
}

/** From nothing to a pale blue-green, so that it suits a light and a dark page. */
const shade = [
  [0, "rgba(0,140,130,0)"],
  [1, "rgba(0,140,130,0.75)"],
];

function groundOf({ points = {}, density }: Partial<FieldOptions>): object[] {
  const sets = Object.entries(points).map(([name, set]) => {
    const rows = rowsOf(set, `points "${name}"`, 2);
    const [x, y] = [0, 1].map((axis) => rounded(rows.map((p) => p[axis])));
    const marker = { color: "#8a8a8a", size: 4, opacity: 0.8 };
    return { type: "scatter", mode: "markers", name, x, y, marker, hoverinfo: "skip" };
  });
  if (!density) return sets;
  const z = rowsOf(density.z, "density").map(rounded);
  const [x, y] = [rounded(density.x), rounded(density.y)];
  const colors = { colorscale: shade, showscale: false, zsmooth: "best" };
  return [{ type: "heatmap", x, y, z, ...colors, hoverinfo: "skip" }, ...sets];
}

/** One trace of arrows at `at`: each a shaft and the two strokes of a head at 150 degrees to it. */
function arrows(at: number[][], rows: number[][], times: number) {
  const x: (number | null)[] = [];
  const y: (number | null)[] = [];
  const digits = (v: number) => significant(v, 5);
  rows.forEach(([u, v], j) => {
    const [px, py] = at[j];
    const [dx, dy] = [u * times, v * times];
    const [ex, ey] = [px + dx, py + dy];
    const head = (turn: number) => [
      digits(ex + 0.3 * (dx * Math.cos(turn) - dy * Math.sin(turn))),
      digits(ey + 0.3 * (dx * Math.sin(turn) + dy * Math.cos(turn))),
    ];
    const [a, b] = [head((5 * Math.PI) / 6), head((-5 * Math.PI) / 6)];
    x.push(digits(px), digits(ex), a[0], digits(ex), b[0], null);
    y.push(digits(py), digits(ey), a[1], digits(ey), b[1], null);
  });
  return { x, y };
}

/** Scale at which the longest vector is as long as the mean distance between the points. */
function fitting(at: number[][], fields: number[][][]): number {
  const spread = (axis: number) => {
    const values = at.map((p) => p[axis]).sort((a, b) => a - b);
    return values[values.length - 1] - values[0] || 1;
  };
  const lengths = fields.flatMap((rows) => rows.map(([u, v]) => Math.hypot(u, v)));
  return Math.sqrt((spread(0) * spread(1)) / at.length) / (Math.max(...lengths) || 1);
}

/**
 * Arrows in a plane: `vectors` [n, 2] at `places` [n, 2], or several fields by name, over `points`
 * and a `density`.
 */
export function vectorField(
  places: tf.Tensor,
  vectors: tf.Tensor | Record<string, tf.Tensor>,
  { xTitle, yTitle, scale, points, density, height = 460, ...words }: FieldOptions,
): Figure {
  const at = rowsOf(places, "points", 2);
  const named = byName(vectors, "field");
  const names = Object.keys(named);
  if (names.length === 0) throw new RangeError("vectors must hold at least one field, got none");
  const fields = names.map((name) => {
    const rows = rowsOf(named[name], `vectors "${name}"`, 2);
    if (rows.length !== at.length)
      throw new RangeError(
        `vectors "${name}" must have one row a point, got ${rows.length} for ${at.length} points`,
      );
    return rows;
  });
  const times = scale ?? fitting(at, fields);
  const styles = stylesOf(names);
  const data = fields.map((rows, i) => {
    const line = { color: styles[i].color, width: 1.4 };
    const drawn = { ...arrows(at, rows, times), line, hoverinfo: "skip" };
    return { type: "scatter", mode: "lines", name: names[i], ...drawn };
  });
  const ground = groundOf({ points, density });
  return figure(
    [...ground, ...data],
    {
      showlegend: data.length + Object.keys(points ?? {}).length > 1,
      xaxis: axis(xTitle, { constrain: "domain" }),
      yaxis: axis(yTitle, { scaleanchor: "x", constrain: "domain" }),
    },
    { height, ...words },
  );
}
