import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { describeModels, describeTensors } from "./describe-tensorflow";

require("../../../autoencoders/dist/engine/compat");
const tf = require("@tensorflow/tfjs-node") as typeof import("@tensorflow/tfjs-node");
describeModels(tf);
describeTensors(tf.scalar(0));

const layers = () => [
  tf.layers.dense({ units: 3, inputShape: [4], name: "encoder" }),
  tf.layers.dense({ units: 4, name: "decoder" }),
];

test("a model prints its layers with shapes and parameters, whatever made it", () => {
  const lines = [
    "  Dense encoder [null, 4] → [null, 3], 15 parameters",
    "  Dense decoder [null, 3] → [null, 4], 16 parameters",
  ];
  const model = tf.sequential({ layers: layers(), name: "m" });
  assert.equal(
    inspect(model),
    ["Sequential m [null, 4] → [null, 4], 31 parameters", ...lines].join("\n"),
  );
  const input = tf.input({ shape: [4], name: "x" });
  const [encoder, decoder] = layers();
  const outputs = decoder!.apply(encoder!.apply(input)) as typeof input;
  const functional = inspect(tf.model({ inputs: input, outputs, name: "f" }));
  assert.deepEqual(functional.split("\n").slice(-2), lines);
  assert.equal(inspect({ model }).includes("encoder"), false);
  assert.match(inspect({ model }), /model: Sequential m \[null, 4\] → \[null, 4\], 31 parameters/);
});

test("a model or layer without weights says that it is not built, one with branches its shapes", () => {
  assert.equal(inspect(tf.sequential({ name: "empty" })), "Sequential empty, not built");
  assert.equal(inspect(tf.layers.dense({ units: 2, name: "d" })), "Dense d, not built");
  const inputs = [tf.input({ shape: [2] }), tf.input({ shape: [3] })];
  const joined = tf.layers.concatenate({ name: "c" }).apply(inputs) as (typeof inputs)[0];
  const model = tf.model({ inputs, outputs: joined, name: "two" });
  assert.match(inspect(model), /^\w+ two \[null, 2\], \[null, 3\] → \[null, 5\], 0 parameters/);
});

test("a layer that was used twice still prints", () => {
  const shared = tf.layers.dense({ units: 2, name: "twice" });
  shared.apply(tf.input({ shape: [2] }));
  shared.apply(tf.input({ shape: [2] }));
  assert.match(inspect(shared), /^Dense twice/);
});
