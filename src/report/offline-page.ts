import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { eventually } from "jupyter-typescript/dist/test-waits";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const axe = readFileSync(require.resolve("axe-core"), "utf8");

/** Screens that figures are tried on: a wide one in the light, a phone in the dark. */
export const sizes = {
  "1280 px": { viewport: { width: 1280, height: 1000 }, colorScheme: "light" },
  "390 px": {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    colorScheme: "dark",
  },
} as const;

/** A headless browser that asks nothing of the network by itself. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/**
 * A file opened with the network cut, and what went wrong in it: requests, errors of the console
 * and of scripts.
 */
export async function openOffline(browser: Browser, file: string, options: BrowserContextOptions) {
  const context = await browser.newContext({ ...options, offline: true });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on(
    "request",
    (r) => !/^(file|data|blob):/.test(r.url()) && troubles.push(`request of ${r.url()}`),
  );
  page.on("console", (m) => m.type() === "error" && troubles.push(m.text()));
  page.on("pageerror", (e) => troubles.push(String(e)));
  await page.goto(pathToFileURL(file).href);
  return { page, troubles };
}

/** Waits by asking again: a page's own policy forbids what Playwright would poll with. */
export const until = (page: Page, condition: string): Promise<void> =>
  eventually(async () => assert.ok(await page.evaluate(`Boolean(${condition})`), condition));

/** Waits until the page has been laid out and painted, and its observers have answered to that. */
export const painted = (page: Page): Promise<unknown> =>
  page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))",
  );

/** Rules of axe whose findings depend on colors or on the width of the screen. */
export const rulesOfLook = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"];

/** Serious and critical findings of axe, a line each; by all of its rules where none are named. */
export async function seriousViolations(page: Page, rules?: string[]): Promise<string[]> {
  if (await page.evaluate("!globalThis.axe")) await page.evaluate(axe);
  const options = { resultTypes: ["violations"], preload: false, ...(rules && { runOnly: rules }) };
  return (await page.evaluate(
    `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 150) + ' ' + (n.any[0]?.message ?? '')).join('; ')))`,
  )) as string[];
}
