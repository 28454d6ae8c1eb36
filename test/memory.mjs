// Memory held by training, chapters and reruns: `node test/memory.mjs [--only
// "train;cost;allocators;rerun;repeats;alone;together"] [--runs 50] [--chapters "03;11"]`. Writes
// test/memory.json, where what is not measured anew stays, and test/memory.md. Linux only. The
// chapters take about 20 minutes, and again in turn.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { projectSpec } from "../setup/kernelspec.mjs";
import { page } from "./memory/page.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "..");
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const env = { AE_SEED: "1", TF_NUM_INTRAOP_THREADS: "1", ...process.env };
const linesOf = (command, args, more) =>
  execFileSync(command, args, {
    encoding: "utf8",
    env: { ...env, ...more },
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "inherit"],
  })
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const script = (name, ...args) =>
  linesOf(process.execPath, [path.join(here, "memory", name), ...args])[0];

const wanted = option("chapters")?.split(";");
const notebooks = path.join(root, "notebooks");
const series = readdirSync(notebooks)
  .filter((name) => name.endsWith(".ipynb"))
  .sort()
  .map((name) => path.join(notebooks, name));
const notebook = (number) => series.find((file) => path.basename(file).startsWith(number));
const chapters = wanted ? wanted.map(notebook) : series;

/** Memory of a kernel after each job; `kept` without disposal of unreachable tensors. */
function inKernel(jobs, kept = false) {
  const spec = projectSpec();
  if (kept) spec.argv.splice(1, 0, "-r", path.join(here, "memory/never.cjs"));
  const python = path.join(root, ".venv/bin/python");
  return linesOf(python, [
    path.join(here, "memory/kernel.py"),
    JSON.stringify(spec),
    notebooks,
    ...jobs,
  ]);
}

const imports = 'import * as tf from "@tensorflow/tfjs-node"; import * as ae from "autoencoders";';
const cell =
  'const { images } = await ae.mnist("test"), net = ae.autoencoder([784, 256, 784], { activation: "relu" }); ae.squaredError(images, net.decode(net.encode(images))).dataSync()';
const runs = Number(option("runs", 50));
const rerun = (kept) => inKernel([imports, ...new Array(runs).fill(cell)], kept).slice(1);

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
function cost() {
  const pairs = Array.from({ length: 5 }, () => [
    script("cost.mjs", "false"),
    script("cost.mjs", "true"),
  ]);
  return Object.keys(pairs[0][0]).map((name) => ({
    name,
    stock: median(pairs.map(([stock]) => stock[name])),
    watched: median(pairs.map(([, watched]) => watched[name])),
    ratio: median(pairs.map(([stock, watched]) => watched[name] / stock[name])),
  }));
}

/**
 * Memory of a process after its tensors are disposed of, by what its environment says of
 * allocation: nothing, a part, or all that the kernelspec says.
 */
function allocators() {
  const given = Object.entries(projectSpec().env);
  const some = (kind) => Object.fromEntries(given.filter(([name]) => kind.test(name)));
  const settings = {
    "as TensorFlow comes": {},
    "the system's allocator": some(/ALLOCATOR/),
    "and its thresholds, as in the kernel": some(/ALLOCATOR|MALLOC/),
  };
  return Object.entries(settings).map(([name, more]) => {
    const [row] = linesOf(process.execPath, [path.join(here, "memory/given-back.mjs")], more);
    return { name, ...row };
  });
}

const file = path.join(here, "memory.json");
const { model } = cpus()[0];
const machine = {
  cpu: model.trim(),
  cores: cpus().length,
  node: process.versions.node,
  load: loadavg()[0].toFixed(1),
};
const result = { ...(existsSync(file) && JSON.parse(readFileSync(file, "utf8"))), machine, cell };
/** Of chapters that are not measured, what is known stays. */
function alone(keep) {
  const rows = new Map((result.alone ?? []).map((row) => [row.name, row]));
  const sorted = () => [...rows.values()].sort((a, b) => a.name.localeCompare(b.name));
  for (const chapter of chapters) {
    const [row] = inKernel([chapter]);
    rows.set(row.name, row);
    keep(sorted());
  }
  return sorted();
}

/**
 * A chapter run five times in one kernel, as a reader does who changes a line and runs all cells.
 */
const repeated = ["03", "08"];
const repeats = () =>
  Object.fromEntries(
    repeated.map((number) => [number, inKernel(new Array(5).fill(notebook(number)))]),
  );

const parts = {
  train: () => [script("train.mjs", "true"), script("train.mjs", "false")],
  cost,
  allocators,
  rerun: () => ({ disposed: rerun(false), kept: rerun(true) }),
  repeats,
  alone,
  together: () => inKernel(chapters),
};

for (const part of option("only", Object.keys(parts).join(";")).split(";")) {
  const keep = (found) => {
    result[part] = found;
    writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
    writeFileSync(path.join(here, "memory.md"), page(result));
  };
  keep(parts[part](keep));
}
console.log(page(result));
