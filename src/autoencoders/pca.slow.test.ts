// PCA of all digits: 60,000 rows.
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { mnist } from "./datasets";
import { assertClose, assertLeaves, fixture } from "./fixtures/fixtures";
import { squaredError } from "./losses";
import { pca } from "./pca";

const numbers = fixture("pca");

test("pca of 60,000 digits, which are bytes, has NumPy's float64 eigenvalues to 1e-11, centered or not", async () => {
  const { images, labels } = await mnist("train");
  const p = assertLeaves(0, () => pca(images));
  assertClose(p.eigenvalues.subarray(0, 100), numbers.mnist.eigenvalues, 1e-11, 0);
  assertClose(
    p.eigenvalues.reduce((sum, v) => sum + v, 0),
    numbers.mnist.sum,
    1e-12,
    0,
  );
  assertClose(pca(images, 100, { center: false }).eigenvalues, numbers.mnist.uncentred, 1e-11, 0);
  const left = p.eigenvalues.slice(32).reduce((sum, v) => sum + v, 0);
  const error = tf.tidy(() => squaredError(images, p.reconstruct(images, 32)).arraySync());
  assertClose(error, left, 1e-6, 0);
  tf.dispose([images, labels]);
});

test("32 components of 60,000 digits are those of all 784, signs included", async () => {
  const { images, labels } = await mnist("train");
  const [all, p] = [pca(images), pca(images, 32)];
  assertClose(p.eigenvalues, all.eigenvalues.subarray(0, 32), 1e-11, 0);
  assertClose(p.explainedVarianceRatio, all.explainedVarianceRatio.subarray(0, 32), 1e-11, 0);
  const first = all.components.subMatrix(0, 783, 0, 31);
  assertClose(p.components.to1DArray(), first.to1DArray(), 1e-8, 1);
  tf.dispose([images, labels]);
});

test("pca of 60,000 images that are no bytes has NumPy's float64 eigenvalues to 1e-11", async () => {
  const { images, labels } = await mnist("train");
  const dimmed = images.mul(0.3) as tf.Tensor2D;
  assertClose(assertLeaves(0, () => pca(dimmed, 100)).eigenvalues, numbers.mnist.dimmed, 1e-11, 0);
  tf.dispose([images, labels, dimmed]);
});
