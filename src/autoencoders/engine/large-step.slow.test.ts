// Steps that are large enough for parts of the batch, with every kind of objective.
import "./compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { all, objectives, options } from "../fixtures/objectives";
import { train } from "../train";

const large = [256, 64, 256];
for (const [name, [make, objectiveOf]] of Object.entries(objectives))
  test(`${name}: a large step, in parts of the batch, gives the losses of eager ones`, async () => {
    const x = tf.randomUniform([320, 256], 0, 1, "float32", 1) as tf.Tensor2D;
    const losses = async (replay: boolean) => {
      const model = make(large);
      const more = { ...options, epochs: 6, batchSize: 192, learningRate: 0.001, replay }; // 192, 128
      return (await all(train(objectiveOf(model), model.parameters, x, more))).map(
        ({ loss }) => loss,
      );
    };
    const [eager, replayed] = [await losses(false), await losses(true)];
    replayed.forEach((loss, i) => {
      const gap = Math.abs(loss / eager[i] - 1);
      assert.ok(gap < (i === 0 ? 1e-5 : 1e-3), `step ${i + 1}: ${eager[i]} and ${loss}`);
    });
  });
