import "autoencoders";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import {
  drawDigit,
  latentEditor,
  latentPlane,
  network,
  scrubber,
  sliders,
  sortableTable,
} from "autoencoders/live";
import { eventually } from "jupyter-typescript/dist/test-waits";
import type { Browser, Locator, Page } from "playwright-core";
import {
  launch,
  openOffline,
  painted,
  rulesOfLook,
  seriousViolations,
  sizes,
} from "./offline-page";
import { bundle, code, exportPage, markdown } from "./trial-page";

const layer = (d: number, m: number, activation: "linear" | "relu" | "sigmoid", seed: number) => ({
  W: tf.randomNormal([d, m], 0, 0.1, "float32", seed),
  b: tf.zeros([m]),
  activation,
});
const narrow = [layer(784, 4, "relu", 1), layer(4, 784, "sigmoid", 2)];
const wide = [layer(784, 16, "relu", 3), layer(16, 784, "sigmoid", 4)];
const samples = tf.randomUniform([2, 784], 0, 1, "float32", 5).round();

const dot =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

const figures = {
  plane: latentPlane({
    layers: [layer(2, 784, "sigmoid", 6)],
    points: tf.tensor2d([
      [-1, -1],
      [1, 1],
      [0, 0.5],
    ]),
    labels: [0, 1, 2],
    caption: "A plane.",
  }),
  canvas: drawDigit({ models: { narrow, wide }, samples, noise: true, caption: "A canvas." }),
  editor: latentEditor({
    decoder: layer(6, 784, "linear", 7),
    codes: tf.ones([2, 6]),
    samples,
    strengths: [1, 1, 1, 1, 1, 1],
    encoder: { ...layer(784, 6, "relu", 8), k: 2 },
    caption: "An editor.",
  }),
  formula: sliders({
    formula: "sixLosses",
    sliders: [{ name: "m", from: -2, to: 2.5, at: -0.5, step: 0.01 }],
    caption: "Losses.",
  }),
  net: network({
    x: [-0.9, 0.25],
    weights: [0.1, 0.4, -0.3, 0.2, 0.1, -0.1, 0.5, -0.6, 0.3, 0.7, -0.2, 0.1],
    learningRate: 0.5,
    caption: "A net.",
  }),
  moments: scrubber({
    panels: [{ kind: "curve", title: "loss", yTitle: "loss" }],
    frames: [1, 2, 3, 4].map((step) => ({ label: String(step), values: [[1 / step]] })),
    caption: "Moments.",
  }),
  models: sortableTable({
    columns: [{ name: "model" }, { name: "error" }],
    rows: [
      { cells: ["plain", [2, 0.1]], pictures: [{ label: "seed 1", png: dot }] },
      { cells: ["PCA", 3], pictures: [] },
      { cells: ["L1", [1, 0.2]], pictures: [{ label: "seed 1", png: dot }] },
    ],
    caption: "Models.",
  }),
};

let browser: Browser;
let file: string;
let remove: () => void;
before(async () => {
  const cells = Object.entries(figures).map(([name, figure]) =>
    code(`show(${name})`, [bundle(figure.toBundle())]),
  );
  ({ file, remove } = exportPage([markdown("# What lives?\n\n**Figures do.**"), ...cells]));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  remove?.();
});

/** Gray levels of a canvas. */
const gray = (canvas: Locator) =>
  canvas.evaluate((element) => {
    const { width, height } = element as unknown as { width: number; height: number };
    // biome-ignore lint/suspicious/noExplicitAny: runs in the page, without its types
    const pixels = (element as any).getContext("2d").getImageData(0, 0, width, height)
      .data as number[];
    return Array.from({ length: width * height }, (_, i) => pixels[4 * i]);
  });
/** Starts figures that are not in view. */
const wake = "wakeLive()";
async function openAwake(options: object) {
  const opened = await openOffline(browser, file, options);
  await opened.page.evaluate(wake);
  return opened;
}
const live = (page: Page, name: string) => page.locator(`[data-live="${name}"]`);

/** A drag by the mouse from one place of an element to another, both as shares of its size. */
async function drag(page: Page, element: Locator, from: [number, number], to: [number, number]) {
  await element.scrollIntoViewIfNeeded();
  const box = (await element.boundingBox())!;
  const at = ([x, y]: [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 8 });
  await page.mouse.up();
}

