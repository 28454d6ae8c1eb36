// Overhead of a sweep besides its experiments: `node bench/sweep.mjs [--experiments 10000]`. Writes
// bench/sweep.json and prints a table. The experiments answer at once, so that all that is measured
// is the driver, Dask, the process of each and the results file.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const options = { experiments: { type: "string", default: "10000" } };
const many = Number(parseArgs({ options }).values.experiments);
const folder = mkdtempSync(path.join(tmpdir(), "sweep-"));
const answer = `read -r line; printf '{"experiment":%s,"status":"done","metrics":{},"curves":{},"seconds":{"total":0}}\\n' "$line"`;
const script = path.join(folder, "answer.sh");
writeFileSync(script, answer);

function seconds(name, experiments, workers, ...run) {
  const sweep = path.join(folder, `${name}.json`);
  writeFileSync(sweep, JSON.stringify({ experiments: [experiments] }));
  const begin = performance.now();
  const args = [
    "-m",
    "autoencoder_sweep",
    sweep,
    "--out",
    `${sweep}l`,
    "--workers",
    String(workers),
    ...run,
  ];
  const done = spawnSync(path.join(root, ".venv/bin/python"), args, {
    cwd: root,
    encoding: "utf8",
    env: {
      ...process.env,
      PYTHONPATH: path.join(root, "src/sweep"),
      npm_node_execpath: process.execPath,
    },
  });
  if (done.status !== 0) throw new Error(done.stderr);
  const results = readFileSync(`${sweep}l`, "utf8").trim().split("\n").map(JSON.parse);
  return {
    all: (performance.now() - begin) / 1000,
    inside: results.reduce((sum, r) => sum + r.seconds.total, 0),
  };
}

const seeds = (n) => ({ each: Array.from({ length: n }, (_, i) => i) });
const raw = { variant: "raw", data: { set: "mnist", split: "tune", limit: 100 }, metrics: ["l0"] };
const plain = {
  variant: "plain",
  widths: [784, 64, 784],
  activation: "relu",
  ...{
    epochs: 2,
    batchSize: 128,
    optimizer: "adam",
    learningRate: 0.001,
    schedule: "constant",
    loss: "squaredError",
  },
  data: { set: "mnist", split: "tune" },
  metrics: ["squaredErrorPerPixel"],
};

try {
  const one = seconds("one", { ...plain, seed: seeds(8) }, 1);
  const two = seconds("two", { ...plain, seed: seeds(8) }, 2);
  const empty = seconds("many", { ...raw, seed: seeds(many) }, 2, "--run", `sh '${script}'`);
  const found = {
    machine: `${cpus().length} × ${cpus()[0].model}`,
    date: new Date().toISOString().slice(0, 10),
    "8 experiments, 1 worker, s": one.all,
    "8 experiments, 2 workers, s": two.all,
    "two workers against one": one.all / two.all,
    "beside the experiments, 1 worker, s each": (one.all - one.inside) / 8,
    experiments: many,
    "driver, Dask and process, ms each": (1000 * empty.all) / many,
  };
  for (const [name, value] of Object.entries(found))
    if (typeof value === "number") found[name] = Number(value.toPrecision(3));
  console.table(found);
  writeFileSync(path.join(root, "bench/sweep.json"), `${JSON.stringify(found, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
