import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "jupyter-typescript/dist/test-waits";
import type { Browser, Page } from "playwright-core";
import { launch, openOffline, painted, seriousViolations, until } from "./offline-page";
import { bundle, code, exportPage, markdown } from "./trial-page";

const ask = async <T>(page: Page, expression: string) => (await page.evaluate(expression)) as T;
const htmlOutput = (html: string, metadata: object = {}) => ({
  ...bundle({ "text/html": html }),
  metadata,
});

/** A server and a STUN port on loopback that note every path and every packet. */
async function listeners() {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    if (!/favicon/.test(request.url!)) heard.push(request.url!);
    response.setHeader("access-control-allow-origin", "*");
    response.end("");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const udp = createSocket("udp4");
  await new Promise<void>((done) => udp.bind(0, "127.0.0.1", done));
  udp.on("message", () => heard.push("udp"));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stun: `stun:127.0.0.1:${udp.address().port}`,
    close() {
      server.close();
      udp.close();
    },
  };
}

/** Ways of an output to the network, by name; each asks for its own path. */
const ways = (url: string, stun: string): Record<string, string> => ({
  location: `<script>location = "${url}/location"</script>`,
  top: `<script>try { top.location = "${url}/top" } catch {} try { parent.location.href = "${url}/parent" } catch {}</script>`,
  link: `<a id="k" href="${url}/link">k</a><script>document.getElementById("k").click()</script>`,
  blank: `<a id="k" target="_blank" href="${url}/blank">k</a><script>document.getElementById("k").click()</script>`,
  open: `<script>open("${url}/open")</script>`,
  refresh: `<meta http-equiv="refresh" content="0;url=${url}/refresh">`,
  speculation: `<script>const s = document.createElement("script"); s.type = "speculationrules"; s.textContent = '{"prefetch":[{"source":"list","urls":["${url}/speculation"]}]}'; document.head.append(s)</script>`,
  webrtc: `<script>const p = new RTCPeerConnection({ iceServers: [{ urls: "${stun}" }] }); p.createDataChannel("x"); p.createOffer().then((o) => p.setLocalDescription(o))</script>`,
  nested: `<script>const f = document.createElement("iframe"); f.srcdoc = "<script>(() => { const p = new RTCPeerConnection({ iceServers: [{ urls: '${stun}' }] }); p.createDataChannel('x'); p.createOffer().then((o) => p.setLocalDescription(o)) })()<\\/script>"; document.body.append(f); const g = document.createElement("iframe"); document.body.append(g); try { const q = new g.contentWindow.RTCPeerConnection({ iceServers: [{ urls: "${stun}" }] }); q.createDataChannel("x"); q.createOffer().then((o) => q.setLocalDescription(o)) } catch {}</script>`,
  fetch: `<script>fetch("${url}/fetch").catch(() => 0); new Image().src = "${url}/image"; navigator.sendBeacon("${url}/beacon")</script>`,
  load: `<script src="${url}/script"></script><link rel="stylesheet" href="${url}/style"><link rel="prefetch" href="${url}/prefetch"><img src="${url}/img"><iframe src="${url}/frame"></iframe>`,
  form: `<form action="${url}/form"><button id="b">b</button></form><script>document.getElementById("b").click()</script>`,
  worker: `<script>new Worker(URL.createObjectURL(new Blob(["fetch('${url}/worker')"])))</script>`,
});

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** HTML whose author thought of a white page. */
const onWhite = [
  '<span style="color:blue">blue</span> <font size=4 color="navy">navy</font>',
  '<font color=\'#800000\' style="padding:1px">maroon</font> <b style="color:#333!important">grey</b>',
  '<mark style="background:yellow">words</mark> <i style="background:transparent">none</i>',
  '<em style="background-color:rgba(255, 0, 0, .1)">pale</em>',
  '<div style="background-color:#eee">a box with <a href="https://a.b">a link</a></div>',
  '<table><tr bgcolor="lightgreen"><td>a</td><td bgcolor=white style="padding:1px">b</td></tr></table>',
].join("");
const inAFrame =
  '<style>p { color: black } .w { background: white }</style><p><b class="w">w</b> ink';
const numbered = [0, 20, 52, 88, 124, 160, 226, 231, 232, 255];
const terminal = [
  ...numbered.map((i) => `\x1b[38;5;${i}mfore\x1b[0m \x1b[48;5;${i}mback\x1b[0m`),
  ...[1, 2, 3, 4, 5, 6, 7].map((i) => `\x1b[7;3${i}minverse\x1b[0m`),
].join(" ");
const drawn = '<svg width="9" height="9"><text y="9">x</text></svg>';

