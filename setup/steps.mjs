// The steps of set-up, in order. A step is skipped while its inputs and what it made are as
// recorded. One with a `problem` is also verified, before it would run and after it has run.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build, builtFiles, bundles } from "./build.mjs";
import { dataFiles, fashionFiles, placeData, placeFashion } from "./data.mjs";
import { bytesFor, bytesUnder, diskProblem, freeBytes, refusal } from "./disk.mjs";
import { installKernel, kernelFiles } from "./kernelspec.mjs";
import { withLock } from "./lock.mjs";
import { proxyHasExceptions, proxyProblem } from "./network.mjs";
import { filterOutputs } from "./notebook-filter.mjs";
import { installNode, nodeFiles, nodeProblem } from "./npm.mjs";
import { fail, SetupError } from "./process.mjs";
import { progress } from "./progress.mjs";
import { installPython, installReport, pythonFiles, pythonProblem } from "./python.mjs";
import { fingerprint, forget, hashOf, record, recorded } from "./step-state.mjs";
import * as tensorFlow from "./tensorflow.mjs";

const platform = `${process.platform} ${process.arch}`;

// `made` names files whose sizes and times show changes; `problem` checks in depth. `peak` and
// `kept` are bytes on the disk, measured while a step runs and after it; `replaces` is a folder
// that it removes first. What an `optional` step could not get is tried again by `npm run setup`.
const steps = [
  {
    name: "node packages",
    key: () => hashOf("package-lock.json", ".npmrc") + platform,
    made: nodeFiles,
    problem: nodeProblem,
    disk: () => ({ peak: 0.7e9, kept: 0.7e9 }),
    replaces: "node_modules",
    downloads: () => true,
    run: installNode,
  },
  {
    name: "python packages",
    key: () => hashOf("setup/requirements.txt") + platform,
    made: pythonFiles,
    problem: pythonProblem,
    disk: () => ({ peak: 0.56e9, kept: 0.47e9 }),
    replaces: ".venv",
    downloads: () => true,
    run: installPython,
  },
  {
    name: "native TensorFlow",
    key: () => hashOf("setup/tensorflow.mjs", "package-lock.json") + platform,
    made: tensorFlow.tensorFlowFiles,
    problem: tensorFlow.tensorFlowProblem,
    disk: () => (tensorFlow.isUnpacked() ? {} : tensorFlow.tensorFlowDisk()),
    downloads: () => !tensorFlow.isUnpacked(),
    run: () => tensorFlow.linkTensorFlow(),
  },
  {
    name: "data",
    key: () => hashOf("data/checksums.txt"),
    made: dataFiles,
    disk: () => ({ peak: 0.06e9, kept: 0.06e9 }),
    replaces: "data/mnist",
    run: placeData,
  },
  {
    name: "Fashion-MNIST",
    key: () => hashOf("data/checksums.txt"),
    made: fashionFiles,
    optional: true,
    disk: () => ({ peak: 0.08e9, kept: 0.06e9 }),
    replaces: "data/fashion-mnist",
    run: placeFashion,
  },
  {
    name: "library and kernel",
    key: () =>
      hashOf(
        "src",
        "tsconfig.json",
        "package-lock.json",
        ...bundles.map((name) => `setup/${name}`),
      ),
    made: builtFiles,
    mayBreak: true,
    disk: () => ({ peak: 0.01e9, kept: 0.01e9 }),
    run: build,
  },
  {
    name: "kernelspec",
    key: () =>
      hashOf("src/kernel", "setup/kernelspec.mjs", "setup/lab") + process.execPath + process.cwd(),
    made: () => kernelFiles,
    run: installKernel,
  },
  {
    name: "report exporter",
    key: () => hashOf("src/report/pyproject.toml") + process.cwd(),
    run: installReport,
  },
  { name: "git filter that strips outputs", key: () => "nbstripout", run: filterOutputs },
];

// A new virtual environment is empty: what lives inside it is installed again.
const inside = { "python packages": ["kernelspec", "report exporter"] };

const absent = "absent";

const stateOf = (step) => ({
  key: step.key(),
  made: fingerprint(step.made?.() ?? []) ?? (step.optional ? absent : undefined),
});

