// Ours: reads a task a line and answers with seconds and a result that says that it was done.
process.env.TF_NUM_INTRAOP_THREADS ??= String((await import("node:os")).availableParallelism());

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
require("../../src/autoencoders/dist/engine/compat.js");
const dist = "../../src/autoencoders/dist";
const { linearProbeAccuracy, mnist, nearestNeighborAccuracy, pca } = require(`${dist}/index.js`);
const { covariance, leadingEigen, symmetricEigen } = require(`${dist}/engine/index.js`);
const { momentsOfBytes } = require(`${dist}/engine/moments.js`);
const [train, test] = [await mnist("train"), await mnist("test")];
const d = 784;
const principal = pca(train.images, 32);
const coded = ({ images, labels }) => ({ codes: principal.encode(images), labels });
const [known, asked] = [coded(train), coded(test)];
const allComponents = () => pca(train.images).eigenvalues.reduce((sum, value) => sum + value, 0); // always in float64

/** The largest ‖Cv − λv‖/λ₁ of the pairs. */
function residual({ components, eigenvalues }) {
  const { matrix } = covariance(train.images);
  const norms = Array.from(eigenvalues, (value, j) => {
    const v = components.getColumn(j);
    return Math.hypot(
      ...v.map((entry, i) => v.reduce((sum, e, l) => sum + matrix[i * d + l] * e, -value * entry)),
    );
  });
  return `residual ${(Math.max(...norms) / eigenvalues[0]).toPrecision(2)}`;
}

/** Seconds by part of PCA of k components. */
function parts(k) {
  const seconds = (work) => {
    const begin = performance.now();
    work();
    return (performance.now() - begin) / 1000;
  };
  const { matrix } = covariance(train.images);
  const moments = seconds(() => momentsOfBytes(train.images));
  const finished = seconds(() => covariance(train.images));
  const solver = seconds(() => (k === d ? symmetricEigen(matrix, d) : leadingEigen(matrix, d, k)));
  const whole = seconds(() => pca(train.images, k));
  return [moments, finished - moments, solver, whole - finished - solver, whole];
}

const work = {
  "read MNIST": async () => {
    const { images, labels } = await mnist("train");
    const [n] = images.shape;
    images.dispose();
    labels.dispose();
    return n;
  },
  "PCA, all 784": allComponents,
  "PCA, all 784, both in float64": allComponents,
  "PCA, 32 components, both in float64": () => {
    const p = pca(train.images, 32);
    return () => residual(p);
  },
  "parts of PCA, all 784": () => parts(d),
  "parts of PCA, 32 components": () => parts(32),
  "1-nearest neighbor, 32 numbers": () => nearestNeighborAccuracy(known, asked),
  "linear probe, 32 numbers": () => linearProbeAccuracy(known, asked, { ridge: 1 / 60_000 }),
};
for await (const task of createInterface({ input: process.stdin })) {
  const begin = performance.now();
  const done = await work[task]();
  const seconds = (performance.now() - begin) / 1000;
  let result = typeof done === "function" ? done() : done; // what is not timed
  if (typeof result === "number") result = Number(result.toPrecision(6));
  console.log(JSON.stringify({ seconds, result }));
}
process.exit(0);
