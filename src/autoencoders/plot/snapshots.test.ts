// Each kind of figure as it was last looked at. After a wanted change: UPDATE_SNAPSHOTS=1 npm run
// check, and look at the difference.
import "../engine/compat";
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import type { Step } from "../objective";
import * as plot from "./index";

const folder = path.join(__dirname, "../../plot/__snapshots__");
const caption = "A caption.";
const plane = { xTitle: "h₁", yTitle: "h₂", caption };
const points = tf.tensor2d([
  [0, 1],
  [1, 0],
  [2, 2],
]);
const images = tf.tensor2d([
  [0, 0.5, 1, 0.25],
  [1, 1, 0, 0],
]);
const steps = [1, 2, 3].map(
  (step): Step => ({
    step,
    epoch: 0,
    loss: 6 / step,
    terms: { squaredError: 5 / step, L1: 1 / step },
    gradientNorm: 1 / step,
    examplesPerSecond: 1000,
  }),
);
const curve = { x: [2, 4, 8], y: [3, 2, 1] };
const line = () =>
  plot.lineChart(
    { PCA: curve, "deep autoencoder": curve },
    { xTitle: "m", yTitle: "error", logX: true, caption },
  );

const figures: Record<string, () => plot.Figure> = {
  "loss-by-term": () => plot.lossChart(steps, { log: true, caption }),
  "loss-of-runs": () =>
    plot.lossChart({ plain: steps, sparse: steps }, { caption, alt: "Both fall.", title: "Runs" }),
  line,
  band: () =>
    plot.lineChart(
      { test: { ...curve, low: [2, 1, 0.5], high: [4, 3, 2] }, time: { ...curve, axis: "right" } },
      { xTitle: "m", yTitle: "error", y2Title: "seconds", caption },
    ),
  "ordered-family": () =>
    plot.lineChart(
      { "m = 2": curve, "m = 4": curve, "m = 8": curve },
      { xTitle: "step", yTitle: "loss", caption },
    ),
  spectrum: () => plot.spectrum([100, 10, 1], { yTitle: "eigenvalue", logY: true, caption }),
  "image-grid": () => plot.imageGrid({ digit: images, PCA: images }, { shape: [2, 2], caption }),
  "weight-tiles": () => plot.weightTiles(images.sub(0.5), { shape: [2, 2], caption }),
  "code-histogram": () => plot.histogram({ h: [0, 0, 0.5, 1] }, { bins: 4, xTitle: "h", caption }),
  bars: () =>
    plot.barChart(
      { PCA: 2, plain: 1 },
      { yTitle: "error", errors: { PCA: 0.1, plain: 0.2 }, caption },
    ),
  "code-map": () => plot.scatterChart(points, { ...plane, labels: [0, 1, 1] }),
  "vector-field": () => plot.vectorField(points, points.mul(0.1), plane),
  "vector-field-over-a-density": () => {
    const density = { x: [0, 1], y: [0, 2], z: tf.tensor2d([0, 0.5, 1, 0], [2, 2]) };
    return plot.vectorField(points, points, { ...plane, points: { data: points }, density });
  },
  "heat-map": () => plot.heatMap(points.sub(1), { ...plane, zTitle: "weight", diverging: true }),
  "small-multiples": () =>
    plot.smallMultiples([line(), plot.lossChart(steps, { caption })], { caption }),
};

for (const [name, make] of Object.entries(figures))
  test(`the figure "${name}" is as it was last looked at`, () => {
    const file = path.join(folder, `${name}.json`);
    const text = `${JSON.stringify(make(), null, 1)}\n`;
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(file, text);
    assert.ok(
      existsSync(file),
      `${file} must be there; run with UPDATE_SNAPSHOTS=1, look at it, and commit it`,
    );
    assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, "utf8")));
  });

test("every kind of figure has a snapshot", () => {
  const makers = Object.entries(plot).filter(([, value]) => typeof value === "function");
  const used = Object.values(figures).join(" ");
  for (const [name] of makers) assert.ok(used.includes(name), name);
});
