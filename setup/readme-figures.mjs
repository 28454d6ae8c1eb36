// Takes the README's pictures from the built chapters, each from the figure at the top of its page.
// Run it after `npm run report`: node setup/readme-figures.mjs
import { mkdirSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findBrowser } from "./browser.mjs";

const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
const pageAt = (width, height, scale, colorScheme = "light") =>
  browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale, colorScheme });

/** The figure at the top of a chapter's page, drawn; its first figure where none stands there. */
async function figureOf(page, file) {
  await page.goto(pathToFileURL(`reports/${file}`).href);
  const figures = page.locator("figure.teaser, figure.output");
  if ((await figures.count()) === 0)
    throw new Error(`reports/${file} must have a figure, got none; build it with npm run report`);
  const figure = figures.first();
  await figure.scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  return figure;
}

async function latentPlane(colorScheme, path) {
  const page = await pageAt(1280, 1000, 1.5, colorScheme);
  const figure = await figureOf(page, "00-start-here.html");
  await figure.locator(":scope > :not(figcaption)").first().screenshot({ path });
}

/** Picture of a chapter's figure at the width of a page that makes it most like a card. */
async function mostLikeACard(file) {
  const pictures = [];
  for (const viewport of [560, 640, 800, 960]) {
    const page = await pageAt(viewport, 1400, 2);
    const content = (await figureOf(page, file)).locator(":scope > :not(figcaption)").first();
    const cut = await content.evaluate((box) => box.scrollWidth - box.clientWidth);
    const { width, height } = await content.boundingBox();
    const unlike = Math.abs(Math.log(width / height / (8 / 5))) + 10 * Math.max(0, cut - 1);
    pictures.push({ unlike, picture: (await content.screenshot()).toString("base64") });
    await page.close();
  }
  return pictures.sort((a, b) => a.unlike - b.unlike)[0].picture;
}

/** A card of 8 to 5 for each chapter, with the whole figure. */
async function thumbnails() {
  const card = await pageAt(240, 150, 2);
  for (const file of readdirSync("reports").filter((name) => /^\d\d-/.test(name))) {
    const picture = await mostLikeACard(file);
    await card.setContent(
      `<body style="margin:0;background:#fffefb"><img src="data:image/png;base64,${picture}" style="display:block;box-sizing:border-box;width:100%;height:100vh;padding:5px;object-fit:contain">`,
    );
    await card.screenshot({ path: `docs/chapters/${file.slice(0, 2)}.png` });
  }
}

mkdirSync("docs/chapters", { recursive: true });
await latentPlane("light", "docs/latent-plane.png");
await latentPlane("dark", "docs/latent-plane-dark.png");
await thumbnails();
await browser.close();
