import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";

const root = path.join(__dirname, "../..");
const reports = path.join(root, "reports");
const python = path.join(root, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
const axe = readFileSync(require.resolve("axe-core"), "utf8");
let browser: Browser;

before(async () => {
  const built = spawnSync(python, ["-m", "autoencoder_report", "build"], { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, `the reports must build:\n${built.stdout}\n${built.stderr}`);
  browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});
after(() => browser?.close());

async function open(file: string, width: number, colorScheme: "light" | "dark") {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    offline: true,
    bypassCSP: true,
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (r) => !/^(file|data|blob):/.test(r.url()) && requests.push(r.url()));
  page.on("console", (m) => m.type() === "error" && errors.push(m.text()));
  page.on("pageerror", (e) => errors.push(String(e)));
  await page.goto(pathToFileURL(path.join(reports, file)).href);
  await page.evaluate("globalThis.drawAll?.()");
  await page.waitForFunction("[...document.querySelectorAll('.plot')].every((p) => p.dataset.drawn === '1')");
  return { context, page, requests, errors };
}

for (const width of [1280, 390])
  for (const scheme of ["light", "dark"] as const)
    test(`every page at ${width} px, ${scheme}: no request, no error, every figure drawn, nothing wider than the page`, async () => {
      const pages = readdirSync(reports).filter((name) => name.endsWith(".html"));
      assert.ok(pages.length >= 3, `chapters and index must be there, got ${pages}`);
      for (const file of pages) {
        const { context, page, requests, errors } = await open(file, width, scheme);
        assert.deepEqual({ requests, errors }, { requests: [], errors: [] }, file);
        const [drawn, plots] = (await page.evaluate(
          "[document.querySelectorAll('.plot .main-svg').length > 0, document.querySelectorAll('.plot').length]",
        )) as [boolean, number];
        assert.ok(plots === 0 || drawn, `${file}: figures must be drawn`);
        const [scroll, client] = (await page.evaluate(
          "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        )) as number[];
        assert.ok(scroll <= client, `${file}: ${scroll} px of content in ${client} px`);
        await context.close();
      }
    });

for (const scheme of ["light", "dark"] as const)
  test(`no page has a serious accessibility violation, ${scheme}`, async () => {
    for (const file of readdirSync(reports).filter((name) => name.endsWith(".html"))) {
      const { context, page } = await open(file, 1280, scheme);
      await page.evaluate(axe);
      const found = (await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(' | ')))",
      )) as string[];
      assert.deepEqual(found, [], file);
      await context.close();
    }
  });

test("every formula is typeset and every page is below 3 MB", () => {
  for (const file of readdirSync(reports).filter((name) => /^\d\d-/.test(name))) {
    const text = readFileSync(path.join(reports, file), "utf8");
    assert.ok((text.match(/class="katex"/g)?.length ?? 0) > 5, `${file}: formulas`);
    assert.ok(!text.includes("\0formula") && !text.includes("katex-error"), `${file}: a formula was left`);
    assert.ok(
      statSync(path.join(reports, file)).size < 3e6,
      `${file}: ${statSync(path.join(reports, file)).size} bytes`,
    );
  }
});
