// The steps of set-up, in order. Each says what must hold, and is skipped while its stamp is fresh.
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { placeData } from "./data.mjs";
import { installPython, installReport, python } from "./python.mjs";
import { fail, run } from "./say.mjs";
import { hashOf, isStamped, stamp } from "./stamp.mjs";
import { linkTensorFlow } from "./tensorflow.mjs";

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const steps = [
  {
    name: "node packages",
    key: () => hashOf("package-lock.json", ".npmrc"),
    holds: () => existsSync("node_modules/typescript/bin/tsc"),
    bytes: 900e6,
    run: () => run(npm, ["ci"], { cure: "npm must reach its registry; check the connection or the proxy" }),
  },
  {
    name: "python packages",
    key: () => hashOf("setup/requirements.txt"),
    holds: () => existsSync(python),
    bytes: 400e6,
    run: installPython,
  },
  {
    name: "native TensorFlow",
    key: () => hashOf("setup/tensorflow.mjs", "package-lock.json") + process.platform + process.arch,
    holds: () => existsSync("node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node"),
    bytes: 1.4e9,
    run: linkTensorFlow,
  },
  {
    name: "library and kernel",
    key: () => hashOf("src", "tsconfig.json", "setup/bundle-live.mjs", "package-lock.json"),
    holds: () => existsSync("dist/index.js"),
    run: async () => {
      await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { cure: "mend the type errors" });
      if (existsSync("setup/bundle-live.mjs")) await run(process.execPath, ["setup/bundle-live.mjs"]);
    },
  },
  {
    name: "kernelspec and report exporter",
    key: () => hashOf("src/kernel", "src/report/pyproject.toml") + process.execPath + process.cwd(),
    holds: () => existsSync(".venv/share/jupyter/kernels/tslab/kernel.json"),
    run: async () => {
      await run(process.execPath, ["dist/kernel/install.js", ".venv"]);
      await installReport();
    },
  },
  {
    name: "data",
    key: () => hashOf("data/checksums.txt"),
    holds: () => existsSync("data/mnist/t10k-labels-idx1-ubyte"),
    bytes: 60e6,
    run: placeData,
  },
];

/** Two set-ups at once would tread on each other: the second waits for the first; the lock of a dead process is taken over. */
async function locked(work) {
  const lock = ".cache/setup.lock";
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST")
        fail(
          `${lock} could not be written (${error.code}); the project's folder must be writable and the disk not full`,
        );
      const owner = Number(readFileSync(lock, "utf8"));
      try {
        process.kill(owner, 0);
        await new Promise((wake) => setTimeout(wake, 500));
      } catch {
        rmSync(lock, { force: true });
      }
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

export async function setUp() {
  const due = () => steps.filter((step) => !(isStamped(step.name.replaceAll(" ", "-"), step.key()) && step.holds()));
  const begin = Date.now();
  if (due().length === 0) return console.log(`set-up: nothing to do (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  await locked(async () => {
    for (const step of steps) {
      const name = step.name.replaceAll(" ", "-");
      if (isStamped(name, step.key()) && step.holds()) continue;
      const free = statfsSync(".");
      if (step.bytes && free.bavail * free.bsize < step.bytes)
        fail(
          `${step.name} needs ${(step.bytes / 1e9).toFixed(1)} GB of disk, ${((free.bavail * free.bsize) / 1e9).toFixed(1)} GB is free; make room and run the command again`,
        );
      const start = Date.now();
      process.stdout.write(`set-up: ${step.name} … `);
      const note = await step.run();
      stamp(name, step.key());
      console.log(
        `${((Date.now() - start) / 1000).toFixed(1)} s${typeof note === "string" && note.length < 120 ? ` (${note})` : ""}`,
      );
    }
  });
  console.log(`set-up: done in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
}
