import "../engine/compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-node";
import {
  heatMap,
  histogram,
  imageGrid,
  lineChart,
  lossChart,
  scatterChart,
  weightTiles,
} from "./index";
import { encodePng } from "./png";

const words = { caption: "A caption." };

test("a figure is pure JSON that carries its caption and its text for those who do not see it", () => {
  const figure = lineChart(
    { PCA: { x: [1, 2], y: [3, 4] } },
    { xTitle: "k", yTitle: "error", ...words, alt: "Falls." },
  );
  assert.deepEqual(JSON.parse(JSON.stringify(figure.data)), figure.data);
  assert.deepEqual((figure.layout as { meta: unknown }).meta, {
    caption: "A caption.",
    alt: "Falls.",
  });
});

test("the same model has the same color in every chart, whatever stands beside it", () => {
  const colorOf = (names: string[]) =>
    (
      lineChart(Object.fromEntries(names.map((n) => [n, { x: [1], y: [1] }])), {
        xTitle: "",
        yTitle: "",
        ...words,
      }).data as { name: string; line: { color: string } }[]
    ).find((t) => t.name === "PCA")!.line.color;
  assert.equal(colorOf(["PCA"]), colorOf(["other", "deep autoencoder", "PCA", "more"]));
});

test("a logarithmic axis is marked at the values of one curve, or at round numbers where several curves are scattered", () => {
  const marksOf = (...xs: number[][]) => {
    const series = Object.fromEntries(xs.map((x, i) => [`curve ${i}`, { x, y: x }]));
    const { layout } = lineChart(series, { xTitle: "", yTitle: "", logX: true, ...words });
    return (layout as { xaxis: { tickvals?: number[] } }).xaxis.tickvals;
  };
  assert.deepEqual(marksOf([8, 16, 32], [16, 32]), [8, 16, 32]);
  assert.deepEqual(marksOf([8, 16.021, 31.9], [13.602, 17.034, 165.5]), [10, 20, 50, 100]);
  assert.deepEqual(marksOf([0.03, 0.21], [0.04, 0.3]), [0.05, 0.1, 0.2]);
});

test("a thinned curve keeps its highest and lowest point", () => {
  const y = Array.from({ length: 20_000 }, (_, i) => Math.sin(i / 700));
  y[12_345] = 9;
  y[777] = -9;
  const [trace] = lineChart(
    { a: { x: y.map((_, i) => i), y } },
    { xTitle: "", yTitle: "", ...words },
  ).data as {
    y: number[];
  }[];
  assert.ok(trace.y.length < 2_000 && trace.y.includes(9) && trace.y.includes(-9));
});

test("a PNG holds the pixels it was given", () => {
  const rgba = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => i * 7);
  const png = Buffer.from(encodePng(rgba, 2, 3));
  assert.deepEqual([...png.subarray(1, 4)].map((c) => String.fromCharCode(c)).join(""), "PNG");
  const start = png.indexOf("IDAT");
  const lines = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)));
  assert.deepEqual([...lines.subarray(1, 13), ...lines.subarray(14)], [...rgba]);
});

test("what does not fit is refused with its size", () => {
  assert.throws(
    () => lineChart({ a: { x: [1, 2], y: [1] } }, { xTitle: "", yTitle: "", ...words }),
    /as many x as y, got 2 and 1/,
  );
  assert.throws(() => lineChart({}, { xTitle: "", yTitle: "", ...words }), /at least one curve/);
  assert.throws(() => lossChart([], words), /at least one step/);
  assert.throws(
    () => histogram([1], { xTitle: "", range: [1, 0], ...words }),
    /range must go from low to high, got \[1,0\]/,
  );
  assert.throws(() => imageGrid(tf.zeros([2, 10]), words), /\[n, 784\].*got \[2,10\]/);
  assert.throws(() => weightTiles(tf.zeros([2, 10]), words), /\[n, 784\]/);
  assert.throws(
    () => scatterChart(tf.zeros([2, 3]), { xTitle: "", yTitle: "", ...words }),
    /\[n, 2\]/,
  );
  assert.throws(
    () => scatterChart(tf.zeros([2, 2]), { labels: [1], xTitle: "", yTitle: "", ...words }),
    /one entry a point, got 1 for 2/,
  );
  assert.throws(
    () => heatMap(tf.zeros([2]) as never, { xTitle: "", yTitle: "", zTitle: "", ...words }),
    /two axes/,
  );
});

test("a square chart has one scale for both axes", () => {
  const curve = { line: { x: [0, 1], y: [0, 1] } };
  const words = { xTitle: "x", yTitle: "y", caption: "A caption." };
  const anchor = (options: object) =>
    (lineChart(curve, { ...words, ...options }).layout as { yaxis: { scaleanchor?: string } }).yaxis
      .scaleanchor;
  assert.equal(anchor({ square: true }), "x");
  assert.equal(anchor({}), undefined);
});
