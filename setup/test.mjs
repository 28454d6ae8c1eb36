// `npm test` and `npm run check`: stages in order; a failing one does not hide the others; a summary says what ran and what was skipped, and why.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { python } from "./python.mjs";
import { foreground } from "./say.mjs";

const node = process.execPath;
const notebooks = () =>
  existsSync("notebooks")
    ? readdirSync("notebooks")
        .filter((f) => f.endsWith(".ipynb"))
        .map((f) => join("notebooks", f))
    : [];
const testFiles = (folder = "dist") =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? testFiles(join(folder, e.name)) : e.name.endsWith(".test.js") ? [join(folder, e.name)] : [],
  );
const browser = () =>
  process.env.CHROME_PATH ??
  ["chromium", "chromium-browser", "google-chrome"].find((name) => spawnSync(name, ["--version"]).status === 0);
const slow = /dist\/(kernel|report)\//;

const lint = {
  name: "format and lint",
  run: () => foreground(node, ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]),
};
const types = {
  name: "types of src",
  run: () => foreground(node, ["node_modules/typescript/bin/tsc", "-p", ".", "--noEmit"]),
};
const unit = (files) => ({
  name: "unit and property tests",
  skip: () => files().length === 0 && "no test files",
  run: () => foreground(node, ["--test", "--test-concurrency=2", ...files()]),
});

const stages = [
  lint,
  types,
  {
    name: "types of every notebook cell",
    skip: () => !existsSync("dist/kernel/typecheck-cells.js") && "the cell checker is not built",
    run: () => foreground(node, ["dist/kernel/typecheck-cells.js", ...notebooks()]),
  },
  {
    name: "notebooks are committed without outputs",
    run: () => foreground(python, ["-m", "nbstripout", "--verify", ...notebooks()]),
  },
  unit(() => testFiles().filter((f) => !slow.test(f))),
  { ...unit(() => testFiles().filter((f) => slow.test(f))), name: "kernel and report tests" },
  {
    name: "kernel conformance",
    skip: () => !existsSync("src/kernel/conformance.py") && "no conformance tests",
    run: () => foreground(python, ["src/kernel/conformance.py"]),
  },
  {
    name: "notebooks run, claims hold, reports built",
    skip: () => !existsSync("src/report/pyproject.toml") && "no report builder",
    run: () => foreground(python, ["-m", "autoencoder_report", "build"]),
  },
  {
    name: "reports in a browser, network cut",
    skip: () =>
      !existsSync("src/report/browser.mjs")
        ? "no browser test"
        : !browser() && !process.env.CI && "no browser found; install chromium",
    run: () => foreground(node, ["src/report/browser.mjs"]),
  },
];

async function runStages(list) {
  const rows = [];
  for (const stage of list) {
    const why = stage.skip?.();
    console.log(`\n== ${stage.name}${why ? `: skipped, ${why}` : ""}`);
    const start = Date.now();
    const code = why ? undefined : await stage.run();
    rows.push({
      stage: stage.name,
      result: why ? `skipped: ${why}` : code === 0 ? "passed" : "FAILED",
      seconds: Math.round((Date.now() - start) / 1000),
    });
  }
  console.log("");
  for (const row of rows) console.log(`${row.stage.padEnd(46)} ${String(row.seconds).padStart(5)} s  ${row.result}`);
  const count = (word) => rows.filter((row) => row.result.startsWith(word)).length;
  console.log(`\n${count("passed")} passed, ${count("FAILED")} failed, ${count("skipped")} skipped`);
  return count("FAILED") === 0 ? 0 : 1;
}

export const test = () => runStages(stages);
export const check = () => runStages([lint, types, unit(() => testFiles().filter((f) => !slow.test(f)))]);
