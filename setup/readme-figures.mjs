// Takes the README's picture from the page of chapter 03. Run it after `npm run report -- 03`: node setup/readme-figure.mjs
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findBrowser } from "./browser.mjs";

const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 1.5 });
await page.goto(pathToFileURL("reports/03-undercomplete.html").href);
const figure = page.locator(".output", { has: page.locator("canvas") }).first();
await figure.scrollIntoViewIfNeeded();
const plane = await figure.locator("canvas").first().boundingBox();
await page.mouse.click(plane.x + 0.7 * plane.width, plane.y + 0.3 * plane.height);
await figure.screenshot({ path: "docs/code-plane.png" });
await browser.close();
