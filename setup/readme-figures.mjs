// Takes the README's pictures from the built chapters. Run it after `npm run report`: node
// setup/readme-figures.mjs
import { mkdirSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findBrowser } from "./browser.mjs";

// The figure that stands for a chapter, by how its caption begins; of a mosaic only the named
// corner is shown.
const figures = {
  "00": ["The same network from the same start"],
  "01": ["Ten unseen digits", "48% top"],
  "02": ["Three penalties at"],
  "03": ["What the decoder draws"],
  "04": ["Both curves on one logarithmic axis"],
  "05": ["The first sixteen left singular vectors", "left top"],
  "06": ["From left to right: a digit", "left top"],
  "07": ["Forty-eight atoms", "left top"],
  "08": ["The forward fit covers both hills"],
  "09": ["Down and to the left is better"],
  10: ["Parts of a digit switched off", "55% top"],
  11: ["PCA and the affine denoiser", "left top"],
  12: ["The same 400 points while"],
  13: ["One row a digit", "left top"],
  14: ["Probabilities of ink at twenty codes", "left top"],
  15: ["Codes of 32 numbers: picture against feature"],
};

const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
const pageAt = (width, height, scale) =>
  browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale, colorScheme: "light" });

/** The figure whose caption begins so, scrolled into view, and thereby drawn. */
async function figureOf(page, chapter, begin) {
  await page.goto(pathToFileURL(`reports/${chapter}`).href);
  const caption = page
    .locator("figcaption")
    .filter({ hasText: new RegExp(`^\\s*Figure \\d+\\.\\s*${begin}`) });
  const figure = page.locator("figure.output").filter({ has: caption }).first();
  if ((await figure.count()) === 0)
    throw new Error(
      `${chapter} must have a figure "${begin}…", got none; build it, or name another`,
    );
  await figure.scrollIntoViewIfNeeded();
  await page.waitForTimeout(700);
  return figure;
}

async function latentPlane() {
  const page = await pageAt(1280, 1000, 1.5);
  const figure = await figureOf(page, "03-undercomplete.html", "The code plane of");
  const plane = await figure.locator("canvas").first().boundingBox();
  await page.mouse.click(plane.x + 0.7 * plane.width, plane.y + 0.3 * plane.height);
  await figure.screenshot({ path: "docs/latent-plane.png" });
}

async function thumbnails() {
  const chapter = await pageAt(560, 900, 2);
  const card = await pageAt(240, 150, 2);
  for (const name of readdirSync("reports").filter((file) => /^\d\d-/.test(file))) {
    const [begin, corner] = figures[name.slice(0, 2)];
    const figure = await figureOf(chapter, name, begin);
    const picture = (
      await figure.locator(":scope > :not(figcaption)").first().screenshot()
    ).toString("base64");
    const fit = corner ? `object-fit:cover;object-position:${corner}` : "object-fit:contain";
    await card.setContent(
      `<body style="margin:0;background:#fffefb"><img src="data:image/png;base64,${picture}" style="display:block;width:100%;height:100vh;${fit}">`,
    );
    await card.screenshot({ path: `docs/chapters/${name.slice(0, 2)}.png` });
  }
}

mkdirSync("docs/chapters", { recursive: true });
await latentPlane();
await thumbnails();
await browser.close();
