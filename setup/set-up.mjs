// The steps of set-up, in order. A step runs when its stamp does not match its inputs or when what it made is gone.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { dataState, hasFashion, placeData, placeFashion } from "./data.mjs";
import { bytesFor, bytesUnder, diskProblem, freeBytes, refusal } from "./disk.mjs";
import { filterOutputs } from "./git.mjs";
import { hasKernel, installKernel } from "./kernelspec.mjs";
import { withLock } from "./lock.mjs";
import { proxyHasExceptions, proxyProblem } from "./network.mjs";
import { installNode } from "./npm.mjs";
import { installPython, installReport, python } from "./python.mjs";
import { fail, progress, SetupError } from "./say.mjs";
import { hashOf, isStamped, stamp, unstamp } from "./stamp.mjs";
import { isLinked, isUnpacked, linkTensorFlow } from "./tensorflow.mjs";

const platform = `${process.platform} ${process.arch}`;

// `peak` and `kept` are bytes on the project's disk, measured: while a step runs and after it. `replaces` is a folder that it begins by removing.
const steps = [
  {
    name: "node packages",
    key: () => hashOf("package-lock.json", ".npmrc") + platform,
    holds: () =>
      existsSync("node_modules/typescript/bin/tsc") &&
      existsSync("node_modules/autoencoders/package.json"),
    disk: () => ({ peak: 0.7e9, kept: 0.7e9 }),
    replaces: "node_modules",
    downloads: () => true,
    run: installNode,
  },
  {
    name: "python packages",
    key: () => hashOf("setup/requirements.txt") + platform,
    holds: () => existsSync(python),
    disk: () => ({ peak: 0.56e9, kept: 0.47e9 }),
    replaces: ".venv",
    downloads: () => true,
    run: installPython,
  },
  {
    name: "native TensorFlow",
    key: () => hashOf("setup/tensorflow.mjs", "package-lock.json") + platform,
    holds: isLinked,
    disk: () => (isUnpacked() ? {} : { peak: 1.15e9, kept: 0.88e9 }),
    downloads: () => !isUnpacked(),
    run: linkTensorFlow,
  },
  {
    name: "data",
    key: () => hashOf("data/checksums.txt") + dataState(),
    holds: () => true,
    disk: () => ({ peak: 0.06e9, kept: 0.06e9 }),
    replaces: "data/mnist",
    run: placeData,
  },
  {
    name: "Fashion-MNIST",
    key: () => hashOf("data/checksums.txt"),
    holds: hasFashion,
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
        "setup/bundle-live.mjs",
        "setup/bundle-notebook.mjs",
        "package-lock.json",
      ),
    holds: isBuilt,
    mayBreak: true,
    disk: () => ({ peak: 0.01e9, kept: 0.01e9 }),
    run: build,
  },
  {
    name: "kernelspec",
    key: () => hashOf("src/kernel", "setup/kernelspec.mjs") + process.execPath + process.cwd(),
    holds: hasKernel,
    run: installKernel,
  },
  {
    name: "report exporter",
    key: () => hashOf("src/report/pyproject.toml") + process.cwd(),
    holds: () => true,
    run: installReport,
  },
  {
    name: "git filter that strips outputs",
    key: () => "1",
    holds: () => true,
    run: filterOutputs,
  },
];

// A new virtual environment is empty: what lives inside it is installed again.
const inside = { "python packages": ["kernelspec", "report exporter"] };

const isDone = (step) => isStamped(step.name, step.key()) && step.holds();

/** Whether a step is done; one whose inputs an earlier step has yet to make is not. */
function isDoneYet(step) {
  try {
    return isDone(step);
  } catch {
    return false;
  }
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** Stop where the disk has no room for the first of these steps and those after it, counting what they replace. */
function requireRoom(due) {
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
  progress.start(`set-up: ${step.name} … `, () => before - freeBytes());
  try {
    for (const name of [step.name, ...(inside[step.name] ?? [])]) unstamp(name);
    const note = await step.run();
    stamp(step.name, step.key());
    const said = typeof note === "string" ? note.trim() : "";
    const short = said && said.length < 120 ? ` (${said})` : "";
    progress.end(`${progress.seconds()}${short}`);
  } catch (error) {
    progress.end("");
    const problem = refusal(step.name, error, step.disk?.().peak);
    if (problem) fail(problem);
    const cause = downloads && (await proxyProblem());
    if (cause) fail(`${step.name}: ${cause}\n${error.message}`);
    throw error;
  }
}

/** Programs of set-up keep their temporary files in the project: its disk is the one that was checked, and it can be written. */
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

/** Do the steps that are due, in order, while nobody else does. */
export const runSteps = (steps, keepGoing = false) =>
  withLock(".cache/setup.lock", () => withOwnTemporaryFolder(() => runDue(steps, keepGoing)));

async function runDue(steps, keepGoing) {
  let broken;
  for (let i = 0; i < steps.length; i++) {
    if (isDone(steps[i])) continue;
    requireRoom(steps.slice(i).filter((step) => !isDoneYet(step)));
    try {
      await runStep(steps[i]);
    } catch (error) {
      const broke = error instanceof SetupError && error.output !== undefined; // a program's verdict, not the disk's
      if (!broke || !steps[i].mayBreak || !keepGoing) throw error;
      broken = error.message;
      console.log(`\n${broken}`);
    }
  }
  return broken;
}

/** Do every step that is due. With `keepGoing` a build that does not compile is answered as a message and not thrown. */
export async function setUp({ keepGoing = false } = {}) {
  const begin = Date.now();
  if (steps.every(isDone)) {
    console.log(`set-up: nothing to do (${seconds(begin)})`);
    return undefined;
  }
  if (!existsSync("node_modules"))
    console.log(
      "set-up: the first time downloads about 500 MB, minutes on a slow line; a killed set-up goes on where it was",
    );
  const broken = await runSteps(steps, keepGoing);
  console.log(`set-up: done in ${seconds(begin)}`);
  return broken;
}
