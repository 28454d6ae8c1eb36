import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { table } from "autoencoders/display";
import { eventually } from "jupyter-typescript/dist/test-waits";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import {
  launch,
  openOffline,
  painted,
  rulesOfLook,
  seriousViolations,
  until,
} from "./offline-page";
import { bundle, code, exportPages, markdown } from "./trial-page";

const attack =
  "</script><script>globalThis.attacked = 1</script><img src=x onerror='globalThis.attacked = 1'>";

const text = (said: string, name = "stdout") => ({ output_type: "stream", name, text: said });
const plot = (data: object[], layout: object, caption: string) =>
  bundle({
    "application/vnd.plotly.v1+json": {
      data,
      layout: { height: 300, ...layout, meta: { caption, alt: caption } },
    },
  });

const pixels =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP4z8DAwMDAxAADCBYAG10BBdmXHFUAAAAASUVORK5CYII=";
const curve = plot(
  [
    {
      type: "scatter",
      mode: "lines",
      name: "loss",
      x: [1, 2, 3, 4, 5, 6, 7, 8, 9],
      y: [1000, 120, 15, 7, 2.5, 0.4, 0.03, 0.009, 0.001],
    },
  ],
  {
    xaxis: { title: { text: "step" } },
    yaxis: {
      type: "log",
      title: {
        text: "loss (sum over dimensions, mean over examples, in squared units of a pixel)",
      },
    },
  },
  `The loss ${attack}`,
);
const picture = plot(
  [{ type: "scatter", x: [0, 20], y: [0, 10], mode: "none" }],
  {
    margin: { l: 4, r: 4, t: 4, b: 4 },
    xaxis: { range: [0, 20], visible: false, domain: [0.17, 1] },
    yaxis: { range: [10, 0], visible: false, scaleanchor: "x" },
    images: [
      {
        source: pixels,
        xref: "x",
        yref: "y",
        x: 0,
        y: 0,
        sizex: 20,
        sizey: 10,
        sizing: "stretch",
        layer: "below",
      },
    ],
    annotations: [
      {
        text: "linear autoencoder",
        xref: "x",
        yref: "y",
        x: 0,
        xshift: -8,
        y: 5,
        xanchor: "right",
        showarrow: false,
      },
    ],
  },
  "Pixels.",
);
const bars = plot([{ type: "bar", x: ["a", "b"], y: [1, 2] }], {}, "Bars of a solution.");
const live = bundle({
  "text/html": `<div class="live"><p>static</p></div><script>(() => {
    const host = document.currentScript.previousElementSibling;
    host.innerHTML = '<label>rate <input type="range" min="0" max="10" value="3"></label> <output>3</output>';
    host.querySelector("input").oninput = (e) => { host.querySelector("output").textContent = e.target.value; };
  })()</script>`,
});
const cells = [
  markdown(
    "# What does $\\|x\\|$ measure?\n\n**It measures length.**\n\nWords. See $\\eqref{eq:norm}$.",
  ),
  markdown(
    "## A formula wide enough to need its own scroll bar\n\n$$\\|x\\|_2^2 = x_1^2 + x_2^2 + x_3^2 + x_4^2 + x_5^2 + x_6^2 + x_7^2 + x_8^2 + x_9^2 + x_{10}^2 + x_{11}^2 + x_{12}^2 \\label{eq:norm}$$\n\n| symbol | code | shape |\n|---|---|---|\n| $x$ | `x` | [n, d] |\n\n$$a = \\mathbb{E}[b]$$",
  ),
  code(`const s = ${JSON.stringify(attack)};\nconst long = [${"1234567890, ".repeat(30)}];`, [
    text(`${attack}\n`),
    text("careful\n", "stderr"),
    curve,
  ]),
  markdown("## Pictures\n\nSome words."),
  code("show(picture)", [
    picture,
    text("claim holds | the loss falls | measured 0.5 | below 1 | margin 0.5\n"),
  ]),
  code("show(table)", [
    bundle({
      "text/html": `<table><thead><tr>${"<th>&lt;b onclick=&quot;x&quot;&gt;bold&lt;/b&gt;</th>".repeat(12)}</tr></thead></table>`,
    }),
  ]),
  code("show(runs)", [
    bundle(
      table([
        { model: "plain", error: 10.5 },
        { model: "PCA", error: 9.25 },
        { model: "sparse", error: 12.125 },
      ]).toBundle(),
    ),
  ]),
  code("show(live)", [live]),
  code("throw new Error('x')", [
    {
      output_type: "error",
      ename: "Error",
      evalue: attack,
      traceback: ["\u001b[31mError\u001b[0m: ", attack],
    },
  ]),
  markdown("## Exercises\n\n1. Why?"),
  code("show(bars)", [bars], ["solution"]),
  markdown(`## The end\n\n${"A paragraph of words. ".repeat(600)}`),
  code("show(last)", [plot([{ y: [1, 2, 3] }], {}, "The last one.")]),
];

