// Parts of a page that are folded, remembered and opened, and the figure at its top.
import "autoencoders";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sliders } from "autoencoders/live";
import { eventually } from "jupyter-typescript/dist/test-waits";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launch, openOffline, seriousViolations, sizes, until } from "./offline-page";
import { bundle, code, exportPages, markdown } from "./trial-page";

const losses = sliders({
  formula: "sixLosses",
  sliders: [{ name: "m", from: -2, to: 2.5, at: -0.5, step: 0.01 }],
  caption: "Losses.",
});
const plot = bundle({
  "application/vnd.plotly.v1+json": {
    data: [{ type: "scatter", x: [1, 2, 3], y: [3, 1, 2] }],
    layout: { height: 300, meta: { caption: "A curve.", alt: "a curve" } },
  },
});
const printed = (text: string) => ({ output_type: "stream", name: "stdout", text });
const claim = printed("claim holds | it folds | measured 0.5 | below 1 | margin 0.5\n");

const cells = (best: object) => [
  markdown("# What is folded?\n\n**What goes further.**\n\nIntroduction."),
  markdown("## The coins\n\nWords."),
  code("1 + 1", [printed("2")]),
  code("show(best)", [best], ["teaser"]),
  markdown("## Going further\n\nA word that only this part has: quokka."),
  code("show(curve)", [plot, claim]),
  markdown("### Deeper\n\nMore."),
  code("40 + 2", [printed("42")]),
  markdown("## References\n\nNone."),
];

let browser: Browser;
const pages: Record<string, ReturnType<typeof exportPages>[number]> = {};
before(async () => {
  [pages.live, pages.plotly] = exportPages(cells(bundle(losses.toBundle())), cells(plot));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  for (const { remove } of Object.values(pages)) remove();
});

const opened = (name = "live", options = {}) =>
  openOffline(browser, pages[name]!.file, { ...sizes["1280 px"], ...options });
const ask = async <T>(page: Page, expression: string) => (await page.evaluate(expression)) as T;
const isOpen = (page: Page) => ask<boolean>(page, "document.querySelector('.further').open");
const seen = (page: Page, id: string) =>
  ask<boolean>(page, `document.getElementById("${id}").checkVisibility()`);
/** A page of the same browser, opened anew until its process has got what was remembered. */
async function again(context: BrowserContext, condition: string, name = "live"): Promise<Page> {
  const page = await context.newPage();
  await eventually(async () => {
    await page.goto(`file://${pages[name]!.file}`);
    assert.ok(await ask(page, condition), condition);
  });
  return page;
}

describe("the figure at the top", () => {
  for (const [width, options] of Object.entries(sizes))
    test(`${width}, ${options.colorScheme}: live in both places, below the title, nothing wider than the page`, async () => {
      const { page, troubles } = await opened("live", options);
      const hosts = page.locator('[data-live="sliders"]');
      await until(page, "document.querySelectorAll('[data-live=sliders]').length === 2");
      for (const i of [0, 1]) {
        const slider = hosts.nth(i).locator("input[type=range]");
        const before = await hosts.nth(i).locator("svg").first().innerHTML();
        await slider.press("ArrowRight");
        await slider.press("End");
        assert.notEqual(await hosts.nth(i).locator("svg").first().innerHTML(), before);
      }
      const [title, figure, words] = await ask<number[]>(
        page,
        "['h1', '#teaser', '.prose:has(+ .x), section .prose ~ .prose'].map((s) => document.querySelector(s).getBoundingClientRect().top)",
      );
      assert.ok(title! < figure! && figure! < words!, `${title} ${figure} ${words}`);
      assert.equal(await ask(page, "document.documentElement.scrollWidth <= innerWidth"), true);
      assert.deepEqual(await seriousViolations(page), []);
      assert.deepEqual(troubles, []);
      await page.context().close();
    });

  test("its link leads to the section that draws it", async () => {
    const { page } = await opened();
    await page.click("#teaser figcaption a");
    assert.equal(await ask(page, "location.hash"), "#The-coins");
    await page.context().close();
  });

  test("a Plotly figure is drawn in both places from numbers that are there once, also on paper", async () => {
    const { page, troubles } = await opened("plotly");
    await until(page, "document.querySelector('#teaser .plot').dataset.drawn === '1'");
    await page.evaluate("globalThis.drawAll()");
    await until(page, "document.querySelector('#figure-1 .plot').dataset.drawn === '1'");
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    const widths = await ask<number[]>(
      page,
      "[...document.querySelectorAll('.plot .main-svg:first-child')].map((p) => p.getBoundingClientRect().width)",
    );
    assert.deepEqual(widths, [640, 640, 640]);
    assert.deepEqual(troubles, []);
    await page.context().close();
  });

  test("it delays nothing: the text is parsed before its code runs at the top", async () => {
    const { page } = await opened();
    const first = await ask<boolean>(
      page,
      "document.querySelector('#figure-1 [data-live]') !== null && document.querySelector('#teaser script') === null",
    );
    assert.equal(first, true);
    await page.context().close();
  });
});

