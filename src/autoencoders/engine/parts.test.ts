import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { gaussian, masking } from "../corruption";
import { outputOf } from "../fixtures/graph-output";
import { backend, boolAttribute, op, typeAttribute } from "./backend";
import { constantNode, openSession } from "./graph";
import { fastKernels } from "./kernels";
import { drawsOf } from "./noise";
import { inParts } from "./parts";
import { record } from "./record";

fastKernels();
const rows = 6;
const x = tf.randomNormal([rows, 8], 0, 1, "float32", 1) as tf.Tensor2D;
const w = tf.randomNormal([8, 8], 0, 1, "float32", 2) as tf.Tensor2D;
const b = tf.randomNormal([8], 0, 1, "float32", 3);
const column = tf.randomNormal([rows], 0, 1, "float32", 5);
const square = tf.randomNormal([rows, rows], 0, 1, "float32", 4) as tf.Tensor2D;
const step = tf.scalar(3, "int32");
const draw = () => drawsOf(1, step);

/** An operation, and true if its last node is made of parts. */
const works: Record<string, [parts: boolean, () => tf.Tensor]> = {
  "a product by a matrix": [true, () => x.matMul(w)],
  "a product by a matrix transposed": [true, () => x.matMul(w, false, true)],
  "a sum of outer products": [true, () => x.matMul(x.sigmoid(), true)],
  "the inner products of all pairs of rows": [true, () => x.matMul(x, false, true)],
  "a product by a square matrix of as many rows": [true, () => square.matMul(square)],
  "a transposed product whose second factor is transposed too": [
    false,
    () => square.matMul(square, true, true),
  ],
  "a bias": [true, () => x.matMul(w).add(b)],
  "a bias as long as the batch": [true, () => square.add(square.sum(0))],
  "two factors with all rows": [true, () => x.mul(x.tanh())],
  "one row for all": [true, () => x.sub(x.mean(0, true))],
  "one number for all": [true, () => x.mul(3)],
  "a column times a batch": [true, () => x.sum(1, true).mul(x)],
  "a sum over the columns": [true, () => x.square().sum(1)],
  "a sum over the rows": [true, () => x.square().sum(0)],
  "a sum over the rows, kept as one": [true, () => x.square().sum(0, true)],
  "a sum over all": [true, () => x.square().sum()],
  "a mean over the columns": [true, () => x.mean(1)],
  "a mean over the rows": [false, () => x.mean(0)],
  "the largest of each row": [true, () => x.max(1)],
  "the largest of each column": [false, () => x.max(0)],
  "a comparison, and a cast": [true, () => x.greater(0).toFloat()],
  "a choice": [true, () => tf.where(x.greater(0), x, x.neg())],
  "softmax of rows": [true, () => tf.softmax(x as tf.Tensor)],
  "a choice by one condition for each row": [
    false,
    () => op("Select", [column.greater(0), x, x.neg()], typeAttribute("T")),
  ],
  "a product of rank 2 among those of a product for each row": [
    false,
    () =>
      op(
        "BatchMatMulV2",
        [square, square],
        typeAttribute("T"),
        boolAttribute("adj_x", false),
        boolAttribute("adj_y", false),
      ),
  ],
  "a product for each row": [
    true,
    () => tf.matMul(x.reshape([rows, 4, 2]), x.reshape([rows, 2, 4])),
  ],
  "a sum over the rows after one that meets them": [true, () => x.sub(x.mean(0)).square().sum(0)],
  "two outputs of one op": [false, () => tf.topk(x, 2).values],
  transposed: [false, () => x.transpose()],
  "normal draws": [true, () => draw().normal([rows, 8])],
  "uniform draws": [true, () => draw().uniform([rows, 8])],
  "draws that four do not divide in each part": [false, () => draw().uniform([rows, 1])],
  "noise on a batch": [true, () => gaussian(0.3)(x, { draw: draw() })],
  "masked entries of a batch": [true, () => masking(0.3)(x, { draw: draw() })],
};

for (const [name, [inPieces, work]] of Object.entries(works))
  test(`${name}: ${inPieces ? "in parts" : "whole"}, with the same numbers`, () => {
    tf.tidy(() => {
      const recording = record("n", new Map(), () => tf.tidy(work));
      const output = recording.nameOf(recording.result);
      for (const parts of [2, 3]) {
        const nodes = inParts(recording.nodes, recording.outputs, rows, parts, 0);
        const last = nodes.find((node) => node.name === output.split(":")[0]);
        assert.ok(last, `${output} is there`);
        assert.equal(
          nodes.some(({ name }) =>
            [`${last.name}_part${parts - 1}`, `${last.name}_term${parts - 1}`].includes(name),
          ),
          inPieces,
          `parts: ${parts}`,
        );
        const [whole, divided] = [recording.nodes, nodes].map((graph) =>
          outputOf(graph, recording.captured, output),
        );
        assert.deepEqual(divided.shape, whole.shape);
        const scale = Math.max(1, ...whole.toFloat().abs().dataSync());
        const gap = Math.max(...whole.toFloat().sub(divided.toFloat()).abs().dataSync());
        assert.ok(gap <= (/draws/.test(name) ? 0 : 1e-6 * scale), `${gap}`);
      }
    });
  });

test("a step stays whole where parts do not divide its rows, where there is one, and where its products are small", () => {
  tf.tidy(() => {
    const { nodes, outputs } = record("n", new Map(), () => x.matMul(w));
    assert.notEqual(inParts(nodes, outputs, rows, 2, rows * 64), nodes);
    for (const [parts, worthwhile] of [
      [4, 0],
      [1, 0],
      [2, rows * 64 + 1],
    ])
      assert.equal(inParts(nodes, outputs, rows, parts, worthwhile), nodes);
  });
});

test("a graph with a name twice or an input that is not there is refused", () => {
  const { binding } = backend();
  const one = constantNode("one", binding.TF_INT32, Int32Array.of(1), []);
  assert.throws(() => openSession([one, one]), /node "one" must have a name of its own/);
  const lost = { ...one, name: "two", inputs: ["none:1"] };
  assert.throws(() => openSession([one, lost]), /node "two" must have inputs .*, got "none:1"/);
});
