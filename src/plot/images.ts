import * as tf from "@tensorflow/tfjs-node";
import type { Layout } from "plotly.js";
import { type Figure, figure, type Words } from "./figure";
import { diverging } from "./palette";
import { encodePng } from "./png";

type Color = [number, number, number];

const channel = (hex: string, i: number) => Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
function divergingColor(t: number): Color {
  const j = Math.min(diverging.length - 2, Math.max(0, Math.floor(t * (diverging.length - 1))));
  const [[from, a], [to, b]] = [diverging[j], diverging[j + 1]];
  const u = (Math.min(1, Math.max(0, t)) - from) / (to - from);
  return [0, 1, 2].map((i) => Math.round(channel(a, i) * (1 - u) + channel(b, i) * u)) as Color;
}

/** The images as one lossless picture, a pixel a pixel, `gap` pixels of transparency between them. */
function mosaic(
  images: Float32Array,
  count: number,
  [height, width]: [number, number],
  columns: number,
  color: (value: number) => Color,
) {
  const gap = 2;
  const rows = Math.ceil(count / columns);
  const size: [number, number] = [rows * (height + gap) - gap, columns * (width + gap) - gap];
  const pixels = new Uint8Array(size[0] * size[1] * 4);
  for (let k = 0; k < count; k++) {
    const top = Math.floor(k / columns) * (height + gap);
    const left = (k % columns) * (width + gap);
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++)
        pixels.set([...color(images[(k * height + i) * width + j]), 255], 4 * ((top + i) * size[1] + left + j));
  }
  return { pixels, size, rows };
}

const picture = (pixels: Uint8Array, [height, width]: [number, number]): string =>
  `data:image/png;base64,${Buffer.from(encodePng(pixels, height, width)).toString("base64")}`;

function figureOf(
  source: string,
  [height, width]: [number, number],
  rows: { label: string; middle: number }[],
  words: Words,
): Figure {
  const labels = rows.filter((row) => row.label);
  const layout = {
    height: words.height ?? Math.round(Math.min(560, Math.max(90, (height / width) * 720))) + 20,
    margin: { l: labels.length ? 8 : 4, r: 4, t: words.title ? 40 : 6, b: 6 },
    xaxis: {
      range: [0, width],
      visible: false,
      fixedrange: true,
      constrain: "domain",
      domain: [labels.length ? 0.17 : 0, 1],
    },
    yaxis: { range: [height, 0], visible: false, fixedrange: true, scaleanchor: "x", constrain: "domain" },
    images: [
      { source, xref: "x", yref: "y", x: 0, y: 0, sizex: width, sizey: height, sizing: "stretch", layer: "below" },
    ],
    annotations: labels.map(({ label, middle }) => ({
      text: label,
      xref: "x",
      yref: "y",
      x: 0,
      xshift: -8,
      y: middle,
      xanchor: "right",
      yanchor: "middle",
      showarrow: false,
    })),
    shapes: [],
  };
  return figure(
    [{ type: "scatter", x: [0, width], y: [0, height], mode: "none", hoverinfo: "skip", showlegend: false } as never],
    layout as unknown as Partial<Layout>,
    words,
  );
}

function requireImages(images: tf.Tensor2D, [height, width]: [number, number]): void {
  if (images.rank !== 2 || images.shape[1] !== height * width)
    throw new RangeError(
      `images must have shape [n, ${height * width}] for ${height} × ${width} pixels, got [${images.shape}]; give { shape }`,
    );
}

/** Images in rows, gray by value, exact pixels: a tensor [n, d], or labeled rows of them. `range` is the value of black and of white, default [0, 1]. */
export function imageGrid(
  images: tf.Tensor2D | Record<string, tf.Tensor2D>,
  {
    shape = [28, 28],
    columns,
    range = [0, 1],
    ...words
  }: { shape?: [number, number]; columns?: number; range?: [number, number] } & Words,
): Figure {
  const rows = images instanceof tf.Tensor ? { "": images } : images;
  const all = Object.values(rows);
  for (const row of all) requireImages(row, shape);
  const across = columns ?? Math.max(...all.map((row) => row.shape[0]));
  const gray = (v: number): Color => {
    const level = Math.round((255 * Math.min(Math.max(v - range[0], 0), range[1] - range[0])) / (range[1] - range[0]));
    return [level, level, level];
  };
  const one = tf.tidy(
    () =>
      tf
        .concat(
          all.map(
            (row) =>
              row.pad(
                [
                  [0, (across - (row.shape[0] % across)) % across],
                  [0, 0],
                ],
                range[0],
              ) as tf.Tensor2D,
          ),
        )
        .dataSync() as Float32Array,
  );
  const { pixels, size } = mosaic(one, one.length / (shape[0] * shape[1]), shape, across, gray);
  let first = 0;
  const labels = Object.entries(rows).map(([label, row]) => {
    const lines = Math.ceil(row.shape[0] / across);
    const middle = (first + lines / 2) * (shape[0] + 2) - 1;
    first += lines;
    return { label, middle };
  });
  return figureOf(picture(pixels, size), size, labels, words);
}

/** Signed weights as images, each row of `weights` [m, d] one tile on a common scale: blue below zero, orange above. */
export function weightTiles(
  weights: tf.Tensor2D,
  { shape = [28, 28], columns, ...words }: { shape?: [number, number]; columns?: number } & Words,
): Figure {
  requireImages(weights, shape);
  const values = weights.dataSync() as Float32Array;
  const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
  const across = columns ?? Math.ceil(Math.sqrt(weights.shape[0] * 2));
  const { pixels, size } = mosaic(values, weights.shape[0], shape, across, (v) => divergingColor(0.5 + v / (2 * most)));
  const scale = `Blue is negative, orange positive, white zero; full color is ±${most.toPrecision(2)}.`;
  return figureOf(picture(pixels, size), size, [], { ...words, caption: `${words.caption} ${scale}` });
}