describe("parts that go further", () => {
  test("are folded at first, and their contents are not the current section", async () => {
    const { page } = await opened();
    assert.equal(await isOpen(page), false);
    assert.equal(await seen(page, "Going-further"), true);
    assert.equal(await seen(page, "Deeper"), false);
    await page.evaluate("scrollTo({ top: 1, behavior: 'instant' })");
    await page.waitForTimeout(200);
    const current = await ask<string>(
      page,
      "document.querySelector('#contents [aria-current]')?.textContent ?? ''",
    );
    assert.ok(!/Deeper/.test(current), current);
    await page.context().close();
  });

  test("are remembered open and closed, each page for itself", async () => {
    const { page } = await opened();
    const context = page.context();
    await page.click(".further > summary");
    const next = await again(context, "document.querySelector('.further').open");
    await next.click(".further > summary");
    await again(context, "!document.querySelector('.further').open");
    await context.close();
  });

  test("open for a link, for an address, for paper, for a search, for a cell that runs", async () => {
    const { page } = await opened();
    await page.click("a[href='#claim-1']");
    await until(page, "document.getElementById('claim-1').checkVisibility()");
    await page.evaluate("document.querySelector('.further').open = false");

    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(await seen(page, "Deeper"), true);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    assert.equal(await isOpen(page), false);

    await page.evaluate("window.find('quokka')");
    const found = await ask<string>(page, "getSelection().toString()");
    if (found) assert.equal(await isOpen(page), true);
    await page.evaluate("document.querySelector('.further').open = false");

    await page.evaluate("void notebook.run(3)");
    await until(page, "document.querySelector('.further').open");
    await until(page, "document.querySelector('[data-cell=\"4\"]').dataset.ran === 'ok'");
    await page.context().close();

    const { page: linked } = await opened();
    await linked.goto(`file://${pages.live!.file}#Deeper`);
    await until(linked, "document.getElementById('Deeper').checkVisibility()");
    await linked.context().close();
  });

  test("are on paper, with their figures at its width", async () => {
    const { page } = await opened();
    await page.evaluate("readyToPrint()");
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await until(page, "document.querySelector('.further .plot .main-svg')");
    const width = await ask<number>(
      page,
      "document.querySelector('.further .plot .main-svg').getBoundingClientRect().width",
    );
    assert.equal(width, 640);
    await page.context().close();
  });
});

describe("folded code", () => {
  test("is remembered over a reload and on other pages, and so is unfolding", async () => {
    const { page } = await opened();
    const context = page.context();
    const words = (text: string) => `document.getElementById('fold').textContent === '${text}'`;
    const open = "document.querySelectorAll('details.code[open]').length";
    const [unfolded, folded] = [
      `${open} > 0 && ${words("Fold code")}`,
      `${open} === 0 && ${words("Unfold code")}`,
    ];
    await again(context, unfolded);
    await page.click("#fold");
    await again(context, folded);
    await again(context, folded, "plotly");
    await page.click("#fold");
    await again(context, unfolded, "plotly");
    await context.close();
  });

  test("folds where the browser keeps nothing, without an error", async () => {
    const context = await browser.newContext({ offline: true });
    await context.addInitScript(
      "Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError') } })",
    );
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on("pageerror", (error) => troubles.push(String(error)));
    await page.goto(`file://${pages.live!.file}`);
    await page.click("#fold");
    assert.equal(await ask(page, "document.querySelectorAll('details.code[open]').length"), 0);
    await page.click(".further > summary");
    assert.equal(await isOpen(page), true);
    assert.deepEqual(troubles, []);
    await context.close();
  });
});
