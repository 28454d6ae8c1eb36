// Work of a page that waits until its figure comes into view, or until it is printed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { unitBrowser } from "autoencoders/live";
import { lineChart } from "autoencoders/plot";
import type { Browser } from "playwright-core";
import { launch, openOffline } from "./offline-page";
import { bundle, code, exportPage, markdown } from "./trial-page";

const paragraph = "A paragraph with $x^2$ between two figures, long enough to fill a line. ".repeat(
  20,
);
const text = (n: number) => Array.from({ length: n }, () => markdown(paragraph));
const chart = lineChart(
  { a: { x: [1, 2], y: [1, 2] } },
  { xTitle: "x", yTitle: "y", caption: "A chart." },
);
const browserOfUnits = unitBrowser({
  decoder: { W: tf.randomNormal([256, 784], 0, 0.1, "float32", 1), activation: "linear" },
  codes: tf.randomUniform([1000, 256], 0, 1, "float32", 2),
  samples: tf.randomUniform([1000, 784], 0, 1, "float32", 3),
  caption: "Units.",
});

let browser: Browser;
let trial: ReturnType<typeof exportPage>;
before(async () => {
  trial = exportPage([
    markdown("# How long?\n\n**Not long.**"),
    ...text(20),
    code("chart", [bundle({ "application/vnd.plotly.v1+json": chart })]),
    ...text(20),
    code("units", [bundle(browserOfUnits.toBundle())]),
  ]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  trial?.remove();
});

test("a figure is drawn, and Plotly run, when it comes near the view", async () => {
  const { page, troubles } = await openOffline(browser, trial.file, {});
  await page.waitForTimeout(1000);
  const state = () =>
    page.evaluate(
      "[typeof Plotly, document.querySelectorAll('.plot[data-drawn]').length, document.querySelectorAll('[data-live]').length]",
    );
  assert.deepEqual(await state(), ["undefined", 0, 0]);
  await page.locator(".plot").scrollIntoViewIfNeeded();
  await page.locator(".plot[data-drawn]").waitFor();
  assert.deepEqual(await state(), ["object", 1, 0]);
  await page.locator(".ae-live").scrollIntoViewIfNeeded();
  await page.locator("[data-live]").waitFor();
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("paper shows all figures, also those that never came into view: charts drawn, live ones still", async () => {
  const { page, troubles } = await openOffline(browser, trial.file, {});
  await page.evaluate("readyToPrint()");
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  await page.locator(".plot[data-drawn] .main-svg").first().waitFor();
  assert.ok(await page.locator(".ae-live > img").isVisible());
  assert.deepEqual(troubles, []);
  await page.context().close();
});
