import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, openOffline, painted, rulesOfLook, seriousViolations } from "./offline-page";
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

const wide = { width: 1280, height: 900 };
const phone = { width: 390, height: 900 };

/** Fails if the page is wider than its screen, once its figures have followed the screen. */
async function fits(page: Page, { width }: { width: number }) {
  await painted(page);
  const [scroll, client] = (await page.evaluate(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  )) as number[];
  assert.ok(
    client! <= width && scroll! <= client!,
    `${scroll} px of content in ${client} px on a screen of ${width} px`,
  );
}

/** Opens a page, draws every figure of it and looks at it in both sizes and color schemes. */
async function look(file: string, sizes: (typeof wide)[], schemes: ("light" | "dark")[]) {
  const [[first, then], [colorScheme, other]] = [sizes, schemes];
  const options = { viewport: first, colorScheme };
  const { page, troubles } = await openOffline(browser, path.join(reports, file), options);
  await page.evaluate("globalThis.drawAll?.()");
  const missing =
    "document.querySelectorAll('.plot:not([data-drawn=\"1\"]:has(.main-svg))').length";
  assert.equal(await page.evaluate(missing), 0, "every figure must be drawn");
  await fits(page, first!);
  assert.deepEqual(await seriousViolations(page), []);
  await page.emulateMedia({ colorScheme: other });
  await page.setViewportSize(then!); // as a phone that is turned, or a window that is made narrow
  await fits(page, then!);
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), other);
  assert.deepEqual(await seriousViolations(page, rulesOfLook), []);
  assert.deepEqual(troubles, []);
  await page.context().close();
}

test("every page, at 1280 px and light, then at 390 px and dark: no request, no error, every figure drawn, nothing wider than the screen, no serious accessibility violation", async (t) => {
  const pages = readdirSync(reports).filter((name) => name.endsWith(".html"));
  assert.ok(pages.length >= 3, `chapters and index must be there, got ${pages}`);
  for (const file of pages) await t.test(file, () => look(file, [wide, phone], ["light", "dark"]));
});

test("so it is for a page that opens on a phone in the dark and is turned in the light", async (t) => {
  for (const file of ["index.html", "04-linear-is-pca.html"])
    await t.test(file, () => look(file, [phone, wide], ["dark", "light"]));
});

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

test("nothing stands before a page's first paragraph but its styles and one small script", () => {
  for (const file of readdirSync(reports).filter((name) => name.endsWith(".html"))) {
    const text = readFileSync(path.join(reports, file), "utf8");
    const before = text.slice(0, text.indexOf("</p>", text.indexOf("<main")));
    assert.ok(before.length < 330_000, `${file}: ${before.length} characters`);
    assert.doesNotMatch(before, /<link\b|<script\b[^>]* src=|@import/, file);
    const scripts = [...before.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)];
    const length = scripts.reduce((sum, [, script]) => sum + script!.length, 0);
    assert.ok(length < 8000, `${file}: ${length} characters of scripts`);
  }
});