/** False for a step that is due, or whose inputs an earlier step has yet to make. */
function isDone(step) {
  try {
    const [before, now] = [recorded(step.name), stateOf(step)];
    return before?.key === now.key && now.made !== undefined && before.made === now.made;
  } catch {
    return false;
  }
}

/** Record a step whose result works though its record is lost or old; a killed step must run. */
async function adopted(step) {
  const killed = recorded(step.name)?.key === "running";
  if (killed || !step.problem || (await step.problem())) return false;
  record(step.name, stateOf(step));
  return true;
}

/** Fail when the disk is too small for these steps, counting what they replace. */
function requireDiskSpace(due) {
  const needed = bytesFor(due.map((step) => step.disk?.() ?? {}));
  const replaced = () =>
    due.reduce((sum, { replaces }) => sum + (replaces ? bytesUnder(replaces) : 0), 0);
  const free = freeBytes();
  const problem = free < needed && diskProblem(due[0].name, needed, free + replaced());
  if (problem) fail(problem);
}

async function runStep(step) {
  const downloads = step.downloads?.() ?? false;
  const blocked = downloads && !proxyHasExceptions() && (await proxyProblem());
  if (blocked) fail(`${step.name}: ${blocked}`);
  const before = freeBytes();
  const damaged = recorded(step.name)?.key === step.key();
  progress.start(`set-up: ${step.name} … `, () => before - freeBytes());
  try {
    for (const name of inside[step.name] ?? []) forget(name);
    record(step.name, { key: "running" });
    const note = await step.run({ damaged });
    const problem = await step.problem?.();
    if (problem) fail(`${step.name}: installed, but ${problem}; run the command again`);
    record(step.name, stateOf(step));
    const short = typeof note === "string" && note.trim() && note.length < 120;
    progress.end(`${progress.seconds()}${short ? ` (${note.trim()})` : ""}`);
  } catch (error) {
    progress.end("");
    const problem = refusal(step.name, error, step.disk?.().peak);
    if (problem) fail(problem);
    const cause = downloads && (await proxyProblem());
    if (cause) fail(`${step.name}: ${cause}\n${error.message}`);
    throw error;
  }
}

/** Run `work` with a temporary folder in the project: its disk was checked, and it is writable. */
async function withOwnTemporaryFolder(work) {
  const own = resolve(".cache/setup.tmp");
  const before = process.env.TMPDIR;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  process.env.TMPDIR = own;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(own, { recursive: true, force: true });
  }
}

/** Run the steps that are due, in order, under the lock of set-up. */
export const runSteps = (steps, keepGoing = false) =>
  withLock(".cache/setup/lock", () => withOwnTemporaryFolder(() => runDue(steps, keepGoing)));

async function runDue(steps, keepGoing) {
  let buildError;
  for (let i = 0; i < steps.length; i++) {
    if (isDone(steps[i]) || (await adopted(steps[i]))) continue;
    requireDiskSpace(steps.slice(i).filter((step) => !isDone(step)));
    try {
      await runStep(steps[i]);
    } catch (error) {
      const ofCompiler = error instanceof SetupError && error.output !== undefined;
      if (!ofCompiler || !steps[i].mayBreak || !keepGoing) throw error;
      buildError = error.message;
      console.log(`\n${buildError}`);
    }
  }
  return buildError;
}

/** Forget the optional steps that got nothing, so that they are tried again. */
export function retryOptional(all = steps) {
  for (const { name } of all) if (recorded(name)?.made === absent) forget(name);
}

/** Run every step that is due. With `keepGoing` returns the message of a failed build. */
export async function setUp({ keepGoing = false, retry = false } = {}) {
  const begin = Date.now();
  const seconds = () => `${((Date.now() - begin) / 1000).toFixed(1)} s`;
  if (retry) retryOptional();
  if (steps.every(isDone)) {
    console.log(`set-up: nothing to do (${seconds()})`);
    return undefined;
  }
  if (!existsSync("node_modules"))
    console.log(
      "set-up: the first run downloads about 500 MB, minutes on a slow line; a killed set-up resumes",
    );
  const broken = await runSteps(steps, keepGoing);
  console.log(`set-up: done in ${seconds()}`);
  return broken;
}
