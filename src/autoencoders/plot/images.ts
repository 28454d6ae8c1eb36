import type * as tf from "@tensorflow/tfjs-node";
import { base64 } from "./base64";
import { byName, type Figure, figure, type Words } from "./figure";
import { rowsOf, significant } from "./format";
import { mosaic, type Shape } from "./mosaic";
import { type Color, colorAt, diverging, gray } from "./palette";

const gap = 2;

interface Row {
  label: string;
  images: number[][];
}

/** A label in lines of about twelve letters, so that it fits beside its row on a phone. */
const inLines = (label: string) => label.replace(/(.{8,}?) /g, "$1<br>");

/** Annotation in the picture's own pixels. */
const note = (text: string, place: object) => ({
  text,
  xref: "x",
  yref: "y",
  showarrow: false,
  ...place,
});

/** Labels left of their rows, each at the middle of its lines; `step` is the height of a line. */
function rowNotes(rows: Row[], lines: number[], step: number) {
  let first = 0;
  return rows.map(({ label }, r) => {
    const y = (first + lines[r] / 2) * step - gap / 2;
    first += lines[r];
    const place = { xanchor: "right", yanchor: "middle", align: "right" };
    return note(inLines(label), { x: 0, xshift: -8, y, ...place });
  });
}

/** Labels above their columns. */
const columnNotes = (labels: readonly string[], width: number) =>
  labels.map((label, j) => {
    const x = j * (width + gap) + width / 2;
    return note(label, { x, y: 0, yshift: 4, xanchor: "center", yanchor: "bottom" });
  });

/** A PNG on axes in its own pixels, y downward, right of `left` (a share of the figure's width). */
function pictureLayout(png: Uint8Array, [height, width]: Shape, left: number) {
  const hidden = { visible: false, fixedrange: true, constrain: "domain" };
  const source = `data:image/png;base64,${base64(png)}`;
  const place = { xref: "x", yref: "y", x: 0, y: 0, sizex: width, sizey: height };
  return {
    xaxis: { ...hidden, range: [0, width], domain: [left, 1] },
    yaxis: { ...hidden, range: [height, 0], scaleanchor: "x" },
    images: [{ source, ...place, sizing: "stretch", layer: "below" }],
  };
}

/** Rows of images as a figure; `bar` is the marker that carries a color bar. */
function figureOf(
  rows: Row[],
  shape: Shape,
  across: number,
  color: (value: number) => Color,
  words: Words,
  { columnLabels = [], bar }: { columnLabels?: readonly string[]; bar?: object } = {},
): Figure {
  const images = rows.map((row) => row.images);
  const { png, size, lines } = mosaic(images, shape, { across, color, gap });
  const [height, width] = size;
  const labeled = rows.some((row) => row.label);
  const bottom = bar ? 46 : 6;
  const top = (words.title ? 40 : 6) + (columnLabels.length ? 20 : 0);
  const drawn = Math.min(560, Math.max(60, (height / width) * (labeled ? 590 : 710)));
  const marker = bar ? { mode: "markers", marker: bar } : { mode: "none" };
  const corners = { type: "scatter", x: [0, width], y: [0, height], ...marker };
  return figure(
    [{ ...corners, hoverinfo: "skip", showlegend: false }],
    {
      margin: { l: labeled ? 8 : 4, r: 4, t: top, b: bottom },
      ...pictureLayout(png, size, labeled ? 0.17 : 0),
      annotations: [
        ...(labeled ? rowNotes(rows, lines, shape[0] + gap) : []),
        ...columnNotes(columnLabels, shape[1]),
      ],
    },
    { height: Math.round(drawn) + top + bottom, ...words },
  );
}

function requireImages(images: tf.Tensor, [height, width]: Shape, name = "images"): number[][] {
  if (images?.shape?.length !== 2 || images.shape[1] !== height * width)
    throw new RangeError(
      `${name} must have shape [n, ${height * width}] for ${height} × ${width} pixels, got [${images?.shape ?? "nothing"}]; give { shape }`,
    );
  return rowsOf(images, name);
}

export interface TileOptions extends Words {
  shape?: Shape;
  columns?: number;
}

export interface ImageOptions extends TileOptions {
  /** Values of black and of white, [0, 1] unless given. */
  range?: [number, number];
  columnLabels?: readonly string[];
}

/** Images in rows, gray by value, exact pixels: a tensor [n, d], or labeled rows of them. */
export function imageGrid(
  images: tf.Tensor | Record<string, tf.Tensor>,
  { shape = [28, 28], columns, range = [0, 1], columnLabels, ...words }: ImageOptions,
): Figure {
  const rows = Object.entries(byName(images, "")).map(([label, row]) => ({
    label,
    images: requireImages(row, shape, label ? `images "${label}"` : "images"),
  }));
  if (rows.length === 0) throw new RangeError("images must hold at least one row, got none");
  if (!(range[1] > range[0]))
    throw new RangeError(`range must go from black up to white, got [${range}]`);
  const across = columns ?? Math.max(...rows.map((row) => row.images.length));
  if (columnLabels && columnLabels.length !== across)
    throw new RangeError(
      `columnLabels must have one entry a column, got ${columnLabels.length} for ${across} columns`,
    );
  const color = (v: number) => gray((v - range[0]) / (range[1] - range[0]));
  return figureOf(rows, shape, across, color, words, { columnLabels });
}

/**
 * Signed weights as images, each row of `weights` [m, d] one tile, on one scale from blue below
 * zero through white to orange above, with a bar that tells it.
 */
export function weightTiles(
  weights: tf.Tensor,
  { shape = [28, 28], columns, ...words }: TileOptions,
): Figure {
  const tiles = requireImages(weights, shape, "weights");
  const most =
    tiles.reduce((m, tile) => tile.reduce((a, v) => Math.max(a, Math.abs(v)), m), 0) || 1;
  const across = columns ?? Math.ceil(Math.sqrt(tiles.length * 2));
  const end = significant(most, 2);
  const colorbar = {
    orientation: "h",
    ...{ x: 0, xanchor: "left", xpad: 20 },
    ...{ y: 0, yanchor: "top", ypad: 8 },
    ...{ lenmode: "pixels", len: 220, thickness: 10, outlinewidth: 0 },
    ...{ tickvals: [-end, 0, end], ticktext: [`−${end}`, "0", String(end)] },
  };
  const scale = { color: [-end, end], cmin: -end, cmax: end, colorscale: diverging };
  const bar = { ...scale, opacity: 0, showscale: true, colorbar };
  return figureOf(
    [{ label: "", images: tiles }],
    shape,
    across,
    (v) => colorAt(diverging, 0.5 + v / (2 * end)),
    words,
    { bar },
  );
}
