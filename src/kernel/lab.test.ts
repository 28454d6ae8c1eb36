import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { freePort } from "./test-client";
import { eventually, onceBelow } from "./test-waits";

const root = path.resolve(__dirname, "../../..");
const jupyter = path.join(root, ".venv/bin/jupyter");
const browserFile = process.env.CHROME_PATH ?? "/usr/bin/chromium";
const missing = !existsSync(jupyter)
  ? "no .venv with JupyterLab"
  : !existsSync(browserFile) && `no browser at ${browserFile}; set CHROME_PATH`;
const START_MS = 90_000;
const ACTION_MS = 40_000;

const CELLS = {
  plain: "const seen: number[] = [1, 2, 3];\nseen.length",
  live: `const hook = (globalThis as any)[Symbol.for("jupyter.kernel")];
for (let i = 0; i <= 8; i++) {
  hook.publish({ "text/html": \`<b class="frame">frame \${i}</b>\` }, { display_id: "live", update: i > 0 });
  await new Promise((done) => setTimeout(done, 250));
}`,
  endless:
    "let turns = 0;\nconsole.log('under way');\nwhile (true) { await new Promise((done) => setTimeout(done, 5)); turns++; }",
  survives: "turns > 0 && seen.length === 3",
  name: 'const asked = prompt("Your name?"); "Hello, " + asked',
  key: 'prompt("Key", { password: true })!.length',
  libraries: `import * as tf from "@tensorflow/tfjs-node";
import { autoencoder, l1, squaredError, train } from "autoencoders";
import { liveChart } from "autoencoders/display";
import { button, checkbox, row, select, slider, text } from "jupyter-typescript/widgets";
const x = tf.randomUniform([512, 40], 0, 1, "float32", 1) as tf.Tensor2D, losses: number[] = [];`,
  slider: `const lambda = slider({ label: "λ", min: 0, max: 1, step: 0.1, value: 0.2 });
const chart = liveChart({ title: "", steps: 300 });
await lambda.each(async (value, signal) => {
  const net = autoencoder([40, 20, 40], { activation: "relu", seed: 1 });
  chart.restart(\`run of λ = \${value}\`);
  const loss = (x: tf.Tensor2D) => {
    const h = net.encode(x);
    return { squaredError: squaredError(x, net.decode(h)), sparsity: l1(h).mul(value) };
  };
  const options = { batchSize: 16, learningRate: 1e-3, epochs: 30, seed: 1, signal };
  for await (const step of train(loss, net.parameters, x, options)) chart.push(step);
  chart.end();
  losses.push(value);
});`,
  loop: `const all = row(checkbox({ label: "sure" }), select({ label: "of", options: ["a", "b"] }),
  text({ label: "note" }), button({ label: "Go" }));
all.show();
for await (const [sure, of, note, presses] of all) if (presses > 0) { console.log(sure, of, note); break; }`,
  wrong: 'const fine = 1;\nthrow new RangeError("of the third line" + fine);',
};

const SHAPES = `export function area(side: number): number {
  const squared = side * side;
  return squared;
}
`;
const DEBUGGED = [
  `import * as tf from "@tensorflow/tfjs-node";
import { area } from "./shapes";
const weights = tf.ones([3, 2]);
area(1)`,
  `let total = 0;
for (let i = 1; i <= 3; i++) {
  total += area(i);
}
total`,
];

const notebook = (cells: string[], metadata: Record<number, object> = {}): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } },
    cells: cells.map((source, i) => ({
      id: `cell-${i}`,
      cell_type: "code",
      source,
      metadata: metadata[i] ?? {},
      outputs: [],
      execution_count: null,
    })),
  });

let folder: string;
let server: ChildProcess;
let browser: Browser;
let page: Page;

