// The steps of set-up, in order. A step runs when its stamp does not match its inputs or when what it made is gone.
import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { dataState, hasFashion, placeData, placeFashion } from "./data.mjs";
import { diskProblem, freeBytes } from "./disk.mjs";
import { filterOutputs } from "./git.mjs";
import { withLock } from "./lock.mjs";
import { npm } from "./npm.mjs";
import { hasKernel, installKernel, installPython, installReport, python } from "./python.mjs";
import { fail, SetupError } from "./say.mjs";
import { hashOf, isStamped, stamp, unstamp } from "./stamp.mjs";
import { isLinked, linkTensorFlow } from "./tensorflow.mjs";

const platform = `${process.platform} ${process.arch}`;

const steps = [
  {
    name: "node packages",
    key: () => hashOf("package-lock.json", ".npmrc") + platform,
    holds: () => existsSync("node_modules/typescript/bin/tsc") && existsSync("node_modules/autoencoders/package.json"),
    bytes: 0.9e9,
    run: () => npm(["ci", "--no-progress"]),
  },
  {
    name: "python packages",
    key: () => hashOf("setup/requirements.txt") + platform,
    holds: () => existsSync(python),
    bytes: 0.5e9,
    run: installPython,
  },
  {
    name: "native TensorFlow",
    key: () => hashOf("setup/tensorflow.mjs", "package-lock.json") + platform,
    holds: isLinked,
    bytes: 1.7e9,
    run: linkTensorFlow,
  },
  {
    name: "data",
    key: () => hashOf("data/checksums.txt") + dataState(),
    holds: () => true,
    bytes: 0.1e9,
    run: placeData,
  },
  {
    name: "Fashion-MNIST",
    key: () => hashOf("data/checksums.txt"),
    holds: hasFashion,
    bytes: 0.1e9,
    run: placeFashion,
  },
  {
    name: "library and kernel",
    key: () => hashOf("src", "tsconfig.json", "setup/bundle-live.mjs", "package-lock.json"),
    holds: () => existsSync("dist/.tsbuildinfo"),
    mayBreak: true,
    run: build,
  },
  {
    name: "kernelspec",
    key: () => hashOf("src/kernel") + process.execPath + process.cwd(),
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
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

async function runStep(step) {
  const free = freeBytes();
  const problem = diskProblem(step.name, step.bytes, free);
  if (problem) fail(problem);
  const start = Date.now();
  process.stdout.write(`set-up: ${step.name} … `);
  for (const name of [step.name, ...(inside[step.name] ?? [])]) unstamp(name);
  const note = await step.run();
  stamp(step.name, step.key());
  console.log(`${seconds(start)}${typeof note === "string" && note.length < 120 ? ` (${note.trim()})` : ""}`);
}

async function runDue(keepGoing) {
  let broken;
  for (const step of steps) {
    if (isDone(step)) continue;
    try {
      await runStep(step);
    } catch (error) {
      if (!(error instanceof SetupError) || !step.mayBreak || !keepGoing) throw error;
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
  const broken = await withLock(".cache/setup.lock", () => runDue(keepGoing));
  console.log(`set-up: done in ${seconds(begin)}`);
  return broken;
}
