// Waiting times of four kernels in one run: `npm run bench -- kernel [--runs 3] [--deno <path of
// deno>]`. Writes bench/kernel.json and prints a table; medians over the runs. Deno is left out
// when it is not given or found.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { projectSpec } from "../setup/kernelspec.mjs";
import { python } from "../setup/python.mjs";
import { median } from "./train/contender.mjs";
import { load, machine } from "./train/machine.mjs";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "3" }, deno: { type: "string" } },
});
const runs = Number(values.runs);
const cells = 60; // trivial ones, of which the median is taken

const deno = values.deno ?? (spawnSync("deno", ["--version"]).status === 0 ? "deno" : undefined);
const imports = [
  'import * as tf from "@tensorflow/tfjs-node";',
  'import * as ae from "autoencoders";',
];
const spec = (language, ...argv) => ({ argv, language, display_name: language });
const inProject = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const compat = inProject("src/autoencoders/dist/engine/compat.js");
const tslab = [inProject("node_modules/tslab/bin/tslab"), "kernel"];
const stock = spec(
  "typescript",
  ...[process.execPath, "-r", compat, ...tslab, "--config-path={connection_file}"],
);

const kernels = {
  "this kernel": [projectSpec(), imports],
  "stock tslab": [{ ...stock, env: { TF_CPP_MIN_LOG_LEVEL: "2" } }, imports],
  ipykernel: [
    spec("python", path.resolve(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"),
    [],
  ],
  ...(deno && {
    deno: [spec("typescript", deno, "jupyter", "--kernel", "--conn", "{connection_file}"), []],
  }),
};

// Numbers from a busy machine say little: the load is kept beside them.
const loadBefore = load();
const results = Object.fromEntries(Object.keys(kernels).map((name) => [name, []]));
for (let run = 0; run < runs; run++)
  for (const [name, [kernel, lines]] of Object.entries(kernels))
    try {
      const args = ["bench/kernel/measure.py", JSON.stringify(kernel), String(cells), ...lines];
      const how = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
      const out = execFileSync(python, [...args, "notebooks"], how);
      results[name].push(JSON.parse(out.trim().split("\n").at(-1)));
    } catch (error) {
      process.stderr.write(`${name}: ${error.message.split("\n")[0].slice(0, 120)}\n`);
    }

const columns = {
  ready: ({ ready }) => ready,
  "first cell": ({ first }) => first,
  "trivial cell p50": ({ p50 }) => p50,
  "import tfjs": ({ imports }) => imports?.[0],
  "import library": ({ imports }) => imports?.[1],
  "p50 after imports": (one) => one["p50 after imports"],
};
const rows = Object.entries(results).map(([name, found]) => [
  name,
  Object.entries(columns).map(([column, pick]) => [column, median(found.map(pick))]),
]);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const { node, cores } = machine();
const table = rows.map(([kernel, row]) => ({ kernel, ...Object.fromEntries(row) }));
const about = { version, node, cpus: cores, loadBefore, runs, cells, unit: "seconds, median" };
writeFileSync("bench/kernel.json", `${JSON.stringify({ ...about, table }, null, 2)}\n`);
const shown = (value) =>
  value === undefined ? "–" : `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms`;
console.table(
  Object.fromEntries(
    rows.map(([name, row]) => [name, Object.fromEntries(row.map(([c, v]) => [c, shown(v)]))]),
  ),
);
