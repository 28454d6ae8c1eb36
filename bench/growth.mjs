// Growth of time and memory: training against batch, width, depth and rows; the exporter against
// cells and outputs; the kernel against cells run; the sweep against experiments and workers.
// `npm run bench -- growth [--quick] [--only "training;exporter;kernel;sweep"]`. Writes
// bench/growth.json, bench/growth.md and bench/growth.svg; --quick, or a part alone, prints only.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { drawing } from "./growth/drawing.mjs";
import { exporter } from "./growth/exporter.mjs";
import { kernel } from "./growth/kernel.mjs";
import { page } from "./growth/page.mjs";
import { sweep } from "./growth/sweep.mjs";
import { training } from "./growth/training.mjs";
import { load, machine } from "./train/machine.mjs";

const parts = { training, exporter, kernel, sweep };
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(parts).join(";") },
  },
});

const loadBefore = load();
const begin = performance.now();
const curves = {};
for (const name of values.only.split(";")) {
  curves[name] = await parts[name](values.quick);
  console.log(`${name}: ${Math.round((performance.now() - begin) / 1000)} s since the start`);
}
const result = {
  machine: machine(loadBefore),
  seconds: Math.round((performance.now() - begin) / 1000),
  curves,
};
const text = page(result);
if (!values.quick && Object.keys(parts).every((name) => name in curves)) {
  writeFileSync("bench/growth.json", JSON.stringify(result));
  spawnSync(process.execPath, [
    "node_modules/@biomejs/biome/bin/biome",
    ...["format", "--write", "bench/growth.json"],
  ]);
  writeFileSync("bench/growth.md", text);
  writeFileSync("bench/growth.svg", drawing(result));
}
console.log(text);
