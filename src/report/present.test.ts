// Presenting a page: sections as screens, keys, overview, solutions, paper.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, openOffline } from "./offline-page";
import { bundle, code, exportPage, markdown } from "./trial-page";

const plot = bundle({
  "application/vnd.plotly.v1+json": {
    data: [{ type: "scatter", x: [1, 2, 3], y: [3, 1, 2] }],
    layout: { height: 300, meta: { caption: "A curve.", alt: "a curve" } },
  },
});
const cells = [
  markdown("# What is shown?\n\n**A section a screen.**"),
  markdown("## First\n\nWords."),
  code("const first = 1;"),
  code("show(plot)", [plot]),
  markdown(`## Long\n\n${"Many words. ".repeat(900)}`),
  markdown("## Exercises\n\nOne."),
  code("answer()", [], ["solution"]),
  markdown("## Going further\n\nMore."),
  markdown("### Deeper\n\nMost."),
  markdown("## References\n\nNone."),
];
const titles = [
  "What is shown?",
  "First",
  "Long",
  "Exercises",
  "Going further",
  "Deeper",
  "References",
];

let browser: Browser;
let file: string;
let remove: () => void;
before(async () => {
  ({ file, remove } = exportPage(cells));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  remove?.();
});

const ask = async <T>(page: Page, expression: string) => (await page.evaluate(expression)) as T;
const presented = async (options = {}) => {
  const opened = await openOffline(browser, file, {
    viewport: { width: 1280, height: 720 },
    ...options,
  });
  await opened.page.click("#present");
  return opened;
};
/** Headings that can be seen, without the sign of their link. */
const seen = async (page: Page) =>
  (
    await ask<string[]>(
      page,
      "[...document.querySelectorAll('main :is(h1, h2, h3)')].filter((h) => h.checkVisibility() && h.getClientRects().length > 0).map((h) => h.textContent)",
    )
  ).map((text) => text.replace(/#$/, ""));
const count = (page: Page) => page.textContent(".presenting .count");

describe("a page that is presented", () => {
  test("shows one section a screen, all of them in order by the arrow, and back", async () => {
    const { page, troubles } = await presented();
    for (const [i, title] of titles.entries()) {
      assert.deepEqual(await seen(page), [title]);
      assert.equal(await count(page), `${i + 1} / ${titles.length}`);
      await page.keyboard.press("ArrowRight");
    }
    assert.deepEqual(await seen(page), ["References"], "the last one stays");
    await page.keyboard.press("Home");
    assert.deepEqual(await seen(page), ["What is shown?"]);
    await page.keyboard.press("End");
    await page.keyboard.press("PageUp");
    assert.deepEqual(await seen(page), ["Deeper"]);
    assert.deepEqual(troubles, []);
    await page.context().close();
  });

  test("space goes on within a section that is higher than the screen, then to the next", async () => {
    const { page } = await presented();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.deepEqual(await seen(page), ["Long"]);
    await page.keyboard.press(" ");
    assert.ok((await ask<number>(page, "scrollY")) > 100);
    assert.deepEqual(await seen(page), ["Long"]);
    for (let i = 0; i < 20 && (await seen(page))[0] === "Long"; i++) await page.keyboard.press(" ");
    assert.deepEqual(await seen(page), ["Exercises"]);
    assert.equal(await ask(page, "scrollY"), 0);
    await page.context().close();
  });

  test("folds code, which C opens here; solutions are absent until S", async () => {
    const { page } = await presented();
    await page.keyboard.press("ArrowRight");
    const open = "document.querySelectorAll('[data-here] details.code[open]').length";
    assert.equal(await ask(page, open), 0);
    await page.keyboard.press("c");
    assert.equal(await ask(page, open), 2);
    for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowRight");
    const solution = "document.querySelector('.solution .listing').checkVisibility()";
    assert.equal(await ask(page, solution), false);
    await page.keyboard.press("s");
    await page.keyboard.press("c");
    assert.equal(await ask(page, solution), true);
    await page.keyboard.press("s");
    assert.equal(await ask(page, solution), false);
    await page.context().close();
  });

  test("O shows every section small, and Enter or a click opens one", async () => {
    const { page } = await presented();
    await page.keyboard.press("o");
    assert.equal((await seen(page)).length, titles.length - 1, "a summary has no place here");
    await page.locator("main .part").nth(3).click();
    assert.deepEqual(await seen(page), ["Exercises"]);
    await page.keyboard.press("o");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    assert.deepEqual(await seen(page), ["Going further"]);
    await page.context().close();
  });

  test("Escape goes back to the page at that section, with its code unfolded; type is larger only in between", async () => {
    const { page } = await openOffline(browser, file, { viewport: { width: 1280, height: 720 } });
    const size = () => ask<string>(page, "getComputedStyle(document.querySelector('p')).fontSize");
    const small = await size();
    const open = "document.querySelectorAll('details.code[open]').length";
    const unfolded = await ask(page, open);
    await page.keyboard.press("p");
    assert.equal(await ask(page, open), 0);
    assert.ok(Number.parseFloat(await size()) > 1.3 * Number.parseFloat(small));
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Escape");
    assert.equal(await size(), small);
    assert.equal(await ask(page, open), unfolded);
    assert.equal((await seen(page)).length, titles.length);
    const top = await ask<number>(
      page,
      "document.getElementById('Exercises').getBoundingClientRect().top",
    );
    assert.ok(top > -60 && top < 400, `the section is at ${top} px`);
    await page.context().close();
  });

  test("keeps the theme of the page, has nothing wider than the screen, and prints a page a section", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, troubles } = await presented({ colorScheme });
      for (const _ of titles) {
        assert.equal(await ask(page, "document.documentElement.scrollWidth <= innerWidth"), true);
        await page.keyboard.press("ArrowRight");
      }
      assert.equal(await ask(page, "document.documentElement.dataset.theme"), colorScheme);
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
      const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0;
      assert.ok(pages >= titles.length, `${pages} pages for ${titles.length} sections`);
      assert.deepEqual(troubles, []);
      await page.context().close();
    }
  });
});
