import "../engine/compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { DataFrame } from "danfojs-node";
import { format } from "./formatters";

const text = (value: unknown) => String(format(value)?.["text/plain"]);
const page = (value: unknown) => String(format(value)?.["text/html"]);

test("a tensor shows its type, its shape and its first numbers, and leaks nothing", () => {
  const matrix = tf.tensor2d([
    [1, 0.5],
    [-2, 3],
  ]);
  const before = tf.memory().numTensors;
  assert.match(page(matrix), /<caption[^>]*>Tensor \[2, 2\] float32<\/caption>/);
  assert.match(text(matrix), /0\t1\t0\.5\n1\t-2\t3$/);
  assert.match(page(tf.scalar(7, "int32")), /Tensor \[\] int32<[\s\S]*>7</);
  assert.match(page(tf.variable(tf.ones([3]))), /Variable \[3\] float32/);
  assert.equal(tf.memory().numTensors, before + 3);
});

test("a big tensor shows its corner and says so", () => {
  assert.match(page(tf.ones([2, 100, 784])), /Tensor \[2, 100, 784\] float32, the first 8 × 8</);
  assert.ok(page(tf.ones([1000, 784])).length < 10_000);
});

test("an empty or disposed tensor, and text, show their shape only", () => {
  assert.equal(text(tf.zeros([0, 3])), "Tensor [0, 3] float32");
  assert.equal(text(tf.tensor1d(["a"])), "Tensor [1] string");
  const gone = tf.ones([2]);
  gone.dispose();
  assert.equal(text(gone), "Tensor [2] float32, disposed of");
});

test("a danfo frame shows as a table with what its columns are called, escaped", () => {
  const frame = new DataFrame({
    "a<b": Array.from({ length: 30 }, (_, i) => i),
    name: new Array(30).fill("x"),
  });
  assert.match(page(frame), /30 rows × 2 columns, the first 20 rows/);
  assert.match(page(frame), /a&#60;b/);
  assert.equal(page(frame).match(/<tr>/g)?.length, 21);
});

test("anything else is left to the kernel", () => {
  for (const value of [
    undefined,
    null,
    3,
    "text",
    [1],
    {},
    { columns: ["a"], values: [[1]] },
    new Float32Array(3),
  ])
    assert.equal(format(value), undefined);
});
