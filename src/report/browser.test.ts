import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, openOffline, seriousViolations } from "./offline-page";
import { python, root } from "./trial-page";

const reports = path.join(root, "reports");
let browser: Browser;

before(async () => {
  const built = spawnSync(python, ["-m", "autoencoder_report", "build"], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(built.status, 0, `the reports must build:\n${built.stdout}\n${built.stderr}`);
  browser = await launch();
});
after(() => browser?.close());

const widths = [1280, 390];
const orders = { light: widths, dark: [...widths].reverse() } as const;

for (const scheme of ["light", "dark"] as const)
  test(`every page, ${scheme}: no request, no error, every figure drawn, nothing wider than a screen of ${orders[scheme].join(" or ")} px, no serious accessibility violation`, async () => {
    const pages = readdirSync(reports).filter((name) => name.endsWith(".html"));
    assert.ok(pages.length >= 3, `chapters and index must be there, got ${pages}`);
    for (const file of pages) {
      const [first, then] = orders[scheme].map((width) => ({ width, height: 900 }));
      const options = { viewport: first, colorScheme: scheme, bypassCSP: true };
      const { page, troubles } = await openOffline(browser, path.join(reports, file), options);
      await page.evaluate("globalThis.drawAll?.()");
      await page.waitForFunction(
        "[...document.querySelectorAll('.plot')].every((p) => p.dataset.drawn === '1')",
      );
      const [drawn, plots] = (await page.evaluate(
        "[document.querySelectorAll('.plot .main-svg').length > 0, document.querySelectorAll('.plot').length]",
      )) as [boolean, number];
      assert.ok(plots === 0 || drawn, `${file}: figures must be drawn`);
      await fits(page, file, first.width);
      await page.setViewportSize(then); // as a phone that is turned, or a window that is made narrow
      await page.waitForTimeout(500); // figures follow the window a moment later
      await fits(page, file, then.width);
      assert.deepEqual(await seriousViolations(page), [], file);
      assert.deepEqual(troubles, [], file);
      await page.context().close();
    }
  });

async function fits(page: Page, file: string, width: number) {
  const [scroll, client] = (await page.evaluate(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  )) as number[];
  assert.ok(
    client <= width && scroll <= client,
    `${file} at ${width} px: ${scroll} px of content in ${client} px`,
  );
}

test("every formula is typeset; a page is below 4.2 MB, 06 with its four nets below 8", () => {
  for (const file of readdirSync(reports).filter((name) => /^\d\d-/.test(name))) {
    const text = readFileSync(path.join(reports, file), "utf8");
    assert.ok((text.match(/class="katex"/g)?.length ?? 0) > 5, `${file}: formulas`);
    assert.ok(
      !text.includes("\0formula") && !text.includes("katex-error"),
      `${file}: a formula was left`,
    );
    const { size } = statSync(path.join(reports, file));
    assert.ok(size < (file.startsWith("06-") ? 8e6 : 4.2e6), `${file}: ${size} bytes`);
    const carried = text.matchAll(/<script type="text\/plain" id="page-[^>]*>([^<]*)<\/script>/g);
    const added = [...carried].reduce((sum, [, part]) => sum + Buffer.byteLength(part!), 0);
    assert.ok(added < 1e6, `${file}: the kernel adds ${added} bytes`);
  }
});
