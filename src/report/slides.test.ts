import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { scrubber } from "autoencoders/live";
import type { Browser, Page } from "playwright-core";
import { launch, openSlides, outsideTheirSlides, seriousViolations } from "./offline-page";
import { bundle, code, exportPage, markdown } from "./trial-page";

const printed = (text: string) => ({ output_type: "stream", name: "stdout", text });
const plot = (caption: string, height: number) =>
  bundle({
    "application/vnd.plotly.v1+json": {
      data: [{ type: "scatter", mode: "lines+markers", x: [1, 2, 3], y: [3, 1, 2] }],
      layout: { height, meta: { caption, alt: caption } },
    },
  });
const live = scrubber({
  panels: [{ kind: "curve", title: "loss", yTitle: "loss" }],
  frames: [1, 2, 3, 4].map((step) => ({ label: String(step), values: [[1 / step]] })),
  caption: "Moments.",
});
const rows = (n: number) =>
  Array.from({ length: n }, (_, i) => `| $x_{${i}}$ | \`x${i}\` | [n, ${i}] |`).join("\n");
const words = (n: number) => "The code keeps what the decoder needs and nothing else. ".repeat(n);
const claims = Array.from(
  { length: 24 },
  (_, i) => `claim holds | claim ${i} | measured 0.5 | below 1 | margin 0.5`,
);

const cells = [
  markdown("# What fits on a slide?\n\n**One idea.**\n\nYou need a projector."),
  markdown(
    `## Long words\n\n${words(9)}\n\n${words(9)}\n\n$$a = b \\label{eq:a}$$\n\n${words(12)}`,
  ),
  markdown(`A table:\n\n| symbol | code | shape |\n|---|---|---|\n${rows(24)}`),
  code("const first = 1;\nconsole.log(first);", [printed("1\n")]),
  markdown("## Figures\n\nOne sentence before it:"),
  code("show(figure)", [plot("A figure.", 360), plot("A high one.", 900)]),
  code("show(live)", [bundle(live.toBundle())]),
  markdown("## Exercises\n\n1. Try."),
  code("console.log('solved')", [printed("solved\n")], ["solution"]),
  code("claim(…)", [printed(`${claims.join("\n")}\n`)]),
];

let browser: Browser;
let file: string;
let remove: () => void;
before(async () => {
  tf.env(); // the library that the live figure is made with is loaded before the clock of a test runs
  ({ file, remove } = exportPage(cells, "slides"));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  remove?.();
});

const ask = <T>(page: Page, expression: string): Promise<T> => page.evaluate(expression);

const open = (width: number, height: number) =>
  openSlides(browser, file, { viewport: { width, height } });
const at = (page: Page) => ask<number>(page, "Math.round(scrollY / innerHeight) + 1");
const count = (page: Page) =>
  ask<number>(
    page,
    "[...document.querySelectorAll('.slide')].filter((s) => s.offsetParent).length",
  );
const focus = (page: Page) =>
  page.evaluate("document.querySelector('.ae-live').shadowRoot.querySelector('input').focus()");

describe("slides", () => {
  for (const [width, height] of [
    [1280, 720],
    [1024, 768],
    [1920, 1080],
  ])
    test(`${width} × ${height}: no request, no error, all inside the screen or marked as scrolling, nothing from axe`, async () => {
      const { page, troubles } = await open(width, height);
      assert.deepEqual(await outsideTheirSlides(page), []);
      assert.equal(await ask(page, "document.querySelectorAll('.scrolls').length"), 0);
      const text = await ask<number>(
        page,
        "Number.parseFloat(getComputedStyle(document.body).fontSize)",
      );
      assert.ok(text >= 0.0217 * width, `text of ${text} px`);
      assert.deepEqual(await seriousViolations(page), []);
      assert.deepEqual(troubles, []);
      await page.context().close();
    });

  test("keys go on and back, to the ends, and stay with a control that has the focus until Escape", async () => {
    const { page } = await open(1280, 720);
    const last = await count(page);
    for (const [key, slide] of [
      ["ArrowRight", 2],
      ["Space", 3],
      ["PageDown", 4],
      ["ArrowLeft", 3],
      ["Shift+Space", 2],
      ["End", last],
      ["ArrowDown", last],
      ["Home", 1],
    ] as const) {
      await page.keyboard.press(key);
      assert.equal(await at(page), slide, key);
    }
    assert.equal(await ask(page, "document.querySelector('.count').textContent"), `1 / ${last}`);
    await focus(page);
    const there = await at(page);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await at(page), there);
    assert.equal(
      await ask(page, "document.querySelector('.ae-live').shadowRoot.querySelector('input').value"),
      "2",
      "the slider moves",
    );
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await at(page), there - 1);
    await page.context().close();
  });

  test("code and dark come at a key, solutions are left out until theirs, the last slides are the claims", async () => {
    const { page } = await open(1280, 720);
    const before = await count(page);
    await page.keyboard.press("s");
    assert.ok((await count(page)) > before);
    await page.keyboard.press("s");
    assert.equal(await count(page), before);
    await page.keyboard.press("d");
    assert.equal(await ask(page, "document.documentElement.dataset.theme"), "dark");
    await page.evaluate(
      "document.querySelector('.slide > details.code').parentElement.scrollIntoView()",
    );
    await page.keyboard.press("c");
    assert.equal(await ask(page, "document.querySelector('.slide > details.code').open"), true);
    await page.keyboard.press("End");
    assert.match(
      await ask(page, "[...document.querySelectorAll('.slide')].at(-1).textContent"),
      /claim 23/,
    );
    await page.context().close();
  });

  test("the overview shows all slides small, and the one that is pressed is opened", async () => {
    const { page } = await open(1280, 720);
    await page.keyboard.press("Escape");
    assert.deepEqual(await ask(page, "document.documentElement.dataset.overview"), "1");
    const box = await ask<number[]>(
      page,
      "(() => { const b = document.querySelectorAll('.slide')[3].getBoundingClientRect(); return [b.left + 20, b.top + 20, b.width] })()",
    );
    assert.ok(Math.abs(box[2] - 0.225 * 1280) < 2, `${box[2]} px`);
    await page.mouse.click(box[0], box[1]);
    assert.equal(await at(page), 4);
    assert.equal(await ask(page, "document.documentElement.dataset.overview"), undefined);
    await page.context().close();
  });

  test("a window of another shape divides the words anew and loses none", async () => {
    const { page } = await open(1280, 720);
    const text = () =>
      ask<string>(page, "document.getElementById('main').innerText.match(/x\\d+/g).join()");
    const wide = [await count(page), await text()];
    await page.setViewportSize({ width: 600, height: 900 });
    await page.waitForTimeout(300);
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.waitForTimeout(300);
    assert.deepEqual([await count(page), await text()], wide);
    await page.context().close();
  });

  test("paper has a page for each slide", async () => {
    const { page } = await open(1280, 720);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length, await count(page));
    await page.context().close();
  });
});