before(async () => {
  if (missing) return;
  mkdirSync(path.join(root, ".cache"), { recursive: true });
  folder = mkdtempSync(path.join(root, ".cache/lab-")); // cells there import the library
  const { plain, live, endless, survives, wrong, name, key, libraries, slider, loop } = CELLS;
  writeFileSync(path.join(folder, "all.ipynb"), notebook([plain, live, "1 + 1"]));
  writeFileSync(path.join(folder, "stop.ipynb"), notebook([plain, endless, survives]));
  const folded = { source_hidden: true, outputs_hidden: true };
  const solution = { tags: ["solution"], jupyter: folded };
  const claim = 'console.log("claim holds | a | measured 1 | below 2 | margin 1\\nmore")';
  const solved = ['console.log("answer")', claim];
  writeFileSync(path.join(folder, "solved.ipynb"), notebook(solved, { 0: solution }));
  writeFileSync(path.join(folder, "shapes.ts"), SHAPES);
  writeFileSync(path.join(folder, "debug.ipynb"), notebook(DEBUGGED));
  writeFileSync(path.join(folder, "wrong.ipynb"), notebook([plain, wrong, "2 + 2"]));
  writeFileSync(path.join(folder, "ask.ipynb"), notebook([name, key]));
  writeFileSync(path.join(folder, "move.ipynb"), notebook([libraries, slider, loop, "losses"]));
  const [port, token] = [await freePort(), randomUUID()];
  const options = [
    `--port=${port}`,
    `--IdentityProvider.token=${token}`,
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
  ];
  server = spawn(
    jupyter,
    [
      "lab",
      ...options,
      "--LabApp.news_url=",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      "--LabApp.expose_app_in_browser=True",
    ],
    {
      cwd: folder,
      stdio: "ignore",
      env: {
        ...process.env,
        JUPYTER_CONFIG_DIR: folder,
        JUPYTER_DATA_DIR: folder,
        JUPYTER_RUNTIME_DIR: folder,
      },
    },
  );
  const home = `http://127.0.0.1:${port}`;
  for (let waited = 0; ; waited += 250) {
    assert.ok(waited < START_MS, "JupyterLab did not start");
    if (
      await fetch(`${home}/api?token=${token}`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await sleep(250);
  }
  browser = await chromium.launch({ executablePath: browserFile, args: ["--no-sandbox"] });
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(ACTION_MS);
  await page.goto(`${home}/lab?token=${token}`);
  await page.waitForSelector(".jp-Launcher, .jp-DirListing-content");
});

after(async () => {
  if (process.env.LAB_SCREENSHOT) await page?.screenshot({ path: process.env.LAB_SCREENSHOT });
  await browser?.close();
  server?.kill("SIGTERM");
  await sleep(500);
  server?.kill("SIGKILL");
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Opens the notebook and waits for its kernel. */
async function open(file: string): Promise<Locator> {
  await page.locator(".jp-DirListing-item", { hasText: file }).dblclick();
  const panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  await panel.locator(".jp-CodeCell").first().waitFor();
  await panel.locator(".jp-KernelName", { hasText: "TypeScript (autoencoders)" }).waitFor();
  await page
    .locator("#jp-main-statusbar", { hasText: "TypeScript (autoencoders) | Idle" })
    .waitFor();
  return panel;
}

const menu = async (first: string, second: string): Promise<void> => {
  await page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${first}$`) }).click();
  await page.locator(".lm-Menu-itemLabel", { hasText: second }).first().click();
};

const output = (panel: Locator, cell: number): Locator =>
  panel.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output");
const prompt = (panel: Locator, cell: number): Locator =>
  panel.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt");
const finished = (panel: Locator, cell: number, timeout = ACTION_MS): Promise<void> =>
  prompt(panel, cell)
    .filter({ hasText: /\[\d+\]/ })
    .waitFor({ timeout });

test("run all shows results, and a live output moves while its cell runs", {
  skip: missing,
}, async () => {
  const panel = await open("all.ipynb");
  await menu("Run", "Run All Cells");
  const frames = new Set<string>();
  const frame = panel.locator(".frame");
  await frame.waitFor();
  while ((await prompt(panel, 2).innerText()).includes("*")) {
    frames.add(await frame.innerText());
    await sleep(60);
  }
  assert.ok(frames.size >= 3, `frames seen: ${[...frames].join()}`);
  await finished(panel, 2);
  assert.equal(await frame.innerText(), "frame 8");
  assert.equal((await output(panel, 0).innerText()).trim(), "3");
  assert.equal((await output(panel, 2).innerText()).trim(), "2");
});

test("restart and run all begins anew", { skip: missing }, async () => {
  const panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  await menu("Kernel", "Restart Kernel and Run All Cells");
  await page.locator(".jp-Dialog .jp-mod-accept").click();
  await panel.locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]').waitFor();
  await finished(panel, 2);
  assert.equal((await prompt(panel, 0).innerText()).trim(), "[1]:");
  assert.equal((await prompt(panel, 2).innerText()).trim(), "[3]:");
  assert.equal((await output(panel, 2).innerText()).trim(), "2");
});

test("the interrupt button stops a cell within a second or so, and variables survive", {
  skip: missing,
}, async () => {
  const panel = await open("stop.ipynb");
  await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(0).click();
  await page.keyboard.press("Shift+Enter");
  await finished(panel, 0);
  const interrupt = '[data-jp-item-name="interrupt"]';
  await onceBelow(3000, async () => {
    await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click();
    await page.keyboard.press("Shift+Enter");
    await prompt(panel, 1).filter({ hasText: "[*]" }).waitFor();
    await output(panel, 1).filter({ hasText: "under way" }).waitFor();
    const start = Date.now();
    await panel.locator(`${interrupt} jp-button, ${interrupt} button`).first().click();
    await finished(panel, 1);
    const took = Date.now() - start; // with Lab's own part
    await output(panel, 1).filter({ hasText: "KeyboardInterrupt" }).waitFor();
    return took;
  });
  await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(2).click();
  await page.keyboard.press("Shift+Enter");
  await finished(panel, 2);
  assert.equal((await output(panel, 2).innerText()).trim(), "true");
});

test("an error is shown in red with the line it is on, and later cells are not run", {
  skip: missing,
}, async () => {
  const panel = await open("wrong.ipynb");
  await menu("Run", "Run All Cells");
  await finished(panel, 1);
  const error = output(panel, 1);
  const text = await error.innerText();
  assert.match(text, /RangeError: of the third line1/);
  assert.match(text, /2 \| throw new RangeError/);
  assert.match(text, /cell\[2\]:2:/);
  const color = await page.evaluate<string>(
    `getComputedStyle(document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .ansi-red-fg')).color`,
  );
  const [r = 0, g = 0, b = 0] = (color.match(/\d+/g) ?? []).map(Number);
  assert.ok(r > 1.5 * g && r > 1.5 * b, color);
  await sleep(500);
  assert.equal(await output(panel, 2).count(), 0);
});

test("the export menu has the entry that our texts name, and gives the page", {
  skip: missing,
}, async () => {
  const panel = await open("wrong.ipynb");
  await panel.locator(".jp-CodeCell").first().waitFor();
  await page.locator(".lm-MenuBar-itemLabel", { hasText: /^File$/ }).click();
  await page.locator(".lm-Menu-itemLabel", { hasText: /^Save and Export Notebook As$/ }).hover();
  const entry = page.locator(".lm-Menu-itemLabel", { hasText: /^Report$/ });
  await entry.waitFor();
  const asked = page.context().waitForEvent("request", (one) => one.url().includes("/nbconvert/"));
  await entry.click();
  const address = JSON.stringify((await asked).url());
  const exported = await page.evaluate<string>(`fetch(${address}).then((got) => got.text())`);
  assert.match(exported, /<meta name="generator" content="autoencoder_report">/);
});

test("run all leaves a folded solution folded until it is opened, and marks a claim", {
  skip: missing,
}, async () => {
  const panel = await open("solved.ipynb");
  await menu("Run", "Run All Cells");
  await panel.locator(".ae-claim", { hasText: /^claim holds$/ }).waitFor();
  assert.match((await output(panel, 1).textContent())!, /^claim holds \| a .* margin 1\nmore\s*$/);
  assert.equal(await panel.locator(".jp-OutputArea-output", { hasText: "answer" }).count(), 0);
  const cell = panel.locator(".jp-CodeCell").first();
  await cell.locator(".jp-InputPlaceholder .jp-MoreHorizIcon").click();
  await cell.locator(".jp-OutputPlaceholder .jp-MoreHorizIcon").click();
  await output(panel, 0)
    .filter({ hasText: /^answer\s*$/ })
    .waitFor();
});

/** Runs the selected cell and selects the next. */
async function run(panel: Locator, cell: number): Promise<void> {
  await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(cell).click();
  await page.keyboard.press("Shift+Enter");
}

test("a prompt is answered in its box, and a password is hidden while it is typed and after", {
  skip: missing,
}, async () => {
  const panel = await open("ask.ipynb");
  for (const [cell, typed, type] of [
    [0, "Ada", "text"],
    [1, "secret", "password"],
  ] as const) {
    await run(panel, cell);
    const box = panel.locator(".jp-CodeCell").nth(cell).locator("input.jp-Stdin-input");
    await box.fill(typed);
    assert.equal(await box.evaluate((input: { type: string }) => input.type), type);
    await box.press("Enter");
    await finished(panel, cell);
    await box.waitFor({ state: "detached" });
  }
  assert.match(await panel.locator(".jp-CodeCell").nth(0).innerText(), /Hello, Ada/);
  const cell = await panel.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea").innerText();
  assert.match(cell, /6\s*$/);
  assert.ok(!cell.includes("secret"), cell);
});

test("a slider retrains while its chart moves, after its cell has ended too", {
  skip: missing,
}, async () => {
  const panel = await open("move.ipynb");
  await run(panel, 0);
  await run(panel, 1);
  const input = panel.locator('.jts-control input[type="range"]');
  await input.waitFor();
  await finished(panel, 1);
  const chart = panel.locator(".jp-OutputArea-output", { hasText: "run of λ" }).last();
  assert.match(await chart.innerText(), /run of λ = 0.2/);
  await input.focus();
  const steps = new Set<string>();
  for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowRight");
  const end = Date.now() + ACTION_MS;
  for (let seen = ""; !/λ = 0.5.*step 960 of/s.test(seen); await sleep(40)) {
    seen = await chart.innerText();
    assert.ok(Date.now() < end, seen);
    if (seen.includes("λ = 0.5")) steps.add(seen.match(/step \d+ of/)?.[0] ?? "");
  }
  assert.ok(steps.size >= 2, [...steps].join());
  assert.equal(await input.evaluate("document.activeElement.type"), "range");
  await run(panel, 3);
  await finished(panel, 3);
  const trained = await output(panel, 3).innerText();
  assert.match(trained, /0.2, .*0.5/);
});

test("a cell follows a row of controls until its button is pressed", {
  skip: missing,
}, async () => {
  const panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  await run(panel, 2);
  const row = panel.locator(".widget-hbox");
  await row.locator('input[type="checkbox"]').check();
  await row.locator("select").selectOption("b");
  await row.locator('input[type="text"]').fill("fine");
  await row.locator("button").click();
  await finished(panel, 2);
  const shown = await output(panel, 2).last().innerText();
  assert.equal(shown.trim(), "true b fine");
});

test("a restart leaves no dead control without a word", { skip: missing }, async () => {
  const panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  await menu("Kernel", "Restart Kernel…");
  await page.locator(".jp-Dialog .jp-mod-accept").click();
  const controls = panel.locator(".jts-control");
  await controls.first().locator("em", { hasText: "Not connected" }).waitFor();
  for (const control of await controls.all())
    assert.ok(await control.locator("input, select, button").isDisabled());
  const words = panel.locator("em:visible", { hasText: "Run this cell again" });
  assert.equal(await words.count(), 2); // the slider's and the row's
});

test("the debugger stops in a cell and in a file, by a condition too, steps and shows variables", {
  skip: missing,
}, async () => {
  const panel = await open("debug.ipynb");
  const line = panel.locator(".jp-DebuggerEditor-highlight");
  const frames = page.locator(".jp-DebuggerCallstackFrame");
  const variable = (name: string): Locator =>
    page.locator(".jp-DebuggerVariables-body .jp-TreeItem", {
      has: page.locator(".jp-DebuggerVariables-name", { hasText: new RegExp(`^${name}$`) }),
    });
  const run = async (cell: number): Promise<void> => {
    await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(cell).click();
    await page.keyboard.press("Control+Enter");
  };
  const command = (name: string): Promise<void> =>
    page.evaluate(`window.jupyterapp.commands.execute("debugger:${name}")`);

  await panel.locator(".jp-DebuggerBugButton").click();
  await run(0);
  await finished(panel, 0);
  await variable("weights").filter({ hasText: "Tensor float32 [3, 2]" }).waitFor();

  const gutter = panel.locator(".jp-CodeCell").nth(1).locator(".cm-breakpoint-gutter");
  await gutter.locator(".cm-gutterElement").nth(3).click();
  await page.locator(".jp-DebuggerBreakpoint").waitFor();
  await run(1);
  await line.filter({ hasText: "total += area(i);" }).waitFor();
  await variable("total").filter({ hasText: "0" }).waitFor();
  if (process.env.LAB_SCREENSHOT)
    await page.screenshot({ path: process.env.LAB_SCREENSHOT.replace(".png", "-paused.png") });
  await command("stepIn");
  await frames.filter({ hasText: "shapes.ts:2" }).waitFor();
  await command("next");
  await frames.filter({ hasText: "shapes.ts:3" }).waitFor();
  await command("stepOut");
  await line.filter({ hasText: "for (let i" }).waitFor();
  await variable("total").filter({ hasText: "1" }).waitFor();

  // JupyterLab has no dialog for conditions; its own client of the kernel sets one.
  await page.evaluate(`(async () => {
    const { serviceManager, shell } = window.jupyterapp;
    const { kernel } = shell.currentWidget.sessionContext.session;
    const ask = async (command, args) => {
      const future = kernel.requestDebug({ type: "request", seq: 1, command, arguments: args });
      const { content } = await future.done;
      return content;
    };
    const { body } = await ask("debugInfo", {});
    const [{ source }] = body.breakpoints;
    const breakpoints = [{ line: 3, condition: "i === 3" }];
    await ask("setBreakpoints", { source: { path: source }, breakpoints });
  })()`);
  await command("continue");
  await variable("i").filter({ hasText: "3" }).waitFor();
  await variable("total").filter({ hasText: "5" }).waitFor();
  await command("continue");
  await finished(panel, 1);
  assert.equal((await output(panel, 1).innerText()).trim(), "14");
});

test("a breakpoint is set in a file among the kernel's sources", { skip: missing }, async () => {
  const panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  const source = page.locator(".jp-CodeMirrorEditor", { hasText: "const squared" }).last();
  const gutter = source.locator(".cm-breakpoint-gutter .cm-gutterElement");
  await eventually(async () => {
    await page.locator(".jp-DebuggerKernelSource-source", { hasText: "shapes.ts" }).dblclick();
    await gutter.nth(2).click({ timeout: 5000 });
  });
  await page.locator(".jp-DebuggerBreakpoint", { hasText: "shapes.ts" }).waitFor();
  const tab = page.locator(".lm-TabBar-tab", { hasText: "debug.ipynb" });
  await tab.click();
  await panel.locator(".jp-CodeCell .jp-InputArea-editor").nth(0).click();
  await page.keyboard.press("Control+Enter");
  await page.locator(".jp-DebuggerCallstackFrame", { hasText: "shapes.ts:2" }).waitFor();
  await page.evaluate('window.jupyterapp.commands.execute("debugger:continue")');
  await eventually(async () => {
    await tab.click(); // the source where the cell stopped may come to the front late
    await finished(panel, 0, 1000);
    assert.equal((await output(panel, 0).innerText()).trim(), "1");
  });
});
