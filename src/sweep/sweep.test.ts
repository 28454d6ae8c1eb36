import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { random } from "autoencoders";
import fc from "fast-check";
import { estimatedSeconds } from "./cost";
import { evaluate, firstOfEachClass, sideBySide } from "./evaluate";
import { expand, experimentsOf, idOf } from "./expand";
import { type Experiment, metricNames, readExperiment } from "./experiment";
import { methodOf } from "./methods";

const common = {
  seed: 1,
  data: { set: "mnist", split: "tune" },
  metrics: ["squaredErrorPerPixel"],
} as const;
const trained = {
  ...common,
  epochs: 1,
  batchSize: 16,
  optimizer: "adam",
  learningRate: 0.001,
  schedule: "constant",
  loss: "binaryCrossEntropy",
} as const;
const dense = { ...trained, widths: [784, 6, 784], activation: "relu" } as const;

const oneOfEach: Experiment[] = [
  { variant: "plain", ...dense },
  { variant: "linear", ...trained, widths: [784, 6, 784] },
  { variant: "l1", ...dense, lambda: 0.1 },
  { variant: "kl", ...dense, rho: 0.1, beta: 0.1 },
  { variant: "topk", ...dense, k: 2 },
  { variant: "jumprelu", ...dense, lambda: 0.1, bandwidth: 0.1 },
  { variant: "denoising", ...dense, corruption: { kind: "masking", p: 0.3 } },
  { variant: "contractive", ...trained, widths: [784, 6, 784], lambda: 0.1 },
  { variant: "variational", ...dense, widths: [784, 8, 6, 8, 784], beta: 1 },
  { variant: "convolutional", ...trained, channels: 2, code: 6 },
  { variant: "pca", ...common, k: 6 },
  { variant: "raw", ...common },
  { variant: "random", ...common, units: 6, activation: "relu" },
].map(readExperiment);

describe("an experiment", () => {
  for (const [field, value, said] of [
    ["lambda", "big", /experiment\.lambda: .*expected number.*got "big"/],
    ["widths", [784, 32], /experiment\.widths: .*got \[784,32\]/],
    ["widths", [10, 3, 10], /widths must be an odd number of widths that begin and end with 784/],
    ["lamda", 0.1, /Unrecognized key: "lamda"/],
    ["variant", "sparse", /experiment\.variant: .*got "sparse"/],
    ["learningRate", -1, /experiment\.learningRate: .*>0, got -1/],
    ["metrics", ["accuracy"], /experiment\.metrics\.0: .*got "accuracy"/],
  ] as const)
    it(`with ${field} ${JSON.stringify(value)} is refused with the field, what it must be and what it is`, () => {
      assert.throws(
        () => readExperiment({ variant: "l1", ...dense, lambda: 0.1, [field]: value }),
        said,
      );
    });

  it("is refused, and nothing else thrown, whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.throws(() => readExperiment(value), RangeError);
      }),
    );
  });

  it("starts tied only where there is one hidden layer", () => {
    for (const e of oneOfEach.filter(({ variant }) => /l1|topk|jumprelu/.test(variant)))
      assert.throws(
        () => readExperiment({ ...e, start: "tied", widths: [784, 20, 6, 20, 784] }),
        /^RangeError: experiment\.start: start may be "tied" for three widths only/,
      );
  });

  it("has a name that depends on its content and not on the order of its fields", () => {
    const [e] = oneOfEach;
    const turned = Object.fromEntries(Object.entries(e).reverse()) as Experiment;
    assert.equal(idOf(turned), idOf(e));
    assert.notEqual(idOf({ ...e, seed: 2 }), idOf(e));
  });
});

