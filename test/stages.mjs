// Stages of `npm test` and `npm run check`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { auditStages } from "../setup/audit.mjs";
import { cellsWithOutputs } from "../setup/notebook-filter.mjs";
import { foreground } from "../setup/process.mjs";
import { python } from "../setup/python.mjs";
import { consumeThePackage } from "./consumer.mjs";
import { installTheKernel } from "./kernel-package.mjs";
import { nodeTest } from "./node-test.mjs";
import { onOtherNodes } from "./node-versions.mjs";
import { runReadme } from "./readme.mjs";
import { Skip } from "./run-stages.mjs";

const node = process.execPath;

/** Paths of the chapters, and of no other notebook. */
export const notebooks = () =>
  readdirSync("notebooks")
    .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
    .map((name) => join("notebooks", name));

function filesEnding(end, folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesEnding(end, `${folder}/${entry.name}`)
        : [`${folder}/${entry.name}`],
    )
    .filter((path) => path.endsWith(end));
}

/** Compiled tests that start no kernel, notebook or browser. */
const libraryTests = () =>
  ["autoencoders", "sweep"].flatMap((name) => filesEnding(".test.js", `src/${name}/dist`));

/**
 * Not a test file that takes whole processes, downloads, tens of thousands of rows or thousands of
 * steps: `npm run check` leaves these, which end in `.slow.test.…`, to `npm test`.
 */
const isQuick = (path) => !/\.slow\.test\.m?js$/.test(path);

/** Quick tests without those of the web engine, which repeat what is tested on the native one. */
const isShort = (path) => isQuick(path) && !path.endsWith("/web/suite.test.js");

export const shortTests = () => libraryTests().filter(isShort);

const lint = {
  name: "format and lint",
  run: () =>
    foreground(node, [
      "node_modules/@biomejs/biome/bin/biome",
      "check",
      "--error-on-warnings",
      ".",
    ]),
};

const pythonLint = {
  name: "format and lint of Python",
  run: async () =>
    (await foreground(python, ["-m", "ruff", "check", "--quiet", "."])) ||
    foreground(python, ["-m", "ruff", "format", "--check", "--quiet", "."]),
};

const types = {
  name: "types of src",
  run: async ({ broken }) => {
    const code = await foreground(node, ["node_modules/typescript/bin/tsc", "-b"]);
    return broken ? 1 : code;
  },
};

const setupTestFiles = () =>
  ["setup", "test"].flatMap((folder) => filesEnding(".test.mjs", folder));

const setupTests = {
  name: "set-up tests",
  run: () => nodeTest(setupTestFiles()),
};

const library = {
  name: "unit and property tests",
  run: () =>
    nodeTest(
      libraryTests().filter((path) => !isShort(path)),
      { together: shortTests() },
    ),
};

/** With the types of a page, whose worker has the kernel's converter in it. */
const quickLibrary = {
  ...library,
  run: () => nodeTest(["src/page/dist/types.test.js"], { together: shortTests() }),
};

const quickSetupTests = { ...setupTests, run: () => nodeTest(setupTestFiles().filter(isQuick)) };

/** Notebook as it was added to git, since one may be run and saved; the file outside a clone. */
function added(path) {
  if (!existsSync(".git")) return readFileSync(path, "utf8");
  const { status, stdout } = spawnSync("git", ["show", `:${path}`], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  return status === 0 ? stdout : "{}";
}

const stripped = {
  name: "notebooks carry no outputs",
  run: () => {
    const dirty = notebooks()
      .map((path) => ({ path, cells: cellsWithOutputs(added(path)) }))
      .filter(({ cells }) => cells.length > 0);
    for (const { path, cells } of dirty)
      console.log(
        `${path}: cells ${cells.join(", ")} must have no outputs; run git add --renormalize ${path}`,
      );
    return dirty.length === 0 ? 0 : 1;
  },
};

/** Install both packages outside the project and use them. */
const installPackages = async () => (await consumeThePackage()) || installTheKernel();

/** Stage of the exporter's tests in files of this pattern. */
const exporterTests = (pattern) => ({
  name: "exporter, runner and index (Python)",
  run: () =>
    foreground(python, [
      "-m",
      "unittest",
      "discover",
      "--quiet",
      "--start-directory=src/report",
      "--pattern",
      pattern,
    ]),
});

const exporter = exporterTests("*test_*.py");

/** Without `slow_test_*.py`, which start kernels. */
const quickExporter = exporterTests("test_*.py");

const cellLint = {
  name: "lint of notebook cells",
  // imported when it runs: it needs packages that set-up installs
  run: async () => (await import("./cells.mjs")).lintCells(notebooks()),
};

const bounds = {
  name: "bounds of the claims over seeds",
  run: () => foreground(python, ["-m", "autoencoder_report", "bounds"]),
};

const claims = "notebooks run and their claims hold";

/** Stage of tests that open pages in a browser. */
const inBrowser = (name, folder) => ({
  name,
  needed: true,
  after: [claims],
  run: ({ browser }) => {
    if (!browser)
      throw new Skip(
        "no browser; install chromium (Debian: apt install chromium) or set CHROME_PATH",
      );
    return nodeTest(filesEnding(".test.js", folder), { env: { CHROME_PATH: browser } });
  },
});

/**
 * Stages of `npm run check` and `npm test`; those with few seconds come first. The browsers' begin
 * when the claims are judged, and the kernel's, which have limits of time, are left for last.
 */
export const lists = {
  check: [
    lint,
    pythonLint,
    types,
    stripped,
    cellLint,
    quickLibrary,
    quickExporter,
    quickSetupTests,
  ],
  test: [
    lint,
    pythonLint,
    types,
    stripped,
    cellLint,
    bounds,
    {
      name: claims,
      needed: true,
      run: () => foreground(python, ["-m", "autoencoder_report", "check"]),
    },
    {
      name: "types of every notebook cell",
      needed: true,
      run: () => foreground(node, ["src/kernel/dist/typecheck-cells.js", ...notebooks()]),
    },
    library,
    exporter,
    { name: "the packed packages, installed elsewhere", needed: true, run: installPackages },
    { name: "other major versions of Node", needed: true, run: onOtherNodes },
    inBrowser("reports in a browser", "src/report/dist"),
    inBrowser("the kernel in a page", "src/page/dist"),
    {
      name: "sweep under faults",
      needed: true,
      run: () => foreground(python, ["src/sweep/test_sweep.py"]),
    },
    setupTests,
    { name: "commands of the README", after: [claims], run: runReadme },
    {
      name: "kernel conformance",
      needed: true,
      run: () => foreground(python, ["src/kernel/conformance.py"]),
    },
    {
      name: "kernel tests",
      run: ({ browser }) =>
        nodeTest(
          filesEnding(".test.js", "src/kernel/dist"),
          browser && { env: { CHROME_PATH: browser } },
        ),
    },
    ...auditStages({ strict: false }),
  ],
};