for (const [width, options] of Object.entries(sizes))
  describe(`live figures at ${width}, ${options.colorScheme}, with the network cut`, () => {
    let page: Page;
    let troubles: string[];
    before(async () => ({ page, troubles } = await openAwake(options)));
    after(() => page?.context().close());

    test("a drag over the code plane moves the point and the decoded image; so do the arrow keys", async () => {
      const plane = live(page, "latent-plane").locator(".plane");
      const image = live(page, "latent-plane").locator(".decoded canvas");
      const readout = live(page, "latent-plane").locator("output");
      const seen = [await gray(image)];
      await drag(page, plane, [0.2, 0.2], [0.8, 0.3]);
      seen.push(await gray(image));
      const said = await readout.textContent();
      await plane.press("ArrowLeft");
      seen.push(await gray(image));
      assert.equal(new Set(seen.map(String)).size, 3);
      assert.notEqual(await readout.textContent(), said);
      assert.deepEqual(troubles, []);
    });

    test("a stroke on the canvas is drawn, and every model answers it with the kernel's error", async () => {
      const figure = live(page, "draw-digit");
      const [pad, out] = [figure.locator(".pad"), figure.locator(".out>div")];
      await figure.getByRole("button", { name: "Clear" }).click();
      await figure.locator(".dirt input").fill("0");
      await drag(page, pad, [0.3, 0.2], [0.6, 0.8]);
      await painted(page);
      const ink = await gray(pad.locator("canvas"));
      assert.ok(ink.filter((v) => v > 200).length > 20, "the stroke must leave ink");
      const x = tf.tensor2d([ink.map((v) => v / 255)]);
      for (const [place, net] of [narrow, wide].entries()) {
        const answer = tf.tidy(() => {
          const h = x.matMul(net[0].W).relu();
          const xHat = h.matMul(net[1].W).sigmoid();
          return { xHat: xHat.dataSync(), error: x.sub(xHat).square().mean().dataSync()[0] };
        });
        const box = out.nth(place + 1); // the first box shows the noisy drawing
        const shown = Number((await box.locator("output").textContent())?.replace("error ", ""));
        assert.ok(Math.abs(shown - answer.error) < 1e-3, `${shown} is not ${answer.error}`);
        const pixels = await gray(box.locator("canvas"));
        const worst = Math.max(...pixels.map((v, i) => Math.abs(v / 255 - answer.xHat[i])));
        assert.ok(worst < 1e-2, `a pixel differs by ${worst}`);
      }
      await pad.press("Shift+ArrowRight");
      await pad.press(" ");
      await painted(page);
      assert.notDeepEqual(await gray(pad.locator("canvas")), ink, "the keyboard must draw too");
      await figure.getByRole("button", { name: "sample 2" }).click();
      await painted(page);
      const sample = (await gray(pad.locator("canvas"))).map((v) => Math.round(v / 255));
      assert.deepEqual(sample, Array.from(samples.slice([1, 0], [1, 784]).dataSync()));
      assert.deepEqual(troubles, []);
    });

    test("a slider of a formula moves its numbers, and the way back is one button", async () => {
      const figure = live(page, "sliders");
      const said = await figure.locator(".readouts").textContent();
      await drag(page, figure.locator("input"), [0.33, 0.5], [0.9, 0.5]);
      assert.ok(Number(await figure.locator("input").inputValue()) > 1.5);
      assert.notEqual(await figure.locator(".readouts").textContent(), said);
      await figure.getByRole("button", { name: "Back to the start" }).click();
      assert.equal(await figure.locator(".readouts").textContent(), said);
      assert.deepEqual(troubles, []);
    });

    test("the scrubber goes to a moment by drag and by key, and plays", async () => {
      const figure = live(page, "scrubber");
      const slider = figure.locator("input");
      assert.equal(await slider.inputValue(), "3");
      await drag(page, slider, [0.98, 0.5], [0.02, 0.5]);
      assert.equal(await figure.locator("output").textContent(), "step 1");
      await slider.press("ArrowRight");
      assert.equal(await figure.locator("output").textContent(), "step 2");
      await figure.getByRole("button", { name: "Play" }).click();
      await figure.locator("output", { hasText: "step 4" }).waitFor();
      assert.equal(await slider.inputValue(), "3");
      assert.deepEqual(troubles, []);
    });

    test("a table is sorted by its heads, and a row opens its pictures and keeps them beside it", async () => {
      const figure = live(page, "sortable-table");
      const names = () => figure.locator("tbody th").allTextContents();
      const error = figure.getByRole("button", { name: "error" });
      await error.click();
      assert.deepEqual(await names(), ["L1", "plain", "PCA"]);
      assert.equal(await figure.locator("th[aria-sort]").getAttribute("aria-sort"), "ascending");
      await figure.getByRole("button", { name: "plain" }).press("Enter");
      await error.press("Enter");
      assert.deepEqual(await names(), ["PCA", "plain", "L1"]);
      const below = figure.locator("tr:has(button[aria-expanded=true]) + tr.open");
      assert.equal(await below.locator("img").getAttribute("alt"), "plain: seed 1");
      assert.ok(await below.locator("img").isVisible());
      await figure.getByRole("button", { name: "plain" }).click();
      assert.equal(await figure.locator("img").count(), 0);
      assert.deepEqual(troubles, []);
    });

    test("no words of a drawing reach beyond the column of the text", async () => {
      const beyond = await page.evaluate(`(() => {
        const edge = document.querySelector("main").getBoundingClientRect();
        const words = [...document.querySelectorAll(".ae-live")].flatMap((one) => [...one.shadowRoot.querySelectorAll("svg text")]);
        return words.filter((one) => { const { left, right } = one.getBoundingClientRect(); return left < edge.left - 1 || right > edge.right + 1; }).map((one) => one.textContent);
      })()`);
      assert.deepEqual(beyond, []);
    });

    test("nothing is wider than the page, and axe finds nothing serious", async () => {
      assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
      assert.deepEqual(await seriousViolations(page), []);
      const other = options.colorScheme === "dark" ? "light" : "dark";
      await page.emulateMedia({ colorScheme: other });
      await painted(page);
      assert.deepEqual(await seriousViolations(page, rulesOfLook), []);
      assert.deepEqual(troubles, []);
    });
  });

