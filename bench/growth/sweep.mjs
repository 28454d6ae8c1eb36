import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { python } from "../../setup/python.mjs";

const base = {
  variant: "plain",
  widths: [784, 16, 784],
  activation: "relu",
  data: { set: "mnist", split: "tune", limit: 2000 },
  metrics: ["psnr"],
  epochs: 1,
  batchSize: 100,
  optimizer: "adam",
  learningRate: 0.002,
  schedule: "constant",
  loss: "squaredError",
};

/** Seconds of a whole sweep, from the command to its last result. */
function seconds(experiments, workers) {
  const folder = mkdtempSync(path.join(tmpdir(), "growth-"));
  const sweep = path.join(folder, "sweep.json");
  const seeds = Array.from({ length: experiments }, (_, i) => i);
  writeFileSync(sweep, JSON.stringify({ base, experiments: [{ seed: { each: seeds } }] }));
  const options = ["--out", path.join(folder, "out.jsonl"), "--workers", String(workers)];
  const begin = performance.now();
  const { status, stderr } = spawnSync(python, ["-m", "autoencoder_sweep", sweep, ...options], {
    env: { ...process.env, PYTHONPATH: "src/sweep", npm_node_execpath: process.execPath },
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  if (status !== 0) throw new Error(`a sweep must end with 0, got ${status}\n${stderr}`);
  return (performance.now() - begin) / 1000;
}

/** Seconds of a sweep of tiny trainings against experiments and workers. */
export function sweep(quick) {
  const [counts, workers, of] = quick ? [[2, 6], [1, 2], 6] : [[4, 16, 64], [1, 2, 4], 16];
  const known = new Map();
  const measured = (experiments, workers) => {
    const key = `${experiments} ${workers}`;
    if (!known.has(key)) known.set(key, seconds(experiments, workers));
    return known.get(key);
  };
  const both = Math.min(2, cpus().length);
  const bySize = counts.map((count) => [count, measured(count, both)]);
  const byWorkers = workers.map((count) => [count, measured(of, count)]);
  return [
    { of: "a sweep", by: "experiments", unit: "s", points: bySize },
    { of: `${of} experiments`, by: "workers", unit: "s", points: byWorkers },
  ];
}
