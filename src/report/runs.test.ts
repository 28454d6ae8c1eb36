// Pages that run, in Chromium: from the file with the network cut, and over HTTP.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { eventually, onceBelow } from "jupyter-typescript/dist/test-waits";
import type { Browser, Page } from "playwright-core";
import { Firefox, hasFirefox } from "./firefox";
import {
  launch,
  openOffline,
  painted,
  rulesOfLook,
  seriousViolations,
  until,
} from "./offline-page";
import { bundle, code, exportPage, markdown, python, writeBeside } from "./trial-page";

interface Result {
  ok: boolean;
  text: string;
  claims: { text: string; holds: boolean }[];
}

const author = [{ output_type: "stream", name: "stdout", text: "the author's own output\n" }];
const cells = [
  code(
    'import { claim, mnist } from "autoencoders";\nimport { show } from "autoencoders/display";\nlet k = 1;\nconsole.log("hello");\nk + 1',
    author,
  ),
  code('claim("one is small", k, { below: 2 });\nclaim("one is large", k, { above: 5 });', author),
  code("const a: number = 1;\nnull!.b(a);", author),
  code("k++;\nk"),
  code("later + 1"),
  code('"of the book"', [], ["solution"]),
];
const endless = "for (;;) ;";
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

let browser: Browser;
let trial: ReturnType<typeof exportPage>;
before(async () => {
  trial = exportPage([markdown("# Does it run?\n\n**It does.**"), ...cells]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  trial?.remove();
});

const open = (options = {}) => openOffline(browser, trial.file, options);
const run = (page: Page, i: number): Promise<Result> => page.evaluate(`notebook.run(${i})`);
const edited = async (page: Page, i: number, source: string): Promise<Result> => {
  await page.evaluate(`notebook.edit(${i}, ${JSON.stringify(source)})`);
  return run(page, i);
};
const shown = (page: Page, number: number) =>
  page.locator(`.cell[data-cell="${number}"] > .output, .cell[data-cell="${number}"] .claims`);

test("nothing runs before the button; then cells run, and what they show takes the author's place", async () => {
  const { page, troubles } = await open();
  const button = page.getByRole("button", { name: "Make this page run" });
  assert.equal(await page.evaluate("notebook.cells"), cells.length);
  assert.match((await shown(page, 1).allTextContents()).join(), /author's own/);
  await button.click();
  const all = page.getByRole("button", { name: "Run all", exact: true });
  await all.waitFor();
  await until(page, "document.activeElement.textContent === 'Run all'"); // not lost with the button
  assert.match((await shown(page, 1).allTextContents()).join(), /author's own/);
  await page.getByRole("button", { name: "Run cell 1", exact: true }).click();
  await page.locator('.cell[data-cell="1"][data-ran="ok"]').waitFor();
  assert.deepEqual(await shown(page, 1).allTextContents(), ["hello\n", "2"]);
  await page.getByRole("button", { name: "Run to here, cell 2" }).click();
  await page.locator('.cell[data-cell="2"][data-ran="ok"]').waitFor();
  const claims = page.locator('.cell[data-cell="2"] .claims li');
  assert.deepEqual(
    await claims.evaluateAll((items) =>
      items.map((one) => (one as { className: string }).className),
    ),
    ["holds", "broken"],
  );
  assert.match((await claims.allTextContents()).join(), /one is small.*your run/);
  assert.match((await page.locator(".runner [role=status]").textContent())!, /2 cells ran.*1 of 2/);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("the door runs one cell alone, and always resolves: to output, claims or the error with its line", async () => {
  const { page } = await open();
  assert.deepEqual(await run(page, 0), { ok: true, text: "hello\n2\n", claims: [] });
  const claimed = await run(page, 1);
  assert.equal(claimed.ok, false);
  assert.deepEqual(claimed.claims, [
    { text: "one is small", holds: true },
    { text: "one is large", holds: false },
  ]);
  const failed = await run(page, 2);
  assert.equal(failed.ok, false);
  assert.match(failed.text, /TypeError: .*null[\s\S]* 2 \| null!\.b\(a\);[\s\S]*cell\[3\]:2:/);
  assert.equal((await run(page, 3)).text, "2\n");
  const inLibrary = 'import * as tf from "@tensorflow/tfjs-node";\ntf.ones([2, 3]).reshape([4])';
  assert.match((await edited(page, 4, inLibrary)).text, /Size\(6\)[\s\S]* 2 \| tf\.ones[\s\S]*:2:/);
  const printed = "function f() { console.log(new Error('p')); }\nf();";
  assert.equal(
    (await edited(page, 4, printed)).text,
    "Error: p\n    at f (cell[5]:1:28)\n    at cell[5]:2:1\n",
  );
  assert.match((await edited(page, 4, "await fetch('x')")).text, /reaches no network from a page/);
  const many =
    'import { claim } from "autoencoders";\nfor (let i = 0; i < 6e4; i++) console.log(i);\nclaim("two", 2, { below: 3 });';
  assert.deepEqual((await edited(page, 4, many)).claims, [{ text: "two", holds: true }]);
  await edited(page, 4, inLibrary.split("\n")[0]!);
  assert.match((await edited(page, 4, "console.log(tf.scalar(1))")).text, /^Tensor \{/);
  for (const absent of ["tf.data.array([1])", 'tf.loadGraphModel("x")', "new tf.GraphModel()"])
    assert.match((await edited(page, 4, absent)).text, /must be a part of this page.*JupyterLab/);
  const wrong = await edited(page, 3, "const x = 1;\nnamespace N { export const y = x; }");
  assert.match(wrong.text, /2:1.*namespace with values[\s\S]* 2 \| namespace/);
  const main = "[require.main === module, process.argv[1] === __filename]";
  assert.equal((await edited(page, 3, main)).text, "[ true, true ]\n");
  assert.match((await edited(page, 3, "enum E { A }\nE[0] + k")).text, /A2/);
  await page.context().close();
});

test("where a run of all cells ends at a failure, the bar says after how many and leads there", async () => {
  const { page } = await open({ viewport: { width: 1280, height: 300 } });
  await page.getByRole("button", { name: "Make this page run" }).click();
  await page.getByRole("button", { name: "Run all", exact: true }).click();
  const go = page.getByRole("button", { name: "Go to cell 3, which failed" });
  await go.waitFor();
  assert.match(await page.locator(".runner-status").innerText(), /^2 of 6 cells ran in /);
  await page.evaluate("scrollTo(0, 0)");
  await go.press("Enter");
  const seen = `(({ top }) => top >= 0 && top < innerHeight)(document.querySelector('[data-cell="3"]').getBoundingClientRect())`;
  await until(page, seen);
  assert.equal(await page.evaluate("document.activeElement.ariaLabel"), "Run cell 3");
  await page.context().close();
});

test("what elsewhere is imported from tfjs, tslab or what browsers have of Node is there", async () => {
  const { page } = await open();
  for (const name of ["tfjs", "tfjs-core", "tfjs-node", "tfjs-node-gpu"]) {
    const source = `import * as tf from "@tensorflow/${name}";\ntf.ones([2]).sum().dataSync()[0]`;
    assert.equal((await edited(page, 4, source)).text, "2\n");
  }
  const layers = 'import { sequential } from "@tensorflow/tfjs-layers";\nsequential().layers';
  assert.equal((await edited(page, 4, layers)).text, "[]\n");
  const ofNode = [
    'import { performance } from "node:perf_hooks"; import { Buffer as B } from "buffer";',
    'import { setTimeout as wait } from "timers/promises"; import * as p from "process";',
    'const began = performance.now(); const value = await wait(20, "later");',
    '[performance.now() - began > 15, value, B.from("a").length, p.argv.length]',
  ].join("\n");
  assert.equal((await edited(page, 4, ofNode)).text, "[ true, 'later', 1, 2 ]\n");
  const displays = [
    'import { display, newDisplay } from "tslab";',
    'display.html("<b>bold</b>"); display.markdown("# *m*"); display.text("t");',
    `display.png(Buffer.from("${png}", "base64")); display.raw("image/png", "${png}");`,
    'const one = newDisplay(); one.text("first"); newDisplay().text("other"); one.text("second");',
  ].join("\n");
  assert.equal((await edited(page, 4, displays)).ok, true);
  const seen = shown(page, 5);
  assert.deepEqual(
    (await seen.allInnerTexts()).map((text) => text.trim()),
    [...["bold", "m", "t", "", "", "second", "other"]],
  );
  assert.equal(await seen.locator("b").count(), 1);
  const widths = await seen
    .locator("img")
    .evaluateAll((all) =>
      all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth),
    );
  assert.deepEqual(widths, [1, 1]);
  await page.context().close();
});

test("a name of a cell above that was not run offers to run the cells above", async () => {
  const { page } = await open();
  assert.match((await edited(page, 3, "k + 10")).text, /ReferenceError: k is not defined/);
  await page.getByRole("button", { name: "Run the cells above, then this one" }).click();
  await page.locator('.cell[data-cell="3"][data-ran="failed"]').waitFor();
  assert.equal(await page.locator('.cell[data-cell="4"]').getAttribute("data-ran"), "lost");
  await page.context().close();
});

test("Stop ends a cell that awaits and keeps the kernel; one that never awaits shows what it printed and ends with its worker", async () => {
  const { page } = await open();
  await run(page, 0);
  const stopped = async (source: string): Promise<Result> => {
    const begins = randomUUID();
    const running = edited(page, 3, `console.log("${begins}");\n${source}`);
    await shown(page, 4).filter({ hasText: begins }).waitFor();
    await page.evaluate("notebook.stop()");
    return running;
  };
  const aborted = (first: string) =>
    `await new Promise((_, no) => globalThis[Symbol.for("autoencoders.signal")].addEventListener("abort", () => { ${first} no(new Error("seen")); }))`;
  const busy = "for (const t = Date.now(); Date.now() < t + 400; );";
  for (const first of ["", busy])
    assert.match((await stopped(aborted(first))).text, /KeyboardInterrupt/);
  assert.match((await stopped("await new Promise(() => {})")).text, /KeyboardInterrupt/);
  assert.equal((await edited(page, 4, "k")).text, "1\n");
  for (const source of [aborted(endless), endless])
    await onceBelow(3000, async () => {
      const begun = Date.now();
      assert.match((await stopped(source)).text, /Stopped: .*did not stop by itself/);
      return Date.now() - begun;
    });
  assert.equal(await page.locator('.cell[data-cell="1"]').getAttribute("data-ran"), "lost");
  assert.match((await shown(page, 1).allTextContents()).join(), /hello/, "outputs stay");
  await page.getByRole("button", { name: "Run the cells above", exact: true }).click();
  await page.locator('.cell[data-cell="1"][data-ran="ok"]').waitFor();
  assert.equal((await edited(page, 4, "k")).text, "1\n");
  await page.evaluate("notebook.restart()");
  assert.match((await run(page, 4)).text, /k is not defined/);
  await page.context().close();
});

test("a cell that takes away what the kernel needs does it no harm; output ends after 1 MB", async () => {
  const { page } = await open();
  await run(page, 0);
  for (const hostile of [
    "postMessage = null; performance = null; process = null; 1",
    "globalThis.postMessage = () => {}; globalThis.Buffer = globalThis.setTimeout = undefined; 1",
    "console.log = null; JSON.parse = null; Promise.race = null; globalThis.Blob = URL.createObjectURL = undefined; 1",
    'postMessage({ kind: "done", cell: 4, ok: true }); dispatchEvent(new MessageEvent("message", { data: { kind: "stop" } })); 1',
    "Object.defineProperty(Object.prototype, 'key', { get: () => 'x', configurable: true }); delete (Object.prototype as any).key; onmessage = null; 1",
  ])
    assert.equal((await edited(page, 3, hostile)).text, "1\n", hostile);
  assert.match((await edited(page, 3, "close()")).text, /would end the kernel/);
  assert.equal((await run(page, 4)).ok, false);
  assert.equal((await edited(page, 3, "k")).text, "1\n");
  await page.evaluate("notebook.restart()");
  const flood = await edited(
    page,
    3,
    'for (let i = 0; i < 300_000; i++) console.log("0123456789");',
  );
  assert.ok(flood.text.length < 1.2e6, `${flood.text.length} characters`);
  assert.match(flood.text, /output limited: .* left out/);
  await page.context().close();
});

/** Cells of an author who hid some of them, and one that shows what the page cannot. */
const hiddenCells = [
  code("const secret = 7;", author, ["remove-cell"]),
  code("secret * 2;", author, ["remove_input"]),
  code("secret + 1;"),
  code("secret + 2;", author, ["remove-cell"]),
  markdown("![gone](gone.png)"),
];

test("cells that the author hid run in their order, out of sight unless they fail; the saved page keeps notes", async () => {
  const { file, remove } = exportPage([markdown("# Who hides?\n\n**I.**"), ...hiddenCells]);
  const { page, troubles } = await openOffline(browser, file, { acceptDownloads: true });
  const place = (number: number) => page.locator(`.cell[data-cell="${number}"]`);
  assert.equal(await page.evaluate("notebook.cells"), 4);
  await page.getByRole("button", { name: "Make this page run" }).click();
  await page.getByRole("button", { name: "Run all", exact: true }).click();
  await page.locator('.cell[data-cell="4"][data-ran="ok"]').waitFor({ state: "attached" });
  assert.equal(await place(2).innerText(), "14");
  assert.match(await place(3).innerText(), /secret \+ 1[\s\S]*8$/);
  for (const number of [1, 4]) assert.ok(await place(number).isHidden());
  const failed = await page.evaluate('notebook.edit(3, "throw new Error(`hid`)"), notebook.run(3)');
  assert.match((failed as Result).text, /cell\[4\]:1/);
  assert.ok(await place(4).getByText("Error: hid").isVisible());
  await page.evaluate("delete globalThis.showSaveFilePicker");
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await (await waiting).saveAs(file);
  await page.goto(page.url());
  await place(2).getByText("14").waitFor();
  assert.match((await page.locator(".unshown").innerText())!, /gone\.png/);
  assert.equal(((await page.evaluate("notebook.run(2)")) as Result).ok, false);
  assert.deepEqual(troubles, []);
  await page.context().close();
  remove();
});

/** Random text of a terminal, always the same. */
function terminalTexts(count: number): string[] {
  const colors = [0, 1, 4, 7, 22, 24, 27, 31, 39, 44, 49, 95, 103].map((n) => `\x1b[${n}m`);
  const more = ["38;5;202", "48;5;250", "38;2;1;2;3", "48;5;9", "1;32;40", "", "38;5", "4:3"];
  const others = [
    "\x1b[K",
    "\x1b[2A",
    "\x1b]8;;http://a.b\x07",
    "\x1b(B",
    "\r",
    "\b",
    "\x07",
    "\x00",
  ];
  const words = ["a", "bc", "é", "<b>", "  ", "中", "\n"];
  const all = [...colors, ...more.map((n) => `\x1b[${n}m`), ...others, ...words, ...words];
  let seed = 1;
  const next = () => {
    seed = (seed * 48271) % 2147483647;
    return all[seed % all.length]!;
  };
  return Array.from({ length: count }, () => `x${Array.from({ length: 25 }, next).join("")}y`);
}

const tiny = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=";
const bundles: object[] = [
  { "application/json": { a: [1, "é"] }, "text/plain": "<JSON object>" },
  { "application/vnd.vegalite.v5+json": {}, "text/plain": "a chart" },
  { "application/javascript": "1", "application/x-made+up": "2" },
  { "text/csv": "a,b\n1,2" },
  { "image/webp": tiny },
  { "image/png": "bm8=" },
  { "image/svg+xml": '<svg width="9" height="9"><use xlink:href="#a"/>&nbsp;</svg>' },
  { "audio/wav": "UklGRg==" },
  { "text/html": '<p>a <img src="https://a.b/c.png"> <b>d</b></p>' },
];

test("terminal text and every type of output look in a run as the exporter shows them", async () => {
  const texts = terminalTexts(60);
  const shows = [
    ...texts.map((text) => ({ output_type: "stream", name: "stdout", text })),
    ...bundles.map(bundle),
  ];
  const { file, remove } = exportPage([
    markdown("# Alike?\n\n**Yes.**"),
    ...shows.map((output) => code("1", [output])),
  ]);
  const { page } = await openOffline(browser, file, {});
  // Words with their looks, pictures that were drawn, players, notes without the cell's number.
  const seen = `[...document.querySelectorAll(".cell[data-cell]")].map((cell) => {
    const all = [...cell.querySelectorAll(".output, .unshown")];
    const parts = all.filter((part) => !part.parentElement.closest(".output, .unshown"));
    const texts = parts.flatMap((part) => {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const { parentElement: { className, style }, data } = walker.currentNode;
        const ansi = className.startsWith("ansi") ? className : "";
        const look = [ansi, style.color, style.backgroundColor].join("|");
        const words = data.replace(/ \\(cell \\d+ of \\d+\\)/, "");
        if (found.at(-1)?.[0] === look) found.at(-1)[1] += words;
        else if (words) found.push([look, words]);
      }
      return found;
    });
    const drawn = [...cell.querySelectorAll("img")].map((one) => one.naturalWidth);
    return { texts: texts.map(([look, words]) => [look, words.replace(/\\s+/g, " ").trim()]).filter(([, words]) => words), drawn, players: cell.querySelectorAll("audio[controls]").length };
  })`;
  const expected = (await page.evaluate(seen)) as object[];
  await edited(page, 0, 'import { show } from "autoencoders/display";');
  for (const [i, text] of texts.entries())
    await edited(page, i, `void process.stdout.write(${JSON.stringify(text)});`);
  for (const [i, one] of bundles.entries())
    await edited(page, texts.length + i, `show({ toBundle: () => (${JSON.stringify(one)}) });`);
  await eventually(async () => {
    const found = (await page.evaluate(seen)) as object[];
    for (const [i, shown] of shows.entries())
      assert.deepEqual(found[i], expected[i], JSON.stringify(shown));
  });
  await page.context().close();
  remove();
});

/** Markdown, LaTeX and HTML with formulas, as strangers publish them. */
// biome-ignore format: one output each
const marked = {
  "text/markdown": [
    "# Head\n\nA *b* **c** `d` ~~e~~ [f](https://a.b/) and\n\n- one\n- two\n  1. three\n\n> quoted",
    "| a | b |\n|:--|--:|\n| $x_1$ | 2 |\n\n```ts\nconst a = \"$x$ <b>\";\n```\n\n---\n\n- [x] done\n- [ ] not",
    "Let $a_1 * b_2 * c$ and $\\{x_i\\}_{i<n}$, *then $x*y$ so*.",
    "$$\n\\hat x = \\sum_i\n- w_i\n\n+ b\n$$\n\nafter $$y$$",
    "\\begin{align}\na &= b \\label{e} \\\\\n&= c \\notag\n\\end{align}",
    "\\begin{eqnarray}a &=& b\\end{eqnarray}\n\n\\begin{multline}a\\\\b\\end{multline}",
    "It costs $5 and $10, or \\$3 and \\$4; $2x$ is one, \\\\(z\\\\) too, `$k$` not.",
    "$\\newcommand{\\R}{\\mathbb{R}}$ $\\R$, $\\bm{x}$, $\\ce{H2O}$",
    "bad $\\frac{1$, good $x$",
    "a <b>bold</b> <kbd>k</kbd>\n\n<table><tr><td>$E=mc^2$</td></tr></table>",
    "![far](https://a.b/c.png) and text",
    "",
  ],
  "text/latex": [
    "$x^2$", "$$\\frac{a}{b}$$", "\\[c\\]", "x + \\sqrt{y}", "so $a$ and $b$ & <c>",
    "\\begin{equation}a\\end{equation}", "\\begin{pmatrix}1 & 2\\end{pmatrix}", "$\\nosuch x$",
  ],
  "text/html": [
    "<center>$E=mc^2$</center>", "<p>\\(a < b\\)</p><pre>$k$</pre><p>$5 to $6</p>",
    "<div><svg><text>$c$</text></svg> \\[E\\]</div>",
  ],
};

test("Markdown, LaTeX and formulas look in a run as the exporter shows them; what has scripts, in a frame", async () => {
  const shows = Object.entries(marked).flatMap(([type, texts]) =>
    texts.map((text) => ({ [type]: text, "text/plain": "plain" })),
  );
  const { file, folder, remove } = exportPage([
    markdown("# Alike?\n\n**Yes.**"),
    ...shows.map((one) => code("1", [bundle(one)])),
  ]);
  const { page, troubles } = await openOffline(browser, file, {});
  // Elements with their words, TeX of the formulas that were set, notes without the cell's number.
  const seen = `[...document.querySelectorAll(".cell[data-cell]")].map((cell) => {
    const plain = (text) => text.replace(/ \\(cell \\d+ of \\d+\\)/, "").replace(/\\s+/g, " ").trim();
    const of = (node) => {
      if (node instanceof Text) return plain(node.data) ? [plain(node.data)] : [];
      if (node.matches?.(".katex")) return ["TeX " + plain(node.querySelector("annotation").textContent)];
      if (node.matches?.("a.anchor, .equation > .number")) return [];
      if (node.matches?.("pre")) return ["pre", plain(node.textContent)];
      const inner = [...node.childNodes].flatMap(of);
      const isBare = node.matches("div, span, center, tbody, .unshown");
      return isBare ? inner : [node.localName, ...inner];
    };
    return [...cell.querySelectorAll(".output, .cell > .unshown")].flatMap(of).join(" ").replace(/\\$ (?=\\d)/g, "$");
  })`;
  const expected = (await page.evaluate(seen)) as string[];
  await edited(page, 0, 'import { show } from "autoencoders/display";');
  const runAll = async () => {
    for (const [i, one] of shows.entries())
      await edited(page, i, `show({ toBundle: () => (${JSON.stringify(one)}) });`);
  };
  await runAll();
  const first = page.locator('.cell[data-cell="13"]');
  await first.getByText("formulas.js must lie beside this page").waitFor();
  assert.match(await first.innerText(), /\$x\^2\$/);
  writeBeside(folder, "formulas.js");
  await runAll();
  await until(page, `document.querySelector('.cell[data-cell="23"] .katex') !== null`);
  const found = (await page.evaluate(seen)) as string[];
  assert.deepEqual(found, expected);
  assert.deepEqual(await seriousViolations(page), []);
  assert.deepEqual(
    troubles.filter((one) => !/ERR_FILE_NOT_FOUND/.test(one)),
    [],
  );
  const active = {
    "text/markdown": '*a* <img src="x" onerror="top.hit = 1"><script>top.hit = 1</script>',
  };
  await edited(page, 1, `show({ toBundle: () => (${JSON.stringify(active)}) });`);
  await page.locator('.cell[data-cell="2"] iframe[sandbox="allow-scripts"]').waitFor();
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate("globalThis.hit"), undefined);
  await page.context().close();
  remove();
});

/** A server that allows every origin, and counts who comes. */
async function openServer(folder?: string) {
  const hits: string[] = [];
  const server: Server = createServer((request, response) => {
    hits.push(request.url!);
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    const file = folder && path.join(folder, path.basename(request.url!.split("?")[0]!));
    try {
      const type = file?.endsWith(".js") ? "text/javascript" : "text/html";
      response.setHeader("content-type", file ? type : "text/javascript");
      response.end(file ? readFileSync(file) : "1");
    } catch {
      response.writeHead(404).end();
    }
  });
  server.on("upgrade", (request, socket) => {
    hits.push(request.url!);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { hits, url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test("no cell reaches a server that allows every origin", async () => {
  const { hits, url, close } = await openServer();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`file://${trial.file}`);
  const socket = url.replace("http", "ws");
  const tries = [
    `await fetch("${url}/fetch", { mode: "no-cors" })`,
    `await new Promise((end) => { const x = new XMLHttpRequest(); x.onloadend = end; x.open("GET", "${url}/xhr"); x.send() })`,
    `await new Promise((end) => { const w = new WebSocket("${socket}/socket"); w.onclose = w.onerror = end })`,
    `await new Promise((end) => { const e = new EventSource("${url}/events"); e.onerror = () => { e.close(); end(0) } })`,
    `(globalThis as any).importScripts("${url}/script")`,
    `(Object.getPrototypeOf(Object.getPrototypeOf(globalThis)) as any).importScripts?.call(globalThis, "${url}/proto")`,
    `await import("${url}/import" as string)`,
    `await new Function("return import('${url}/function')")()`,
    `await (0, eval)("import('${url}/eval')")`,
    `setTimeout("import('${url}/timer')" as any, 0); await new Promise((end) => setTimeout(end, 100))`,
    `new Worker("${url}/worker")`,
    `new Worker(URL.createObjectURL(new Blob(["importScripts('${url}/nested')"])))`,
    `await new (globalThis as any).WebTransport("${url.replace("http", "https")}/transport").ready`,
    `await new (globalThis as any).FontFace("f", "url(${url}/font)").load()`,
    `(navigator as any).sendBeacon?.("${url}/beacon", "x")`,
    `await (globalThis as any).caches?.open("c").then((c: any) => c.add("${url}/cache"))`,
    `show({ toBundle: () => ({ "text/html": "<img src='${url}/img'><link rel=stylesheet href='${url}/css'><script src='${url}/page'></script><iframe src='${url}/frame'></iframe>" }) })`,
    `show({ toBundle: () => ({ "text/html": "<a href='javascript:fetch(1)'>x</a><img src='${url}/plain'><svg><image href='${url}/svg'/></svg><p style='background:url(${url}/style)'>y</p>" }) })`,
    `show({ toBundle: () => ({ "text/html": "<script>new Image().src='${url}/image'; fetch('${url}/f'); parent.location='${url}/top'; location='${url}/self'; open('${url}/open')</script>" }) })`,
  ];
  await run(page, 0);
  for (const source of tries) {
    await edited(page, 3, source);
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(300);
  assert.deepEqual(hits, []);
  await fetch(`${url}/control`);
  assert.deepEqual(hits, ["/control"], "the server is there");
  assert.equal((await edited(page, 3, "k")).text, "1\n", "and the page is still there");
  await context.close();
  close();
});

/** A script with so many digits of every kind, as it lies beside the pages. */
function digitsScript(n: number): string {
  const images = Buffer.alloc(16 + n * 784, 51);
  Buffer.from([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28]).copy(images);
  images.writeUInt32BE(n, 4);
  const labels = Buffer.alloc(8 + n, 7);
  Buffer.from([0, 0, 8, 1, 0, 0, 0, 0]).copy(labels);
  labels.writeUInt32BE(n, 4);
  const packed = (bytes: Buffer) => gzipSync(bytes).toString("base64");
  const files = Object.fromEntries(
    ["train", "t10k"].flatMap((name) => [
      [`data/mnist/${name}-images-idx3-ubyte`, packed(images)],
      [`data/mnist/${name}-labels-idx1-ubyte`, packed(labels)],
    ]),
  );
  return `Object.assign(globalThis.pageFiles ??= {}, ${JSON.stringify(files)});`;
}

test("digits beside the page are read when asked for; where they are missing, the page asks for the file", async () => {
  const { page } = await open();
  await run(page, 0);
  const reads =
    'const { images, labels } = await mnist("train"); [images.shape, labels.shape, images.mean().dataSync()[0].toFixed(3)]';
  await page.evaluate(`notebook.edit(3, ${JSON.stringify(reads)})`);
  const running = run(page, 3);
  const script = path.join(trial.folder, "elsewhere.js");
  writeFileSync(script, digitsScript(300));
  await page.getByText("mnist.js must lie beside this page").waitFor();
  await page.locator(".ask input").setInputFiles(script);
  assert.match((await running).text, /\[ 300, 784 \], \[ 300 \], '0\.200'/);
  await page.evaluate("notebook.restart()");
  await run(page, 0);
  const without = run(page, 3);
  await page.getByRole("button", { name: "Go on without it" }).click();
  assert.match((await without).text, /mnist\.js must lie beside this page, found none; copy it/);
  copyFileSync(script, path.join(trial.folder, "mnist.js"));
  assert.match((await run(page, 3)).text, /300, 784/);
  await page.context().close();
});

test("over HTTP a page runs like from its file, and asks for nothing but what lies beside it", async () => {
  writeFileSync(path.join(trial.folder, "mnist.js"), digitsScript(200));
  const { hits, url, close } = await openServer(trial.folder);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/00-trial.html`);
  await run(page, 0);
  assert.match((await edited(page, 3, '(await mnist("test")).images.shape')).text, /200, 784/);
  assert.deepEqual(
    hits.filter((one) => one !== "/favicon.ico"),
    ["/00-trial.html", "/mnist.js"],
  );
  await context.close();
  close();
});

test("where memory refuses the digits, 10,000 are offered, and claims are not judged", async () => {
  writeFileSync(path.join(trial.folder, "mnist.js"), digitsScript(12_000));
  const { page } = await open();
  await run(page, 0);
  await edited(page, 1, 'claim("small", (await mnist("train")).images.shape[0], { below: 2 })');
  await edited(page, 2, "1");
  await edited(
    page,
    3,
    'import * as tf from "@tensorflow/tfjs-node";\nif ((await mnist("train")).images.shape[0] > 10_000) tf.ones([1_000_000, 1_000]); "fits"',
  );
  await page.getByRole("button", { name: /10,000 digits; claims are not judged/ }).click();
  await page.locator('.cell[data-cell="4"][data-ran="ok"]').waitFor();
  assert.match(
    (await page.locator(".claims .unjudged").textContent())!,
    /small.*10000.*not judged/,
  );
  await page.context().close();
});

test("an editor is made on first focus; Tab and Escape leave it, Shift+Enter or Ctrl+Enter runs it", async () => {
  const { page, troubles } = await open();
  await run(page, 5); // its output changes which boxes can be reached
  assert.equal(await page.locator(".cm-editor").count(), 0);
  await page.locator('.cell[data-cell="1"] pre code').click();
  assert.equal(await page.locator(".cm-editor").count(), 1);
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" + 40");
  await page.keyboard.press("Shift+Enter");
  await page.locator('.cell[data-cell="1"][data-ran="ok"]').waitFor();
  assert.match((await shown(page, 1).allTextContents()).join(), /42/);
  await page.keyboard.type(" + 2");
  await page.keyboard.press("Control+Enter");
  await page.locator('.cell[data-cell="1"]').getByText("44", { exact: true }).waitFor();
  await page.evaluate(
    "navigator.clipboard.writeText = async (text) => { globalThis.copied = text }",
  );
  await page.locator('.cell[data-cell="1"] .copy').click();
  assert.match(await page.evaluate("copied"), /\nk \+ 1 \+ 40 \+ 2$/);
  const folded = page.locator('.cell[data-cell="1"] summary .folded');
  await page.locator('.cell[data-cell="1"] .cm-content').click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("// mine\n");
  assert.equal(await folded.textContent(), "6 lines of code: // mine");
  const focused = () => page.evaluate("document.activeElement.className");
  assert.match((await focused()) as string, /cm-content/);
  await page.keyboard.press("Escape");
  assert.match((await focused()) as string, /listing/);
  await page.keyboard.press("Enter");
  assert.match((await focused()) as string, /cm-content/);
  await page.keyboard.press("Tab");
  assert.doesNotMatch((await focused()) as string, /cm-content/);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("a running page, at 1280 px and light, then at 390 px and dark: nothing wider than the screen, a bar of two rows, nothing serious for axe", async () => {
  const { page } = await open({ colorScheme: "light", viewport: { width: 1280, height: 800 } });
  for (const i of [0, 1, 2]) await run(page, i);
  await page.locator('.cell[data-cell="1"] pre code').click();
  for (const [colorScheme, width, rules] of [
    ["light", 1280, undefined],
    ["dark", 390, rulesOfLook],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await painted(page);
    const [scroll, client] = (await page.evaluate(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    )) as number[];
    assert.ok(scroll! <= client!, `${scroll} px of content in ${client} px`);
    assert.deepEqual(await seriousViolations(page, rules), []);
  }
  const boxes = (await page.evaluate(
    "[...document.querySelectorAll('.runner > :not(.announced)')].map((one) => one.getBoundingClientRect().toJSON())",
  )) as { width: number; height: number; top: number }[];
  const seen = boxes.filter(({ width }) => width > 0);
  const rows = new Set(seen.map(({ top, height }) => Math.round(top + height / 2)));
  const buttons = seen.filter(({ height }) => height >= 44);
  assert.deepEqual([rows.size, buttons.length], [2, 6], "two rows, and buttons of 44 px");
  await page.context().close();
});

/** File that a button gives to download, written into the trial's folder. */
async function downloaded(page: Page, button: string, name: string): Promise<string> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: button, exact: true }).click();
  const download = await waiting;
  const file = path.join(trial.folder, name);
  await download.saveAs(file);
  return file;
}

const withoutPicker = "delete globalThis.showSaveFilePicker";

test("Save writes the page as its file had it, with edits and outputs; it opens and runs like the first", async () => {
  const { page } = await open({ acceptDownloads: true });
  await page.evaluate(withoutPicker);
  await run(page, 0);
  await edited(page, 3, "k += 20; // </script><!-- ]]>\nk");
  const saved = await downloaded(page, "Save", "saved.html");
  await page.context().close();
  const [before, after] = [trial.file, saved].map((file) => readFileSync(file, "utf8"));
  const data = /<script type="application\/json" id="notebook">[\s\S]*?<\/script>/;
  const { page: judge } = await open();
  const normal = (html: string) => {
    const text = JSON.stringify(html.replace(data, "").replace(/\s+(?=<)/g, ""));
    const parsed = `new DOMParser().parseFromString(${text}, "text/html")`;
    return judge.evaluate(`${parsed}.documentElement.outerHTML`);
  };
  assert.equal(await normal(after!), await normal(before!));
  await judge.context().close();
  const again = await openOffline(browser, saved, {});
  await again.page.locator('.cell[data-cell="4"] .output').waitFor();
  assert.match((await shown(again.page, 1).allTextContents()).join(), /hello/);
  assert.deepEqual(await shown(again.page, 4).allTextContents(), ["21"]);
  assert.match(
    (await again.page.locator('.cell[data-cell="4"] .listing code').textContent())!,
    /k \+= 20/,
  );
  assert.equal((await run(again.page, 0)).text, "hello\n2\n");
  assert.equal((await run(again.page, 3)).text, "21\n");
  assert.deepEqual(again.troubles, []);
  await again.page.context().close();
});

test("the notebook that is downloaded is valid and runs in the native kernel to the same outputs", async () => {
  const { page } = await open({ acceptDownloads: true });
  await page.evaluate(withoutPicker);
  await edited(page, 5, "[1, 2].map((x: number) => x + 1)");
  const file = await downloaded(page, "Download as .ipynb", "down.ipynb");
  await page.context().close();
  const given = JSON.parse(readFileSync(file, "utf8"));
  const [last] = given.cells.slice(-1);
  assert.equal(last.outputs[0].data["text/plain"], "[ 2, 3 ]");
  given.cells = given.cells.filter(
    (one: { source: string }) => !/null!|claim\(|later/.test(one.source),
  );
  writeFileSync(file, JSON.stringify(given));
  const program =
    "import sys, nbformat; from nbclient import NotebookClient; nb = nbformat.read(sys.argv[1], 4); nbformat.validate(nb);" +
    "NotebookClient(nb, kernel_name='tslab').execute(); print(nb.cells[-1].outputs[0].data['text/plain'])";
  const ran = spawnSync(python, ["-c", program, file], { encoding: "utf8" });
  assert.equal(ran.stdout.trim(), "[ 2, 3 ]", ran.stderr);
});

test("edits outlast a reload, are never run by themselves, and are kept or discarded", async () => {
  const { page } = await open();
  await page.evaluate('notebook.edit(3, "k + 100")');
  await page.reload(); // at once, before the moment after which work is kept
  await page.getByText("keep or discard them?").waitFor();
  assert.match((await page.locator('.cell[data-cell="4"] .listing code').textContent())!, /k\+\+/);
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.locator('.cell[data-cell="4"][data-edited]').waitFor();
  assert.equal(await page.locator('.cell[data-cell="4"]').getAttribute("data-ran"), null);
  await run(page, 0);
  assert.equal((await run(page, 3)).text, "101\n");
  await page.reload();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.reload();
  assert.equal(await page.getByText("keep or discard them?").count(), 0);
  await page.context().close();
});

const typedCells = [
  'import * as tf from "@tensorflow/tfjs-node";\nimport { DataFrame } from "danfojs-node";\nimport { pca } from "autoencoders";\nimport { lineChart } from "autoencoders/plot";\nconst x = tf.ones([3, 2]);',
  "const n: number = pca(x).mean.length;\nconst wrong: string = n;",
  "x.matM",
  "squaredErr",
  "new DataFrame([[1]]).hea",
];
/** Writes these cells into the page's first five. */
const writeTyped = `(async () => { for (const [i, source] of ${JSON.stringify(typedCells)}.entries()) await notebook.edit(i, source); })()`;

test("an exercise that was solved is kept with its edit, a solution of the book is not", async () => {
  const { page } = await open();
  const kept = "JSON.stringify({ ...localStorage }).includes('07 soft threshold')";
  const solution =
    'import { check } from "autoencoders/exercises";\ncheck("07 soft threshold", (c: number, lambda: number, a: number) => (Math.sign(c) * Math.max(0, Math.abs(c) - lambda / 2)) / a ** 2);';
  assert.match((await edited(page, 3, solution)).text, /✓ right \| 07 soft threshold/);
  await until(page, kept);
  await page.reload();
  await page
    .getByText(/Your edits .*exercises solved \(07 soft threshold\).*keep or disc/)
    .waitFor();
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.locator('.cell[data-cell="4"]').getByText("✓ solved before").waitFor();
  await page.context().close();
  const book = await open();
  await edited(book.page, 5, solution);
  await until(book.page, kept);
  await book.page.reload();
  await book.page.getByText("keep or discard them?").waitFor();
  assert.equal(await book.page.getByText(/exercises solved/).count(), 0);
  await book.page.context().close();
});

test("types are checked, completed and explained by the kernel's TypeScript, once it is asked for", async () => {
  const { page, troubles } = await open();
  await page.evaluate(writeTyped);
  await page.getByText("Types are stripped, not checked").waitFor();
  await page.getByRole("button", { name: "Check types" }).click();
  await page.getByText("types.js must lie beside this page").waitFor();
  writeBeside(trial.folder, "types.js");
  await page.locator(".ask input").setInputFiles(path.join(trial.folder, "types.js"));
  await page.getByText(/Types checked: errors in 3 cells: 2, 3, 4\./).waitFor({ timeout: 60_000 });
  const error = page.locator('.cell[data-cell="2"] .cm-lintRange-error');
  assert.equal(await error.textContent(), "wrong");
  await error.hover();
  await page.getByText("Type 'number' is not assignable to type 'string'. (TS2322)").waitFor();
  const completed = async (cell: number, option: string | RegExp) => {
    await page.locator(`.cell[data-cell="${cell}"]`).locator(".cm-content, pre code").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Control+Space");
    await page.getByRole("option", { name: option }).first().waitFor();
    await page.waitForTimeout(100); // it is not accepted by a key that comes at once
    await page.keyboard.press("Enter");
    return (await page.locator(`.cell[data-cell="${cell}"] .cm-content`).innerText()).trim();
  };
  assert.equal(await completed(3, "matMul"), "x.matMul");
  const imported = 'import { squaredError } from "autoencoders";\nsquaredError';
  assert.equal(await completed(4, /^squaredError/), imported);
  assert.equal(await completed(5, "head"), "new DataFrame([[1]]).head");
  const name = page.locator('.cell[data-cell="3"] .cm-line');
  await name.hover({ position: { x: 3, y: 8 } });
  await page.getByText(/const x: tf\.Tensor/).waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate(`notebook.edit(1, "const n = 1;")`);
  await page.getByText("Types checked: no errors. Cells").waitFor();
  assert.deepEqual(
    troubles.filter((one) => !/ERR_FILE_NOT_FOUND/.test(one)),
    [],
  );
  await page.context().close();
});

const CONTROL = "\uE009";
const SHIFT = "\uE008";
const ENTER = "\uE007";
const END = "\uE010";

type FirefoxTest = (firefox: Firefox, address: string) => Promise<void>;
const firefoxTests: Record<string, FirefoxTest> = {};
/** Adds a test in Firefox, on the trial's file and over HTTP. */
const inFirefox = (title: string, body: FirefoxTest) => {
  firefoxTests[title] = body;
};
const doorOf = (firefox: Firefox) => {
  const ran = async (i: number) => (await firefox.evaluate(`notebook.run(${i})`)) as Result;
  const wrote = async (i: number, source: string) => {
    await firefox.evaluate(`notebook.edit(${i}, ${JSON.stringify(source)})`);
    return ran(i);
  };
  return { ran, wrote };
};

inFirefox("output, claims, an error with its line, stop, restart, types", async (firefox) => {
  const { ran, wrote } = doorOf(firefox);
  assert.equal((await ran(0)).text, "hello\n2\n");
  assert.deepEqual(
    (await ran(1)).claims.map(({ holds }) => holds),
    [true, false],
  );
  assert.match((await ran(2)).text, /TypeError: [\s\S]* 2 \| null!\.b\(a\);[\s\S]*cell\[3\]:2:/);
  assert.equal((await ran(3)).text, "2\n");
  const printed = await wrote(4, "function f() { console.log(new Error('p')); }\nf();");
  assert.match(printed.text, /^Error: p\n {4}at f \(cell\[5\]:1:\d+\)\n {4}at cell\[5\]:2:\d+\n$/);
  const stopped = `(async () => { await notebook.edit(4, ${JSON.stringify(endless)}); const running = notebook.run(4); setTimeout(() => notebook.stop(), 300); return running; })()`;
  assert.match(((await firefox.evaluate(stopped)) as Result).text, /did not stop by itself/);
  assert.equal((await wrote(4, "typeof k")).text, "'undefined'\n");
  await firefox.evaluate("notebook.restart()");
  assert.equal((await ran(0)).text, "hello\n2\n");
  await firefox.evaluate(writeTyped);
  writeBeside(trial.folder, "types.js");
  const found = (await firefox.evaluate("notebook.check()")) as { message: string }[][];
  assert.deepEqual(found[0], []);
  assert.match(found[1]![0]!.message, /Type 'number' is not assignable to type 'string'/);
});

inFirefox("Run all, an edit by the keyboard, Stop, Restart, by their buttons", async (firefox) => {
  const press = (text: string) =>
    firefox.evaluate(
      `[...document.querySelectorAll("button")].find((one) => one.textContent === ${JSON.stringify(text)} && !one.disabled).click()`,
    );
  const state = (cell: number, ran: string) =>
    firefox.until(`document.querySelector('[data-cell="${cell}"]').dataset.ran === "${ran}"`);
  await press("Make this page run");
  await firefox.until(`!document.querySelector("#run-page")`);
  await press("Run all");
  await state(3, "failed");
  for (const [i, source] of [
    [1, "1"],
    [2, "1"],
    [4, "1"],
  ] as const)
    await firefox.evaluate(`notebook.edit(${i}, "${source}")`);
  await press("Run all");
  await firefox.until(`document.querySelectorAll('[data-ran="ok"]').length === ${cells.length}`);
  await firefox.click('[data-cell="1"] pre code');
  await firefox.type(END, [CONTROL]);
  await firefox.type(" + 40");
  await firefox.type(ENTER, [SHIFT]);
  await firefox.until(`/42/.test(document.querySelector('[data-cell="1"]').innerText)`);
  await firefox.evaluate(`notebook.edit(3, "${endless}")`);
  await firefox.click('[data-cell="4"] pre code');
  await firefox.type(ENTER, [SHIFT]);
  await state(4, "running");
  await press("Stop");
  await state(1, "lost");
  await press("Restart");
  await firefox.evaluate(`notebook.edit(3, "typeof k")`);
  assert.equal((await doorOf(firefox).ran(3)).text, "'undefined'\n");
});

inFirefox("Save, reopen, download, and an edit that outlasts a reload", async (firefox, folder) => {
  const { ran, wrote } = doorOf(firefox);
  const press = (text: string) =>
    firefox.evaluate(
      `[...document.querySelectorAll("button")].find((one) => one.textContent === "${text}").click()`,
    );
  await ran(0);
  await wrote(3, "k += 20; // </script><!-- ]]>\nk");
  await press("Download as .ipynb");
  const notebook = JSON.parse(readFileSync(await firefox.downloaded("00-trial.ipynb"), "utf8"));
  assert.match(notebook.cells.at(-3).source, /k \+= 20/);
  assert.equal(notebook.cells.at(-3).outputs[0].data["text/plain"], "21");
  await press("Save");
  copyFileSync(await firefox.downloaded("00-trial.html"), path.join(trial.folder, "saved.html"));
  await firefox.open(`${folder}/00-trial.html`);
  await firefox.until(`/keep or discard them/.test(document.body.innerText)`);
  await press("Discard");
  await firefox.open(`${folder}/saved.html`);
  await firefox.until(
    `document.querySelector('[data-cell="4"] .output')?.innerText.trim() === "21"`,
  );
  assert.equal((await ran(0)).text, "hello\n2\n");
  assert.equal((await ran(3)).text, "21\n");
});

const skip = hasFirefox() ? false : "no Firefox; install firefox-esr or set FIREFOX_PATH";
for (const way of ["from its file", "over HTTP"])
  describe(`Firefox, ${way}, other addresses cut`, { skip }, () => {
    let firefox: Firefox;
    let server: Awaited<ReturnType<typeof openServer>>;
    before(async () => {
      server = await openServer(trial.folder);
      firefox = await Firefox.start();
    });
    after(async () => {
      await firefox?.stop();
      server.close();
    });
    for (const [title, body] of Object.entries(firefoxTests))
      test(title, async () => {
        await firefox.renew();
        const folder = way === "over HTTP" ? server.url : `file://${trial.folder}`;
        await firefox.open(`${folder}/00-trial.html`);
        await body(firefox, folder);
      });
  });
