import "../engine/compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
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

/** Pixels of a PNG without filters as RGBA. Source: W3C, Portable Network Graphics, section 6.1. */
function decoded(png: Buffer): { type: number; rgba: number[] } {
  const [width, height, type] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25]];
  const start = png.indexOf("IDAT");
  const lines = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)));
  const [color, channels] = [type & 2 ? 3 : 1, (type & 2 ? 3 : 1) + (type & 4 ? 1 : 0)];
  assert.equal(lines.length, height * (1 + channels * width));
  const pixel = (at: number) => [
    ...[0, 1, 2].map((k) => lines[at + (color === 3 ? k : 0)]),
    type & 4 ? lines[at + color] : 255,
  ];
  const rgba = Array.from({ length: height * width }, (_, i) =>
    pixel(Math.floor(i / width) * (1 + channels * width) + 1 + (i % width) * channels),
  );
  return { type, rgba: rgba.flat() };
}

test("a PNG holds the pixels it was given, gray or opaque ones in fewer channels", () => {
  const channel = fc.integer({ min: 0, max: 255 });
  const size = fc.record({
    height: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 4 }),
  });
  const picture = fc.record({
    size,
    gray: fc.boolean(),
    opaque: fc.boolean(),
    values: fc.array(channel, { minLength: 64, maxLength: 64 }),
  });
  fc.assert(
    fc.property(picture, ({ size: { height, width }, gray, opaque, values }) => {
      const rgba = Uint8Array.from(values.slice(0, 4 * height * width), (v, i) =>
        i % 4 === 3 ? (opaque ? 255 : v) : gray ? values[i - (i % 4)] : v,
      );
      const png = Buffer.from(encodePng(rgba, height, width));
      assert.equal(png.subarray(1, 4).toString(), "PNG");
      const { type, rgba: got } = decoded(png);
      assert.deepEqual(got, [...rgba]);
      assert.ok(!gray || (type & 2) === 0, `gray as color type ${type}`);
      assert.ok(!opaque || (type & 4) === 0, `opaque as color type ${type}`);
    }),
  );
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
