import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const axe = readFileSync(require.resolve("axe-core"), "utf8");

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

/** A file opened with the network cut, and what went wrong in it: requests, errors of the console and of scripts. */
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

/** What axe finds serious or critical, a line each. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return (await page.evaluate(
    "axe.run().then(({ violations }) => violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 150) + ' ' + (n.any[0]?.message ?? '')).join('; ')))",
  )) as string[];
}

/** Slides opened with the network cut, once they are fitted and all figures drawn. */
export async function openSlides(browser: Browser, file: string, options: BrowserContextOptions) {
  const opened = await openOffline(browser, file, { ...options, bypassCSP: true });
  await opened.page.waitForFunction("document.documentElement.dataset.fitted === '1'");
  await opened.page.evaluate("globalThis.drawAll?.()");
  await opened.page.waitForFunction(
    "[...document.querySelectorAll('.plot')].every((p) => p.dataset.drawn === '1')",
  );
  return opened;
}

/** What is cut off by the screen on some slide that is not marked as scrolling, or scrolls and cannot be reached by keyboard. */
export const outsideTheirSlides = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll(".slide")].filter((slide) => slide.offsetParent).flatMap((slide) => {
    const frame = slide.getBoundingClientRect(), body = slide.querySelector(".body");
    if (frame.height !== innerHeight) return ["a slide of " + frame.height + " px"];
    if (body.classList.contains("scrolls")) return body.tabIndex === 0 ? [] : ["not reached by keyboard: " + body.textContent];
    return [...body.querySelectorAll("p, h1, h2, h3, li, td, .equation, figure, .main-svg, .ae-live, pre")]
      .filter((part) => part.checkVisibility())
      .map((part) => [part, part.getBoundingClientRect()])
      .filter(([, box]) => box.top < frame.top || box.bottom > frame.bottom || box.left < 0 || box.right > innerWidth)
      .map(([part]) => part.outerHTML.slice(0, 80));
  })`);