test("where scripts are stripped each live figure shows a still picture or a table", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`file://${file}`);
  for (const figure of await page.locator(".ae-live").all())
    assert.ok(await figure.locator("img, table").first().isVisible());
  assert.equal(await page.locator(".ae-live").count(), Object.keys(figures).length);
  await context.close();
});

describe("the reader's digit", () => {
  const drawn = async (page: Page) =>
    (await gray(live(page, "draw-digit").locator(".pad canvas"))).map((v) => Math.round(v / 255));
  const sample = () => Array.from(samples.slice([0, 0], [1, 784]).dataSync());
  /** Draws a stroke and gives the ink that it leaves. */
  async function drawOne(page: Page): Promise<number[]> {
    const figure = live(page, "draw-digit");
    await figure.getByRole("button", { name: "Clear" }).click();
    await drag(page, figure.locator(".pad"), [0.3, 0.2], [0.6, 0.8]);
    await painted(page);
    return drawn(page);
  }
  const yours = (page: Page) =>
    live(page, "draw-digit").getByRole("button", { name: "Your digit" });

  test("is kept for every page with a canvas, and is offered beside the samples", async () => {
    const { page, troubles } = await openAwake(sizes["1280 px"]);
    assert.deepEqual(await drawn(page), sample());
    assert.equal(await yours(page).isVisible(), false);
    const ink = await drawOne(page);
    const other = await page.context().newPage();
    // The browser's processes share what one keeps a moment later.
    await eventually(async () => {
      await other.goto(page.url());
      await other.evaluate(wake);
      assert.deepEqual(await drawn(other), ink);
    });
    await live(other, "draw-digit").getByRole("button", { name: "sample 1" }).click();
    await painted(other);
    assert.deepEqual(await drawn(other), sample());
    await yours(other).click();
    await painted(other);
    assert.deepEqual(await drawn(other), ink);
    assert.deepEqual(troubles, []);
    await page.context().close();
  });

  test("is coded in an editor with an encoder, which opens with it", async () => {
    const { page, troubles } = await openAwake(sizes["1280 px"]);
    const editor = live(page, "latent-editor");
    const own = editor.getByRole("button", { name: "Your digit" });
    const shown = async () =>
      (await gray(editor.locator(".pair canvas").first())).map((v) => Math.round(v / 255));
    assert.equal(await own.isVisible(), false);
    const ink = await drawOne(page);
    assert.deepEqual(await shown(), sample());
    await own.click();
    assert.deepEqual(await shown(), ink);
    assert.ok((await editor.locator(".unit").count()) <= 2);
    await page.reload();
    await page.evaluate(wake);
    assert.deepEqual(await shown(), ink);
    assert.deepEqual(troubles, []);
    await page.context().close();
  });

  test("stays on its page where the browser keeps nothing, and odd text in the store is no digit", async () => {
    const refused =
      "Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError') } })";
    const stored = ["'1'", "'%%%'", "btoa('x'.repeat(783))", "btoa('\\0'.repeat(784))"].map(
      (text) => `localStorage.setItem("autoencoders-digit", ${text})`,
    );
    for (const script of [refused, ...stored]) {
      const context = await browser.newContext({ ...sizes["1280 px"], offline: true });
      await context.addInitScript(`if (location.protocol === "file:") { ${script} }`);
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on("pageerror", (error) => troubles.push(String(error)));
      await page.goto(`file://${file}`);
      await page.evaluate(wake);
      assert.deepEqual(await drawn(page), sample(), script);
      assert.equal(await yours(page).isVisible(), false);
      await drawOne(page);
      assert.equal(await yours(page).isVisible(), true);
      assert.deepEqual(troubles, []);
      await context.close();
    }
  });
});
