// The linear probe at the size of a chapter: hundreds of steps of its solver on 784 pixels.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { mnist } from "./datasets";
import { assertClose, fixture } from "./fixtures/fixtures";
import { fitSoftmax } from "./linear-probe";
import { linearProbeAccuracy } from "./metrics";

test("1,000 digits of 784 pixels: scikit-learn's minimum, and a ridge as good as any by cross-validation", async () => {
  const [known, asked] = [await mnist("train"), await mnist("test")];
  const codes = known.images.slice([0, 0], [1000, 784]);
  const labels = Int32Array.from(known.labels.slice(0, 1000).dataSync());
  const accuracies: number[] = [];
  for (const { ridge, accuracy, loss } of fixture("probe")) {
    accuracies.push(accuracy);
    if (ridge < 1e-2) continue; // thousands of steps
    const model = fitSoftmax(codes, labels, 10, ridge);
    assert.ok(Math.abs(model.loss / loss - 1) < 1e-3, `ridge ${ridge}: ${model.loss} and ${loss}`);
    const predicted = tf.tidy(() => model.scores(asked.images).argMax(1).equal(asked.labels));
    assertClose(predicted.sum().dataSync()[0] / 10_000, accuracy, 0.001, 1);
    model.dispose();
    predicted.dispose();
  }
  const chosen = linearProbeAccuracy(
    { codes, labels },
    { codes: asked.images, labels: asked.labels },
  );
  assert.ok(chosen > Math.max(...accuracies) - 0.005, `${chosen} and ${accuracies}`);
  tf.dispose([codes, known.images, known.labels, asked.images, asked.labels]);
});
