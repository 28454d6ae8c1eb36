import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, openOffline, seriousViolations } from "./offline-page";
import { python, root } from "./trial-page";

const reports = path.join(root, "reports");
let browser: Browser;

before(async () => {
  const built = spawnSync(python, ["-m", "autoencoder_report", "build"], { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, `the reports must build:\n${built.stdout}\n${built.stderr}`);
  browser = await launch();
});
after(() => browser?.close());

async function open(file: string, width: number, colorScheme: "light" | "dark") {
  const options = { viewport: { width, height: 900 }, colorScheme, bypassCSP: true };
  const { page, troubles } = await openOffline(browser, path.join(reports, file), options);
  await page.evaluate("globalThis.drawAll?.()");
  await page.waitForFunction("[...document.querySelectorAll('.plot')].every((p) => p.dataset.drawn === '1')");
  return { page, troubles };
}

for (const width of [1280, 390])
  for (const scheme of ["light", "dark"] as const)
    test(`every page at ${width} px, ${scheme}: no request, no error, every figure drawn, nothing wider than the page`, async () => {
      const pages = readdirSync(reports).filter((name) => name.endsWith(".html"));
      assert.ok(pages.length >= 3, `chapters and index must be there, got ${pages}`);
      for (const file of pages) {
        const { page, troubles } = await open(file, width, scheme);
        assert.deepEqual(troubles, [], file);
        const [drawn, plots] = (await page.evaluate(
          "[document.querySelectorAll('.plot .main-svg').length > 0, document.querySelectorAll('.plot').length]",
        )) as [boolean, number];
        assert.ok(plots === 0 || drawn, `${file}: figures must be drawn`);
        const [scroll, client] = (await page.evaluate(
          "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        )) as number[];
        assert.ok(scroll <= client, `${file}: ${scroll} px of content in ${client} px`);
        await page.context().close();
      }
    });

for (const scheme of ["light", "dark"] as const)
  test(`no page has a serious accessibility violation, ${scheme}`, async () => {
    for (const file of readdirSync(reports).filter((name) => name.endsWith(".html"))) {
      const { page } = await open(file, 1280, scheme);
      assert.deepEqual(await seriousViolations(page), [], file);
      await page.context().close();
    }
  });

test("every formula is typeset; a page is below 3 MB, and below 8 where it carries nets to draw for", () => {
  for (const file of readdirSync(reports).filter((name) => /^\d\d-/.test(name))) {
    const text = readFileSync(path.join(reports, file), "utf8");
    assert.ok((text.match(/class="katex"/g)?.length ?? 0) > 5, `${file}: formulas`);
    assert.ok(!text.includes("\0formula") && !text.includes("katex-error"), `${file}: a formula was left`);
    const { size } = statSync(path.join(reports, file));
    assert.ok(size < (text.includes('dataset.live="draw-digit"') ? 8e6 : 3e6), `${file}: ${size} bytes`);
  }
});