const sentence = "words of several lengths $h = c$, then ($a = b + c$), so (one) $x < 1$. ";

let browser: Browser;
let file: string;
let trials: ReturnType<typeof exportPages> = [];
let lines: (typeof trials)[number];

before(async () => {
  trials = exportPages(cells, [markdown(`# Lines\n\n${sentence.repeat(30)}`)]);
  [{ file }, lines] = trials as [(typeof trials)[number], typeof lines];
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const { remove } of trials) remove();
});

const wide = { viewport: { width: 1280, height: 900 } };
const phone = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};

const sizes = { "1280 px": wide, "390 px": phone };

const open = (options: BrowserContextOptions) => openOffline(browser, file, options);

const ask = async <T>(page: Page, expression: string) => (await page.evaluate(expression)) as T;
const drawn = "[...document.querySelectorAll('.plot')].every((p) => p.querySelector('.main-svg'))";
async function openAll(page: Page) {
  await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
  await page.evaluate("globalThis.drawAll()");
  await until(page, drawn);
}

describe("the page of a notebook with everything in it", () => {
  for (const [name, schemes] of [
    ["1280 px", ["light", "dark"]],
    ["390 px", ["dark", "light"]],
  ] as const)
    test(`${name}, ${schemes.join(", then ")}: no request, no error, all drawn and typeset, nothing wider than the page, nothing serious from axe`, async () => {
      const [colorScheme] = schemes;
      const { page, troubles } = await open({ ...sizes[name], colorScheme });
      await openAll(page);
      const formulas = "document.querySelectorAll('.equation .katex-html').length";
      assert.equal(await ask(page, formulas), 2);
      const ink = () =>
        ask<string>(page, "getComputedStyle(document.querySelector('#figure-1 .xtick text')).fill");
      const inks: string[] = [];
      for (const scheme of schemes) {
        await page.emulateMedia({ colorScheme: scheme });
        await painted(page);
        assert.equal(await ask(page, "document.documentElement.dataset.theme"), scheme);
        assert.equal(await ask(page, "document.documentElement.scrollWidth <= innerWidth"), true);
        const rules = scheme === colorScheme ? undefined : rulesOfLook;
        assert.deepEqual(await seriousViolations(page, rules), []);
        inks.push(await ink());
      }
      assert.notEqual(inks[0], inks[1], "figures follow a system that changes its colors");
      assert.equal(await ask(page, "globalThis.attacked"), undefined);
      assert.deepEqual(troubles, []);
      await page.context().close();
    });

  test("no line ends between a formula and the bracket or the stop that touches it", async () => {
    const { page } = await openOffline(browser, lines.file, wide);
    for (const width of [1280, 500, 440, 390, 360, 340]) {
      await page.setViewportSize({ width, height: 800 });
      const torn = `[...document.querySelectorAll(".whole")].filter((whole) => {
        const boxes = [...whole.querySelectorAll(".base")].map((box) => box.getClientRects());
        const words = [...whole.childNodes].filter((node) => node.nodeType === 3).map((node) => {
          const range = document.createRange();
          range.selectNodeContents(node);
          return [node === whole.firstChild, range.getClientRects()[0]];
        });
        return words.some(([before, rect]) =>
          before ? rect.left > boxes[0][0].left + 1 : rect.left < boxes.at(-1)[0].left);
      }).length`;
      assert.equal(await ask(page, torn), 0, `${width} px`);
      assert.equal(await ask(page, "document.documentElement.scrollWidth <= innerWidth"), true);
    }
    await page.context().close();
  });

  test("figures far below are drawn when the reader comes near, and not before", async () => {
    const { page } = await open(wide);
    await until(page, "document.querySelector('#figure-1 .plot').dataset.drawn === '1'");
    assert.equal(
      await ask(page, "document.querySelector('#figure-4 .plot').dataset.drawn"),
      undefined,
    );
    await page.evaluate(
      "document.getElementById('figure-4').scrollIntoView({ behavior: 'instant' })",
    );
    await until(page, "document.querySelector('#figure-4 .plot').dataset.drawn === '1'");
    await page.context().close();
  });

  test("the switch changes the page and redraws its figures, and the choice is kept", async () => {
    const { page } = await open({ ...wide, colorScheme: "light" });
    await openAll(page);
    const ink = () =>
      ask<string>(page, "getComputedStyle(document.querySelector('#figure-1 .xtick text')).fill");
    const paper = () => ask<string>(page, "getComputedStyle(document.body).backgroundColor");
    const light = [await ink(), await paper()];
    await page.click("#theme");
    await eventually(async () => {
      assert.notEqual(await ink(), light[0]);
      assert.notEqual(await paper(), light[1]);
    });
    await page.reload();
    assert.equal(await ask(page, "document.documentElement.dataset.theme"), "dark");
    await page.context().close();
  });

  test("a picture is drawn at a whole number of device pixels for each of its own, beside its label", async () => {
    const { page } = await open(wide);
    await openAll(page);
    const [width, height] = await ask<number[]>(
      page,
      "(() => { const b = document.querySelector('#figure-2 image').getBoundingClientRect(); return [b.width, b.height] })()",
    );
    assert.ok(Math.abs(width / 20 - Math.round(width / 20)) < 0.01, `${width} px for 20`);
    assert.ok(Math.abs(width / height - 2) < 0.01, `${width} × ${height}`);
    const [label, edge] = await ask<number[]>(
      page,
      "[document.querySelector('#figure-2 .annotation').getBoundingClientRect().left, document.querySelector('#figure-2').getBoundingClientRect().left]",
    );
    assert.ok(label >= edge, `the label begins at ${label}, the figure at ${edge}`);
    await page.context().close();
  });

  test("a row of ten digits keeps tiles of 48 pixels; on a phone it scrolls, and the page does not", async () => {
    const row = JSON.stringify({
      data: [],
      layout: {
        margin: { l: 4, r: 4, t: 4, b: 4 },
        xaxis: { range: [0, 300], visible: false },
        yaxis: { range: [30, 0], visible: false, scaleanchor: "x" },
        images: [{ source: pixels, xref: "x", yref: "y", x: 0, y: 0, sizex: 300, sizey: 30 }],
      },
    });
    for (const options of [wide, phone]) {
      const { page } = await open(options);
      const [tile, focusable, overflow] = await ask<number[]>(
        page,
        `(async () => {
          const place = Object.assign(document.createElement("div"), { className: "plot" });
          document.getElementById("main").prepend(place);
          await new Promise((done) => {
            place.addEventListener("drawn", done);
            addFigure(place, ${JSON.stringify(row)});
          });
          const image = place.querySelector("image").getBoundingClientRect();
          const { scrollWidth } = document.documentElement;
          return [(image.width / 300) * 28, place.tabIndex, scrollWidth - innerWidth];
        })()`,
      );
      assert.ok(tile >= 47.9, `a tile has ${tile} px`);
      assert.equal(focusable, options === phone ? 0 : -1);
      assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
      await page.context().close();
    }
  });

  test("an axis title stays inside its figure, and a logarithmic axis has whole decades", async () => {
    for (const options of [wide, phone]) {
      const { page } = await open(options);
      await openAll(page);
      const [top, bottom, from, to] = await ask<number[]>(
        page,
        "(() => { const t = document.querySelector('#figure-1 .ytitle').getBoundingClientRect(), f = document.querySelector('#figure-1 .plot').getBoundingClientRect(); return [t.top, t.bottom, f.top, f.bottom] })()",
      );
      assert.ok(top >= from && bottom <= to, `title ${top} to ${bottom}, figure ${from} to ${to}`);
      const ticks = await ask<string[]>(
        page,
        "[...document.querySelectorAll('#figure-1 .ytick text')].map((t) => t.textContent)",
      );
      assert.deepEqual(ticks, ["0.001", "0.01", "0.1", "1", "10", "100", "1,000"]);
      await page.context().close();
    }
  });

  test("a live output works, and a solution is folded until it is asked for", async () => {
    const { page } = await open(wide);
    const frame = page.frameLocator("iframe.isolated").first();
    await frame.locator("input").fill("7");
    assert.equal(await frame.locator("output").textContent(), "7");
    assert.equal(await ask(page, "document.querySelector('#figure-3').checkVisibility()"), false);
    await page.click(".solution > summary");
    await until(page, "document.querySelector('#figure-3 .main-svg')");
    await page.context().close();
  });

  test("the contents follow the scroll, copy takes the code, fold folds it", async () => {
    const { page } = await open({ ...wide, permissions: ["clipboard-read", "clipboard-write"] });
    await openAll(page);
    await page.evaluate(
      "document.getElementById('Exercises').scrollIntoView({ behavior: 'instant' })",
    );
    await until(
      page,
      "document.querySelector('#contents [aria-current]')?.textContent === 'Exercises'",
    );
    await page.evaluate("document.querySelectorAll('.copy')[1].click()");
    await until(page, "document.querySelectorAll('.copy')[1].textContent === 'Copied'");
    await page.click("#fold");
    assert.equal(await ask(page, "document.querySelectorAll('details.code[open]').length"), 0);
    assert.equal(
      await ask(page, "document.getElementById('fold').getAttribute('aria-pressed')"),
      "true",
    );
    await page.context().close();
  });

  test("what scrolls sideways can be reached by keyboard, the first stop skips to the text", async () => {
    const { page } = await open(phone);
    await openAll(page);
    await until(page, "document.querySelector('.equation .formula').tabIndex === 0");
    assert.equal(await ask(page, "document.querySelector('.listing pre').tabIndex"), 0);
    await page.keyboard.press("Tab");
    assert.equal(await ask(page, "document.activeElement.className"), "skip");
    await page.context().close();
  });

  test("print is light, holds every figure and cuts none off at the side", async () => {
    const { page } = await open({ ...wide, colorScheme: "dark" });
    await page.evaluate("readyToPrint()");
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.length > 30_000);
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(await ask(page, "document.documentElement.dataset.theme"), "light");
    const widths = await ask<number[]>(
      page,
      "[...document.querySelectorAll('.plot')].filter((p) => p.checkVisibility()).map((p) => p.querySelector('.main-svg').getBoundingClientRect().width)",
    );
    assert.deepEqual(widths, [640, 640, 640]);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    assert.equal(await ask(page, "document.documentElement.dataset.theme"), "dark");
    await page.context().close();
  });

  test("the page is small but for the kernel that it carries", async () => {
    const { page } = await open(wide);
    const kernel = await ask<number>(
      page,
      "[...document.querySelectorAll('script[id^=page-]')].reduce((sum, { textContent }) => sum + textContent.length, 0)",
    );
    const size = statSync(file).size - kernel;
    assert.ok(size < 1.5e6, `${size} bytes beside a kernel of ${kernel}`);
    await page.context().close();
  });
});
