// Waiting times of four kernels in one run:
// `node bench/kernel.mjs [--runs 3] [--deno <path of deno>]`. Writes bench/kernel.json and prints a
// table; medians over the runs. Deno is left out when it is not given or found.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { projectSpec } from "../setup/kernelspec.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const text = (otherwise) => ({ type: "string", default: otherwise });
const { values } = parseArgs({
  options: { runs: text("3"), cells: text("60"), deno: { type: "string" } },
});
const [runs, cells] = [Number(values.runs), Number(values.cells)];
const python = path.join(root, ".venv/bin/python");

const deno = values.deno ?? (spawnSync("deno", ["--version"]).status === 0 ? "deno" : undefined);
const imports = [
  'import * as tf from "@tensorflow/tfjs-node";',
  'import * as ae from "autoencoders";',
];
const spec = (argv, language, env = {}) => ({ argv, language, display_name: language, env });
const compat = path.join(root, "src/autoencoders/dist/engine/compat.js");
const preload = existsSync(compat) ? ["-r", compat] : [];
const quiet = { TF_CPP_MIN_LOG_LEVEL: "2" };

const kernels = {
  "this kernel": [projectSpec(), imports],
  "stock tslab": [
    spec(
      [
        process.execPath,
        ...preload,
        path.join(root, "node_modules/tslab/bin/tslab"),
        "kernel",
        "--config-path={connection_file}",
      ],
      "typescript",
      quiet,
    ),
    imports,
  ],
  ipykernel: [spec([python, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "python"), []],
  ...(deno && {
    deno: [spec([deno, "jupyter", "--kernel", "--conn", "{connection_file}"], "typescript"), []],
  }),
};

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// Numbers from a busy machine say little: the load is kept beside them.
const loadBefore = Number(loadavg()[0].toFixed(1));
const results = {};
for (let run = 0; run < runs; run++)
  for (const [name, [kernel, lines]] of Object.entries(kernels)) {
    const args = [
      path.join(root, "bench/kernel/measure.py"),
      JSON.stringify(kernel),
      String(cells),
      ...lines,
      path.join(root, "notebooks"),
    ];
    try {
      const out = execFileSync(python, args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      results[name] ??= [];
      results[name].push(JSON.parse(out.trim().split("\n").at(-1)));
    } catch (error) {
      process.stderr.write(`${name}: ${error.message.split("\n")[0].slice(0, 120)}\n`);
    }
  }

const of = (name, pick) => {
  const found = results[name]?.map(pick).filter((value) => value !== undefined) ?? [];
  return found.length > 0 ? median(found) : undefined;
};
const table = Object.keys(kernels).map((name) => ({
  kernel: name,
  ready: of(name, (each) => each.ready),
  "first cell": of(name, (each) => each.first),
  "trivial cell p50": of(name, (each) => each.p50),
  "import tfjs": of(name, (each) => each.imports?.[0]),
  "import library": of(name, (each) => each.imports?.[1]),
  "p50 after imports": of(name, (each) => each["p50 after imports"]),
}));
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const report = {
  version,
  node: process.version,
  cpus: cpus().length,
  loadBefore,
  runs,
  cells,
  unit: "seconds, median",
  table,
};
writeFileSync(path.join(root, "bench/kernel.json"), `${JSON.stringify(report, null, 2)}\n`);
console.table(
  Object.fromEntries(
    table.map(({ kernel, ...row }) => [
      kernel,
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key,
          value === undefined ? "–" : `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms`,
        ]),
      ),
    ]),
  ),
);
