// What damaged files do to the readers of the library: `node bench/faults.mjs [--inputs 120000] [--kills 12]`.
// Each input must be answered or refused with an error, within a second and a bounded memory. Writes bench/faults.md.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(path.join(root, "dist/index.js"));
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const inputs = option("inputs", 120_000);
const kills = option("kills", 12);
const seed = 11;

require("./engine/compat.js");
const { load, readIdx, save } = require("./index.js");
const { experimentsOf } = require("./sweep/expand.js");
const { codeCells } = require("./kernel/typecheck-cells.js");
const tf = require("@tensorflow/tfjs-node");

const folder = mkdtempSync(path.join(tmpdir(), "faults-"));
const file = path.join(folder, "input");

/** A sound file with bytes changed, cut out, doubled or put in. */
function damaged(sound) {
  const at = fc.nat(sound.length - 1);
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 });
  const odd = fc.constantFrom(
    ...["{", "}", "[", "]", '"', ",", "null", "-1", "1e999", "\0", "\ud800"].map(Buffer.from),
  );
  const put = fc.tuple(at, fc.nat(8), fc.oneof(bytes, odd)).map(
    ([i, gone, b]) =>
      (file) =>
        Buffer.concat([file.subarray(0, i), b, file.subarray(i + gone)]),
  );
  const cut = at.map((i) => (file) => file.subarray(0, i));
  const flip = fc.tuple(at, fc.nat(7)).map(([i, bit]) => (file) => {
    const copy = Buffer.from(file);
    if (i < copy.length) copy[i] ^= 1 << bit;
    return copy;
  });
  const changes = fc.array(fc.oneof(put, flip, cut), { minLength: 1, maxLength: 4 });
  return fc.oneof(
    { weight: 9, arbitrary: changes.map((all) => all.reduce((file, change) => change(file), sound)) },
    fc.uint8Array({ maxLength: 200 }).map(Buffer.from),
  );
}

/** Any JSON where a document is expected, or a sound document with one field replaced. */
const documentLike = (sound) =>
  fc.oneof(
    fc.jsonValue(),
    fc.tuple(fc.nat(40), fc.jsonValue()).map(([which, value]) => {
      const copy = structuredClone(sound);
      const places = [];
      JSON.stringify(copy, function (key, inner) {
        if (key !== "") places.push([this, key]);
        return inner;
      });
      const [holder, key] = places[which % places.length];
      holder[key] = value;
      return copy;
    }),
  );

const header = Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
save(file, {
  parameters: { W: tf.ones([2, 3]), b: tf.zeros([3]) },
  optimizer: { steps: tf.scalar(3, "int32") },
  step: 3,
});
const checkpoint = readFileSync(file);
const sweep = JSON.parse(readFileSync(path.join(root, "sweeps/choose.json"), "utf8"));
const small = { base: sweep.base, experiments: sweep.experiments.slice(0, 1) };
const notebook = {
  nbformat: 4,
  metadata: { kernelspec: { name: "autoencoders" } },
  cells: [
    { cell_type: "markdown", source: ["# A"], metadata: {} },
    { cell_type: "code", source: ["const a = 1;\n", "a"], metadata: { tags: [] }, outputs: [] },
  ],
};

const dispose = ({ parameters, optimizer = {} }) => tf.dispose([parameters, optimizer]);
const onFile = (read) => (bytes) => {
  writeFileSync(file, bytes);
  return read(file);
};
const json = (value) => Buffer.from(JSON.stringify(value));

const readers = [
  ["IDX file", damaged(header), onFile(readIdx)],
  ["safetensors checkpoint", damaged(checkpoint), onFile((name) => dispose(load(name)))],
  ["sweep document, JSON values", documentLike(small), experimentsOf],
  ["sweep document, bytes", damaged(json(small)), (bytes) => experimentsOf(JSON.parse(bytes.toString()))],
  ["notebook, JSON values", documentLike(notebook).map(json), onFile(codeCells)],
  ["notebook, bytes", damaged(json(notebook)), onFile(codeCells)],
];

const rows = [];
for (const [kind, arbitrary, read] of readers) {
  const tried = Math.ceil(inputs / readers.length);
  const [tensors, memory] = [tf.memory().numTensors, process.memoryUsage().rss];
  let [answered, refused, slowest, other] = [0, 0, 0, 0];
  for (const input of fc.sample(arbitrary, { numRuns: tried, seed })) {
    const start = performance.now();
    try {
      await read(input);
      answered++;
    } catch (error) {
      // An error of the engine's, such as "Cannot read properties of undefined", is a fault that was not foreseen.
      if (error instanceof Error && !/^Cannot |is not (a function|iterable)|Maximum call stack/.test(error.message))
        refused++;
      else if (other++ < 3) console.error(`${kind}: ${error}`);
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  const grown = Math.max(0, process.memoryUsage().rss - memory) / 2 ** 20;
  const left = tf.memory().numTensors - tensors;
  rows.push({ kind, tried, answered, refused, other, slowest, grown, left });
  console.log(`${kind}: ${tried} tried, ${answered} answered, ${refused} refused, ${other} other`);
}
rmSync(folder, { recursive: true });

/** Runs a test file in its long version; what it reports of itself. */
function long(name, env) {
  const { stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", `dist/${name}.test.js`], {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(stdout)?.[1] ?? Number.NaN);
  return { pass: count("pass"), fail: count("fail"), killed: stdout.match(/killed at step/g)?.length ?? 0 };
}

const killed = long("killed", { KILLS: String(Math.ceil(kills / 4)) });
const extremes = long("extremes", { FUZZ_RUNS: "1000" });
const code =
  rows.some(({ other, left, slowest }) => other > 0 || left > 0 || slowest > 1000) || killed.fail || extremes.fail;

writeFileSync(
  path.join(root, "bench/faults.md"),
  `# Faults

Written by \`npm run bench -- faults\`, Node ${process.versions.node}, seed ${seed}. *Answered*: the input was still sound, or sound enough to read. *Refused*: an error
that does not read like one of the language itself. *Other*: one that does, where the reader did not foresee the input. No input crashed or hung the process where this table exists.

| input | tried | answered | refused | other | slowest, ms | memory grown, MB | tensors left |
|---|---|---|---|---|---|---|---|
${rows.map((r) => `| ${r.kind} | ${r.tried.toLocaleString("en")} | ${r.answered.toLocaleString("en")} | ${r.refused.toLocaleString("en")} | ${r.other} | ${r.slowest.toFixed(0)} | ${r.grown.toFixed(0)} | ${r.left} |`).join("\n")}

| fault | tried | survived |
|---|---|---|
| SIGKILL to a process that saves after every step, then resumed: the same losses and weights as unbroken (Adam and Momentum, replayed and eager) | ${killed.killed} | ${killed.fail === 0 ? killed.killed : "not all"} |
| public functions under extreme values, wrong shapes and disposed tensors, up to 1,000 inputs each (10,000 where no tensor is made): properties | ${extremes.pass + extremes.fail} | ${extremes.pass} |
`,
);
process.exit(code ? 1 : 0);
