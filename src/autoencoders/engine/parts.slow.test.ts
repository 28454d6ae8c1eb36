// Random graphs in parts: a session for each.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { outputOf } from "../fixtures/graph-output";
import { fastKernels } from "./kernels";
import { inParts } from "./parts";
import { record } from "./record";

fastKernels();
const rows = 6;
const square = tf.randomNormal([rows, rows], 0, 1, "float32", 4) as tf.Tensor2D;

test("any graph of matrices as wide as the batch is long is split with the same numbers and no name twice", () => {
  const steps: ((a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor)[] = [
    (a, b) => a.matMul(b),
    (a, b) => a.matMul(b, true),
    (a, b) => a.matMul(b, false, true),
    (a, b) => a.matMul(b, true, true),
    (a, b) => a.add(b),
    (a, b) => a.mul(b.sigmoid()),
    (a, b) => a.add(b.sum(0)),
    (a, b) => a.sub(b.sum(1, true)),
    (a, b) => tf.where(a.greater(b), a, b),
    (a) => a.transpose(),
    (a, b) => a.mul(b.square().sum()),
    (a) => a.tanh(),
  ];
  const choice = fc.tuple(fc.nat(steps.length - 1), fc.nat(99), fc.nat(99));
  fc.assert(
    fc.property(fc.array(choice, { minLength: 1, maxLength: 8 }), (choices) => {
      tf.tidy(() => {
        const recording = record("n", new Map(), () => {
          const made = [square];
          for (const [op, a, b] of choices) {
            const next = steps[op](made[a % made.length], made[b % made.length]);
            made.push(next.div(next.abs().max().add(1)) as tf.Tensor2D);
          }
          return tf.addN(made);
        });
        const output = recording.nameOf(recording.result);
        const nodes = inParts(recording.nodes, recording.outputs, rows, 2, 0);
        const divided = outputOf(nodes, recording.captured, output);
        assert.ok(tf.max(tf.abs(tf.sub(recording.result, divided))).dataSync()[0] < 1e-4);
      });
    }),
    { numRuns: 150 },
  );
});
