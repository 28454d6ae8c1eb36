// Ours: reads a task a line and answers with seconds and a number that says that it was done.
process.env.TF_NUM_INTRAOP_THREADS ??= String((await import("node:os")).availableParallelism());

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
require("../../src/autoencoders/dist/engine/compat.js");
const {
  linearProbeAccuracy,
  mnist,
  nearestNeighborAccuracy,
  pca,
} = require("../../src/autoencoders/dist/index.js");
const [train, test] = [await mnist("train"), await mnist("test")];
const principal = pca(train.images, 32);
const coded = ({ images, labels }) => ({ codes: principal.encode(images), labels });
const [known, asked] = [coded(train), coded(test)];
const allComponents = () => pca(train.images).eigenvalues.reduce((sum, value) => sum + value, 0); // always in float64
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
  "1-nearest neighbor, 32 numbers": () => nearestNeighborAccuracy(known, asked),
  "linear probe, 32 numbers": () => linearProbeAccuracy(known, asked),
};
for await (const task of createInterface({ input: process.stdin })) {
  const begin = performance.now();
  const result = await work[task]();
  console.log(
    JSON.stringify({
      seconds: (performance.now() - begin) / 1000,
      result: Number(result.toPrecision(6)),
    }),
  );
}
process.exit(0);