test("colors chosen on white, and those of a terminal, are readable in the dark, also in a run", async () => {
  const shown = `console.log(${JSON.stringify(terminal)});
Reflect.get(globalThis, Symbol.for("jupyter.kernel")).publish({ "text/html": ${JSON.stringify(onWhite)} });`;
  const outputs = [
    { output_type: "stream", name: "stdout", text: terminal },
    ...[onWhite, inAFrame].map((html) => htmlOutput(html)),
    ...["image/svg+xml", "text/html"].map((kind) => bundle({ [kind]: drawn })),
    htmlOutput(drawn.replace("<text", '<text fill="currentColor"')),
  ];
  const trial = exportPage([
    markdown(`# Colors\n\n${onWhite}\n\n$\\sqrt{x}$`),
    code("1", outputs),
    code(shown, [bundle({ "text/plain": "none" })]),
  ]);
  const dark = { colorScheme: "dark" } as const;
  const { page } = await openOffline(browser, trial.file, dark);
  await page.evaluate("notebook.run(1)");
  await until(page, "document.querySelectorAll('.cell [style*=given]').length === 8");
  await page.evaluate("document.querySelector('iframe').style.display = 'none'");
  assert.deepEqual(await seriousViolations(page, ["color-contrast"]), []);
  const frame = page.frameLocator("iframe").locator("html");
  const ground = "(of) => getComputedStyle(of).backgroundColor";
  assert.equal(await frame.evaluate(`(${ground})(document.documentElement)`), "rgb(255, 254, 251)");
  const ofPicture = `(${ground})(document.querySelector(".output.image img"))`;
  assert.equal(await page.evaluate(ofPicture), "rgb(255, 255, 255)");
  const ofDrawings = `[...document.querySelectorAll(".katex svg, .output svg")].map(${ground})`;
  const none = "rgba(0, 0, 0, 0)";
  assert.deepEqual(await page.evaluate(ofDrawings), [none, "rgb(255, 255, 255)", none]);
  await page.context().close();
  trial.remove();
});

describe("outputs and text of a stranger, with a network that answers", () => {
  test("no way of an output or of a text leads to the network, out of the page or to a window", async () => {
    const net = await listeners();
    const all = Object.entries(ways(net.url, net.stun));
    const { file, remove } = exportPage([
      markdown("# Stays?\n\n**Yes.**"),
      ...all.map(([name, html]) => code(name, [htmlOutput(html)])),
      ...all.map(([, html]) => markdown(html)),
      ...all.map(([name, html]) => code(`md ${name}`, [bundle({ "text/markdown": html })])),
    ]);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`file://${file}`);
    await page.waitForTimeout(2500);
    assert.deepEqual(net.heard, []);
    assert.equal(page.url(), `file://${file}`);
    assert.equal(context.pages().length, 1);
    assert.equal(await ask(page, "document.querySelector('h1').checkVisibility()"), true);
    await context.close();
    remove();
    net.close();
  });

  test("each of these ways is heard from a page without a policy, so that the silence means something", async () => {
    const net = await listeners();
    const folder = mkdtempSync(path.join(tmpdir(), "ways-"));
    const context = await browser.newContext();
    const silent: string[] = [];
    for (const [name, html] of Object.entries(ways(net.url, net.stun))) {
      const file = path.join(folder, `${name}.html`);
      writeFileSync(file, `<!doctype html><body>${html}`);
      const before = net.heard.length;
      const page = await context.newPage();
      await page.goto(`file://${file}`).catch(() => undefined);
      await eventually(async () => assert.ok(net.heard.length > before)).catch(() =>
        silent.push(name),
      );
      await page.close();
    }
    await context.close();
    rmSync(folder, { recursive: true });
    net.close();
    assert.deepEqual(silent, []);
  });

  const hiding = [
    "<style>body { display: none } .cell, .prose, main { display: none !important }</style>",
    "<!doctype html><html><head><style>body { background: red; display: none }</style></head><body><p>alone</p></body></html>",
    '<div style="position: fixed; inset: 0; background: red; z-index: 99">cover</div>',
    '<div style="margin: -3000px; padding: 3000px; background: red">cover</div>',
    '<div id="main" class="skip bar">a name of the page</div><p class="claims holds">claim</p>',
    "<script>document.documentElement.innerHTML = ''; document.body.remove()</script>",
    "<script>parent.document.body.remove()</script>",
    "<script>parent.postMessage({ isolated: { height: 1e9, ready: true } }, '*')</script>",
    "<div style='height: 100vh'>as high as its frame</div><script>1</script>",
    "</iframe></div></main><style>p { display: none }</style>",
  ];
  test("no output hides, covers, restyles or removes anything of the page outside of itself", async () => {
    const prose = (i: number) => `Paragraph ${i} stays.`;
    const cells = hiding.flatMap((html, i) => [
      markdown(prose(i)),
      code(`hide(${i})`, [htmlOutput(html), bundle({ "text/markdown": html })]),
      code(`isolated(${i})`, [htmlOutput(html, { isolated: true })]),
      markdown(html),
    ]);
    const { file, remove } = exportPage([markdown("# Seen?\n\n**Yes.**"), ...cells]);
    const { page } = await openOffline(browser, file, { viewport: { width: 1280, height: 900 } });
    await page.waitForTimeout(1000);
    const covered = await ask<string[]>(
      page,
      `[...document.querySelectorAll(".prose p")].filter((p) => /^Paragraph/.test(p.textContent)).filter((p) => {
        p.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, top, height } = p.getBoundingClientRect();
        return !p.checkVisibility() || document.elementFromPoint(left + 5, top + height / 2) !== p;
      }).map((p) => p.textContent)`,
    );
    assert.deepEqual(covered, []);
    assert.equal(
      await ask(
        page,
        "[...document.querySelectorAll('.prose p')].filter((p) => /^Paragraph/.test(p.textContent)).length",
      ),
      hiding.length,
    );
    assert.equal(await ask(page, "document.querySelectorAll('#main').length"), 1);
    assert.equal(await ask(page, "document.querySelectorAll('.claims').length"), 0);
    assert.equal(await ask(page, "document.documentElement.scrollWidth <= innerWidth"), true);
    const highest = await ask<number>(
      page,
      "Math.max(...[...document.querySelectorAll('iframe')].map((f) => f.offsetHeight))",
    );
    assert.ok(highest <= 20_000, `a frame of ${highest} px`);
    await page.context().close();
    remove();
  });
});

