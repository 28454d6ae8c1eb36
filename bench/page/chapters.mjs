// Chapters in a page: each report is opened in Chromium from its file, with the network cut, and
// all its cells are run.
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findBrowser } from "../../setup/browser.mjs";

const folder = "reports";

const reason = (text) => text.match(/^\w*(Error|Stopped):.*/m)?.[0].slice(0, 160) ?? "";

/**
 * Run a chapter in its page: seconds to start and to run, cells that ended well, claims that hold,
 * native seconds.
 */
async function runChapter(browser, file) {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const begun = performance.now();
  await page.evaluate("notebook.start()");
  const started = performance.now();
  const results = [];
  for (let i = 0, n = await page.evaluate("notebook.cells"); i < n; i++)
    results.push(await page.evaluate(`notebook.run(${i})`));
  const ended = performance.now();
  await context.close();
  const claims = results.flatMap((one) => one.claims);
  const native = readFileSync(file, "utf8").match(/Run on [\d-]+ in (\d+) s/);
  return {
    start: (started - begun) / 1000,
    seconds: (ended - started) / 1000,
    native: native ? Number(native[1]) : undefined,
    cells: results.length,
    ran: results.filter(({ ok, claims }) => ok || claims.length > 0).length,
    claims: claims.length,
    held: claims.filter(({ holds }) => holds).length,
    failures: results.flatMap(({ ok, text }, i) => (ok ? [] : [`cell ${i + 1}: ${reason(text)}`])),
  };
}

/** Milliseconds to the first paint with text, least of three; the processor `rate` times slower. */
async function firstPaint(browser, file, rate) {
  const times = [];
  while (times.length < 3) {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate });
    await page.goto(pathToFileURL(file).href);
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    while (!(await page.evaluate(paint))) await page.waitForTimeout(20);
    times.push(await page.evaluate(paint));
    await context.close();
  }
  return Math.min(...times);
}

/** Milliseconds until the index and a page can be read, by the processor's slowdown. */
export async function measurePaints() {
  const browser = await launch();
  const paints = {};
  for (const file of ["index.html", "04-linear-is-pca.html"]) {
    const path = `${folder}/${file}`;
    paints[file] = { 1: await firstPaint(browser, path, 1), 4: await firstPaint(browser, path, 4) };
  }
  await browser.close();
  console.log(JSON.stringify(paints));
  return paints;
}

/** Chromium without a screen. */
export function launch() {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("a page needs Chromium; install it, or set CHROME_PATH");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Run all chapters that are built, or those of `numbers`; answers by number what came of each. */
export async function measureChapters(numbers) {
  const browser = await launch();
  const measured = {};
  try {
    for (const name of readdirSync(folder).filter((one) => /^\d\d-.*\.html$/.test(one))) {
      const number = name.slice(0, 2);
      if (numbers && !numbers.includes(number)) continue;
      measured[number] = await runChapter(browser, `${folder}/${name}`);
      console.log(name, JSON.stringify(measured[number]));
    }
  } finally {
    await browser.close();
  }
  return measured;
}
