// Kinds of damaged input and their readers. Inputs are sound bytes with changes, or documents.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(root, "src/autoencoders/dist/index.js"));
require("./engine/compat.js");
export const tf = require("@tensorflow/tfjs-node");
const { load, readIdx, readTable: table, save } = require("./index.js");
const { experimentsOf } = require("../../sweep/dist/expand.js");
const { codeCells } = require("../../kernel/dist/typecheck-cells.js");

const folder = mkdtempSync(path.join(tmpdir(), "faults-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, "input.csv");
const onFile = (read) => (bytes) => {
  writeFileSync(file, bytes);
  return read(file);
};
const json = (value) => Buffer.from(JSON.stringify(value));

save(file, {
  parameters: { W: tf.ones([2, 3]), b: tf.zeros([3]) },
  optimizer: { steps: tf.scalar(3, "int32") },
  step: 3,
});
const checkpoint = readFileSync(file);
const sweep = JSON.parse(readFileSync(path.join(root, "data/sweeps/choose.json"), "utf8"));
const small = { base: sweep.base, experiments: sweep.experiments.slice(0, 1) };
const notebook = {
  nbformat: 4,
  metadata: { kernelspec: { name: "autoencoders" } },
  cells: [
    { cell_type: "markdown", source: ["# A"], metadata: {} },
    { cell_type: "code", source: ["const a = 1;\n", "a"], metadata: { tags: [] }, outputs: [] },
  ],
};

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

const tokens = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  "\n",
  "null",
  "-1",
  "1e999",
  "NaN",
  "\0",
  "__proto__",
];
const anyToken = fc.constantFrom(...tokens.map((token) => Buffer.from(token)));
const anyBytes = fc.uint8Array({ maxLength: 64 });

/** Bytes with one to three changes: a cut, a bit, or other bytes in place of up to eight. */
const damaged = (sound) => {
  const at = fc.nat(sound.length + 64);
  const change = fc.oneof(
    at.map((end) => (bytes) => bytes.subarray(0, end)),
    fc.tuple(at, fc.nat(7)).map(([i, bit]) => (bytes) => {
      const copy = Buffer.from(bytes);
      if (i < copy.length) copy[i] ^= 1 << bit;
      return copy;
    }),
    fc.tuple(at, fc.nat(8), fc.oneof(anyToken, anyBytes)).map(
      ([i, gone, put]) =>
        (bytes) =>
          Buffer.concat([bytes.subarray(0, i), put, bytes.subarray(i + gone)]),
    ),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((bytes, one) => one(bytes), sound));
};

const bytes = (sound, read, more) => ({ sound, inputs: damaged(sound), read, ...more });
const documents = (sound, read) => ({ sound, inputs: documentLike(sound), read });

/** By name: a sound input, damaged inputs and the reader. */
export const readers = {
  "IDX file": bytes(
    Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]),
    onFile(readIdx),
  ),
  "CSV table, through danfo": bytes(
    Buffer.from('name,x,y\na,1,2.5\nb,-3,\n"c, ""d""",4,5e-3\n'),
    onFile(() => table("input", { directory: folder })),
    { share: 0.3 }, // it takes ten times as long as the others
  ),
  "safetensors checkpoint": bytes(
    checkpoint,
    onFile((name) => {
      const { parameters, optimizer = {} } = load(name);
      tf.dispose([parameters, optimizer]);
    }),
  ),
  "sweep document, bytes": bytes(json(small), (text) => experimentsOf(JSON.parse(`${text}`))),
  "sweep document, JSON values": documents(small, experimentsOf),
  "notebook, bytes": bytes(json(notebook), onFile(codeCells)),
  "notebook, JSON values": documents(notebook, (value) => onFile(codeCells)(json(value))),
};
