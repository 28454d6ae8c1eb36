// Kinds of damaged input and their readers. A kind has sound bytes, changed by chance and coverage,
// or documents of its own.
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
export const { random } = require("./index.js");
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

/** By name: sound bytes or documents, the reader, and the code that it is. */
export const readers = {
  "IDX file": {
    sound: Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]),
    read: onFile(readIdx),
    code: /dist\/datasets/,
  },
  "CSV table, through danfo": {
    sound: Buffer.from('name,x,y\na,1,2.5\nb,-3,\n"c, ""d""",4,5e-3\n'),
    read: onFile(() => table("input", { directory: folder })),
    code: /dist\/datasets|papaparse|danfojs-base\/(io|core)/,
    share: 0.3, // it takes ten times as long as the others
  },
  "safetensors checkpoint": {
    sound: checkpoint,
    read: onFile((name) => {
      const { parameters, optimizer = {} } = load(name);
      tf.dispose([parameters, optimizer]);
    }),
    code: /dist\/checkpoint/,
  },
  "sweep document, bytes": {
    sound: json(small),
    read: (bytes) => experimentsOf(JSON.parse(bytes.toString())),
    code: /sweep\/dist/,
  },
  "sweep document, JSON values": { documents: documentLike(small), read: experimentsOf },
  "notebook, bytes": {
    sound: json(notebook),
    read: onFile(codeCells),
    code: /kernel\/dist\/typecheck-cells/,
  },
  "notebook, JSON values": { documents: documentLike(notebook).map(json), read: onFile(codeCells) },
};