describe("headings of a stranger", () => {
  const words = ["100% sure", "What's *new*?", "C++", "1. A & B", "%41", "中文 标题"];
  const links: [hash: string, heading: number][] = [
    ["#100%-sure", 0],
    ["#whats-new", 1],
    ["#100%25-sure", 0],
    ["#What's-new?", 1],
    ["#1-a--b", 3],
    ["#%2541", 4],
  ];

  test("are found by links as GitHub and JupyterLab write them, whatever signs they have", async () => {
    const filler = "\n\nline".repeat(60);
    const text = words.map((one) => `## ${one}${filler}`).join("\n\n");
    const { file, remove } = exportPage([markdown(`# Found?\n\n${text}`), code("1")]);
    const { page, troubles } = await openOffline(browser, file, {});
    assert.equal(await page.locator(".copy").count(), 1, "the page's script must reach its end");
    const own = await page
      .locator("h2 .anchor")
      .evaluateAll((all) => all.map((a) => a.getAttribute("href")!));
    assert.equal(own.length, words.length);
    for (const [hash, heading] of [...own.map((one, i) => [one, i] as const), ...links]) {
      await ask(page, `location.hash = ${JSON.stringify(hash)}`);
      const top = `document.querySelectorAll("h2")[${heading}].getBoundingClientRect().top`;
      await eventually(async () => assert.ok(Math.abs(await ask<number>(page, top)) < 100, hash));
    }
    assert.deepEqual(troubles, []);
    await page.context().close();
    remove();
  });
});

test("listings are as wide as cells and reached by keyboard where they scroll; Arabic begins at the right", async () => {
  const { file, remove } = exportPage([
    markdown(`# T\n\n\`\`\`\n${"wide ".repeat(60)}\n\`\`\`\n\nشبكة عصبية $x$.\n\nwords $x$.`),
    code("1"),
  ]);
  const { page } = await openOffline(browser, file, {});
  await until(page, "document.querySelector('.prose pre').tabIndex === 0");
  const width = (of: string) => ask(page, `document.querySelector("${of}").offsetWidth`);
  assert.equal(await width(".prose pre"), await width(".cell .listing"));
  const sides = await ask<number[][]>(
    page,
    `[...document.querySelectorAll(".prose p")].map((p) => {
      const line = document.createRange();
      line.selectNodeContents(p);
      const [own, words] = [p, line].map((one) => one.getBoundingClientRect());
      return [words.left - own.left, own.right - words.right].map(Math.round);
    })`,
  );
  assert.ok(sides[0]![0]! > 100 && sides[0]![1] === 0, String(sides));
  assert.ok(sides[1]![1]! > 100 && sides[1]![0] === 0, String(sides));
  await page.context().close();
  remove();
});

