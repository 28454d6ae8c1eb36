// Runs test files with node:test.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { foreground } from "../setup/process.mjs";
import { tapCounts } from "./run-stages.mjs";

const folder = `.cache/tests-${process.pid}`;

/** Time that the tests of a file may take, many times what the longest takes. */
const LIMIT_MS = 15 * 60_000;

/** Failed tests of a TAP report with their details. */
function failures(tap) {
  const lines = tap.split("\n");
  const kept = [];
  let keep = false;
  let passed = "none";
  for (const line of lines) {
    const [, not, title] = /^\s*(not )?ok \d+ - (.*)/.exec(line) ?? [];
    if (title) keep = not !== undefined;
    if (title && !not) passed = title;
    if (keep) kept.push(line);
    if (keep && /test timed out/.test(line)) kept.push(`  the last that passed: ${passed}`);
  }
  return kept.slice(0, 200).join("\n");
}

/** Run test files, each in its own process, two at a time; returns the exit code and TAP report. */
async function run(paths, { binary = process.execPath, env = {}, limit = LIMIT_MS }) {
  const tap = `${folder}/report.tap`;
  const reporters = ["dot", "tap"].map((name) => `--test-reporter=${name}`);
  const destinations = ["stdout", tap].map((path) => `--test-reporter-destination=${path}`);
  const options = [
    "--test",
    "--test-concurrency=2",
    `--test-timeout=${limit}`,
    ...reporters,
    ...destinations,
  ];
  const code = await foreground(binary, [...options, ...paths], {
    env: { TF_CPP_MIN_LOG_LEVEL: "2", ...process.env, ...env, NODE_TEST_CONTEXT: undefined },
  });
  const report = existsSync(tap) ? readFileSync(tap, "utf8") : "";
  if (code !== 0) console.log(failures(report));
  return { code, report };
}

/** Write two test files that load all these CommonJS ones, each as a suite by its path. */
const loaders = (paths) =>
  [0, 1].map((part) => {
    const suites = paths
      .filter((_, i) => i % 2 === part)
      .map((path) => [path, resolve(path)].map((text) => JSON.stringify(text)))
      .map(([name, file]) => `describe(${name}, () => void require(${file}));\n`);
    const loader = `${folder}/${part + 1}.test.cjs`;
    writeFileSync(loader, `const { describe } = require("node:test");\n${suites.join("")}`);
    return loader;
  });

/**
 * Run test files with a Node; returns the exit code and the counts of single tests. Those of
 * `together` share two processes, for most of a short one's time is the start of TensorFlow; when
 * one of them ends its process, the files that did not get their turn run alone.
 */
export async function nodeTest(paths, { together = [], ...options } = {}) {
  if (paths.length + together.length === 0)
    throw new Error("a stage of tests must have test files, got none");
  mkdirSync(folder, { recursive: true });
  try {
    const all = [...(together.length > 0 ? loaders(together) : []), ...paths];
    const { code, report } = await run(all, options);
    const lost = together.filter((path) => !report.includes(` - ${path}\n`));
    const counts = tapCounts(report);
    if (lost.length === 0) return { code, counts };
    console.log(`a process ended before its tests did; these run alone: ${lost.join(", ")}`);
    const again = tapCounts((await run(lost, options)).report);
    for (const key of Object.keys(counts)) counts[key] += again[key];
    return { code: code || 1, counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
