import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { Application, ReflectionKind } from "typedoc";
import { findBrowser } from "../browser.mjs";
import { toTeX } from "./linear.mjs";

const folder = mkdtempSync(join(tmpdir(), "reference-"));
after(() => rmSync(folder, { recursive: true }));

async function written(options, name) {
  const app = await Application.bootstrapWithPlugins({
    ...options,
    logLevel: "None",
    skipErrorChecking: true,
  });
  const project = await app.convert();
  await app.generateDocs(project, join(folder, name));
  return { app, project };
}

/** The pages of the library's reference, and the docstrings that it is made of. */
let pages;
let docstrings;
before(async () => {
  const { app, project } = await written({ options: "typedoc.json" }, "api");
  assert.equal(app.logger.errorCount, 0);
  docstrings = project
    .getReflectionsByKind(ReflectionKind.All)
    .flatMap(({ comment }) =>
      comment ? [comment.summary, ...comment.blockTags.map((tag) => tag.content)] : [],
    )
    .map((parts) => parts.map((part) => part.text).join(""));
  pages = readdirSync(join(folder, "api"), { recursive: true })
    .filter((name) => name.endsWith(".html"))
    .map((name) => ({ name, html: readFileSync(join(folder, "api", name), "utf8") }));
});

const page = (name) => pages.find((one) => one.name === join(...name.split("/"))).html;

const entities = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#x27;": "'" };
const sources = (html) =>
  [...html.matchAll(/<annotation encoding="application\/x-tex">(.*?)<\/annotation>/gs)].map(
    ([, tex]) =>
      tex
        .replace(/&[#\w]+;/g, (entity) => entities[entity])
        .replace(/^\\displaystyle /, "")
        .replace(/\\text\{[.,;:]?\}$/, ""),
  );

test("every formula of the public docstrings is set on a page, and nothing else is", () => {
  const formulas = new Set(
    docstrings
      .flatMap((docstring) => [...docstring.matchAll(/``(.+?)``/gs)])
      .flatMap(([, formula]) => formula.replaceAll("\\|", "|").split(/,\s{2,}/)),
  );
  assert.ok(formulas.size > 80, `${formulas.size} formulas`);
  const set = new Set(pages.flatMap(({ html }) => sources(html)));
  for (const formula of formulas)
    assert.ok(set.has(toTeX(formula)) || set.has(toTeX(formula, { inline: true })), formula);
  const known = new Set(
    [...formulas].flatMap((formula) => [toTeX(formula), toTeX(formula, { inline: true })]),
  );
  for (const tex of set) assert.ok(known.has(tex), tex);
});

test("no mathematics of the public docstrings stands outside a formula", () => {
  assert.ok(docstrings.length > 200, `${docstrings.length} docstrings`);
  for (const docstring of docstrings)
    assert.doesNotMatch(
      docstring.replace(/``.+?``/gs, ""),
      /[^\p{ASCII}\p{L}–…×→]|[\p{Lm}\p{Script=Greek}]/u,
    );
  for (const { name, html } of pages) assert.doesNotMatch(html, /``|katex-error/, name);
});

test("fractions, sums with limits, norms, hats and scripts are set as such", () => {
  for (const [name, ...parts] of [
    ["functions/index.squaredError.html", "mfrac", "munder", "mover", "msup", "msub"],
    ["functions/index.bernoulliKL.html", "mfrac", "munder", "mover", "msub"],
    ["functions/index.gaussianKL.html", "mfrac", "munder", "msubsup"],
    ["functions/index.contraction.html", "mfrac", "munder", "msubsup", 'mi mathvariant="normal">∂'],
    ["functions/index.pca.html", "mfrac", "munder", "msup"],
    ["classes/index.Adam.html", "mfrac", "msqrt", "msubsup"],
    ["variables/index.marginLosses.html", 'td><span class="katex"', "mfrac", "msup"],
  ])
    for (const part of parts) assert.ok(page(name).includes(`<${part}`), `${name}: ${part}`);
});

test("a formula that cannot be set, or mathematics outside of one, is an error of the build", async () => {
  const [source, config] = [join(folder, "index.ts"), join(folder, "tsconfig.json")];
  writeFileSync(config, JSON.stringify({ files: [source] }));
  const plugin = ["./setup/reference/plugin.mjs"];
  for (const [docstring, fails] of [
    ["Half: ``a/2``.", false],
    ["Half: ``a/2/``.", true],
    ["Square: a².", true],
    ["Square: `a²`.", true],
  ]) {
    writeFileSync(source, `/** ${docstring} */\nexport const a = 1;\n`);
    const { app } = await written(
      { entryPoints: [source], tsconfig: config, plugin, readme: "none" },
      "trial",
    );
    assert.equal(app.logger.errorCount > 0, fails, docstring);
  }
});

const executablePath = findBrowser();
const needsBrowser = { skip: executablePath ? false : "no browser" };

test(
  "in a browser without a network, light and dark, 1280 and 390 px: fonts there, nothing cut off",
  needsBrowser,
  async () => {
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--disable-gpu"],
    });
    after(() => browser.close());
    const withFormulas = pages.filter(({ html }) => html.includes('class="katex"'));
    assert.ok(withFormulas.length > 30, `${withFormulas.length} pages`);
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 390],
    ]) {
      const context = await browser.newContext({
        offline: true,
        colorScheme,
        viewport: { width, height: 800 },
      });
      const tab = await context.newPage();
      const requests = [];
      tab.on("request", (request) => requests.push(request.url()));
      for (const { name } of withFormulas) {
        await tab.goto(pathToFileURL(join(folder, "api", name)).href);
        await tab.waitForFunction("document.body.style.display !== 'none'");
        const found = await tab.evaluate(async () => {
          const fonts = [...(await document.fonts.ready)].filter((font) =>
            font.family.startsWith("KaTeX"),
          );
          const formulas = [...document.querySelectorAll(".katex")];
          const color = (element) => getComputedStyle(element).color;
          return {
            loaded: fonts.filter((font) => font.status === "loaded").length,
            broken: fonts.filter((font) => font.status === "error").map((font) => font.family),
            cutOff: [...document.querySelectorAll(".formula")]
              .filter((formula) => formula.scrollWidth > formula.clientWidth)
              .map((formula) => formula.querySelector("annotation").textContent),
            wide: document.documentElement.scrollWidth > innerWidth,
            otherColor: formulas.filter(
              (formula) => color(formula) !== color(formula.closest("p, td, li")),
            ).length,
          };
        });
        assert.ok(found.loaded > 0, name);
        assert.deepEqual(
          { ...found, loaded: 0 },
          { loaded: 0, broken: [], cutOff: [], wide: false, otherColor: 0 },
          name,
        );
      }
      assert.deepEqual(
        requests.filter((url) => !url.startsWith("file:")),
        [],
      );
      await context.close();
    }
  },
);