test("a link's target stays in place while outputs above it grow, until the reader scrolls", async () => {
  const outputs = Array.from({ length: 3 }, () =>
    code("show()", [htmlOutput("<p>p</p><script>1</script>")]),
  );
  const { file, remove } = exportPage([
    markdown("# Held?\n\n[down](#Below)"),
    ...outputs,
    markdown(`## Below${"\n\nline".repeat(40)}`),
  ]);
  const top = "Math.abs(document.getElementById('Below').getBoundingClientRect().top)";
  const { page } = await openOffline(browser, file, {});
  const grow = async (height: number) => {
    await page.evaluate(`document.querySelector("iframe").style.height = "${height}px"`);
    await painted(page);
  };
  await page.getByRole("link", { name: "down" }).click();
  await until(page, `${top} < 100`);
  await grow(700);
  await until(page, `${top} < 100`);
  await page.mouse.wheel(0, -300);
  await until(page, `${top} > 200`);
  await grow(900);
  await page.waitForTimeout(200);
  assert.ok((await ask<number>(page, top)) > 200, "a reader who scrolls is left alone");
  await page.context().close();
  remove();
});

describe("a live output in its frame", () => {
  const grows = `<h4>Live</h4><button onclick="this.insertAdjacentHTML('afterend', '<p style=height:300px>more</p>')">grow</button>
    <p id="theme"></p><script>new MutationObserver(() => { theme.textContent = document.documentElement.dataset.theme }).observe(document.documentElement, { attributes: true })</script>`;
  /** Pixels of a frame's content that do not fit into it. */
  const hidden = "document.documentElement.scrollHeight - innerHeight";
  let file: string;
  let remove: () => void;
  before(() => {
    ({ file, remove } = exportPage([
      markdown("# Live?\n\n**Yes.**"),
      code("show(live)", [htmlOutput(grows)]),
      code("show(broken)", [
        htmlOutput(
          '<div id="g"></div><script src="https://cdn.plot.ly/plotly.js"></script><script>Plotly.newPlot("g", [])</script>',
        ),
      ]),
      code("show(asks)", [htmlOutput('<script>fetch("https://example.org/data")</script>')]),
      code("colab", [
        htmlOutput(
          "<script>if (google.colab.kernel.accessAllowed) document.write('buttons')</script><h1 style='margin:50px 0;position:static'>Table</h1>",
        ),
      ]),
    ]));
  });
  after(() => remove());

  test("it runs, grows with its content, follows the theme, and is reached by name and by axe", async () => {
    const { page } = await openOffline(browser, file, { colorScheme: "light" });
    const element = page.locator("iframe.isolated").first();
    const frame = page.frameLocator("iframe.isolated").first();
    assert.equal(await element.getAttribute("title"), "Output of cell 2 of 5");
    const height = async () => (await element.boundingBox())!.height;
    await eventually(async () => assert.equal(await frame.locator("body").evaluate(hidden), 0));
    const before = await height();
    await frame.getByRole("button", { name: "grow" }).click();
    await eventually(async () => assert.ok(before > 40 && (await height()) > before + 290));
    await page.click("#theme");
    await frame.locator("#theme", { hasText: "dark" }).waitFor();
    assert.deepEqual(await seriousViolations(page), []);
    await page.context().close();
  });

  test("the frame is as high as the output with its margins, and a table of Colab is complete", async () => {
    const { page } = await openOffline(browser, file, {});
    const frame = page.frameLocator("iframe.isolated").last();
    await page.waitForTimeout(500);
    await eventually(async () => assert.equal(await frame.locator("body").evaluate(hidden), 0));
    assert.equal((await frame.locator("body").innerText()).trim(), "Table");
    assert.equal(await page.locator(".cell").last().locator(".unshown").count(), 0);
    await page.context().close();
  });

  test("where it needs the network or fails, a sentence beside it says so", async () => {
    const { page } = await openOffline(browser, file, {});
    const notes = page.locator(".unshown");
    const script = /a script of this output, https:\/\/cdn\.plot\.ly\/plotly\.js \(cell 3 of 5\)/;
    await notes.first().filter({ hasText: script }).waitFor();
    await notes.last().filter({ hasText: "example.org" }).waitFor();
    await page.context().close();
  });
});