describe("a sweep", () => {
  it("crosses its choices, the first the slowest", () => {
    const document = { a: { each: [1, 2] }, b: [{ each: ["x", "y"] }], c: 3 };
    assert.deepEqual(expand(document), [
      { a: 1, b: ["x"], c: 3 },
      { a: 1, b: ["y"], c: 3 },
      { a: 2, b: ["x"], c: 3 },
      { a: 2, b: ["y"], c: 3 },
    ]);
  });

  it("lays each entry over its base and names the entry that is no experiment", () => {
    const base = { ...common, variant: "raw" };
    assert.deepEqual(
      experimentsOf({ base, experiments: [{ seed: { each: [3, 4] } }] }).map(
        ({ experiment }) => experiment.seed,
      ),
      [3, 4],
    );
    assert.throws(
      () => experimentsOf({ base, experiments: [{}, { seed: -1 }] }),
      /experiments\[1\]: experiment\.seed/,
    );
  });

  it("is counted before it is expanded, and refused when it is too large or too deep", () => {
    const ten = { each: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const fields = "abcdefghijkl".split("").map((name) => [name, ten]);
    assert.throws(
      () => experimentsOf({ experiments: [Object.fromEntries(fields)] }),
      /^RangeError: a sweep must have at most 100000 experiments, got 1000000000000; split it/,
    );
    const deep = (level: number): unknown => JSON.parse("[".repeat(level) + "]".repeat(level));
    for (const levels of [60, 100_000])
      for (const sweep of [{ experiments: [{ x: deep(levels) }] }, { experiments: [deep(levels)] }])
        assert.throws(
          () => experimentsOf(sweep),
          /^RangeError: (a sweep must be nested at most 50 levels|experiments\[0\] must be a record)/,
        );
  });

  it("is refused when it lists an experiment twice, when it is empty, and when a choice is", () => {
    const base = { ...common, variant: "raw" };
    assert.throws(
      () => experimentsOf({ base, experiments: [{}, {}] }),
      /listed once, got it twice/,
    );
    for (const bad of [
      null,
      [],
      { base },
      { base, experiments: [] },
      { experiments: [base], more: 1 },
    ])
      assert.throws(() => experimentsOf(bad), /a sweep must be/);
    assert.throws(
      () => experimentsOf({ base, experiments: [{ seed: { each: [] } }] }),
      /at least one value/,
    );
  });
});

describe("every variant", () => {
  const images = random(1).uniform<tf.Rank.R2>([40, 784]);
  const labels = tf.tensor1d(
    Array.from({ length: 40 }, (_, i) => i % 4),
    "int32",
  );

  for (const e of oneOfEach)
    it(`${e.variant} takes a gradient step where it is trained, and is measured by every metric`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const method = methodOf(e, images);
        if (method.objective) {
          const draw = {
            normal: (shape: number[]) => random(2).normal(shape as [number, number]),
            uniform: (shape: number[]) => random(2).uniform(shape as [number, number]),
          };
          const at = { draw, step: tf.scalar(1, "int32"), epoch: tf.scalar(0, "int32") };
          const { grads } = tf.variableGrads(
            () => tf.addN(Object.values(method.objective!(images, at))) as tf.Scalar,
            Object.values(method.parameters),
          );
          for (const gradient of Object.values(grads))
            assert.ok(tf.isFinite(gradient).all().dataSync()[0], "a gradient that is not finite");
        }
        const metrics = evaluate(
          method,
          { train: { images, labels }, test: { images, labels }, other: images },
          metricNames,
        );
        assert.deepEqual(Object.keys(metrics), [...metricNames]);
        for (const [name, value] of Object.entries(metrics))
          assert.ok(
            value === null ? !method.reconstruct : Number.isFinite(value),
            `${name} is ${value}`,
          );
        for (const parameter of Object.values(method.parameters)) parameter.dispose();
      });
      assert.ok(tf.memory().numTensors - before <= 4, "tensors left behind");
      assert.ok(estimatedSeconds(e) > 0);
    });
});

describe("pictures", () => {
  it("are the first image of each class, side by side, within half of a sixteenth of gray", async () => {
    const images = random(3).uniform<tf.Rank.R2>([12, 784]);
    const labels = tf.tensor1d([1, 1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 0], "int32");
    const shown = firstOfEachClass({ images, labels });
    const order = [2, 0, 3, 4, 5, 6, 7, 8, 9, 10];
    assert.deepEqual(shown.arraySync(), tf.gather(images, order).arraySync());
    const strip = tf.node.decodePng(Buffer.from(await sideBySide(shown), "base64"), 1);
    assert.deepEqual(strip.shape, [28, 280, 1]);
    const back = strip.reshape([28, 10, 28]).transpose([1, 0, 2]).reshape([10, 784]).div(255);
    assert.ok(tf.sub(back, shown).abs().max().asScalar().arraySync() <= 0.5 / 15 + 1e-6);
  });
});
