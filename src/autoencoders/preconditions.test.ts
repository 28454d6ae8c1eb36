import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { gaussian, masking, saltAndPepper } from "./corruption";
import { drawsOf } from "./engine";
import { assertRefuses, matrix } from "./fixtures/fixtures";
import { affine, autoencoder, heaviside, jumpReLU, tied, topK } from "./layers";
import { absoluteError, binaryCrossEntropy, marginLosses, squaredError } from "./losses";
import {
  deadUnits,
  explainedVariance,
  linearProbeAccuracy,
  meanL0,
  nearestNeighborAccuracy,
  psnr,
} from "./metrics";
import { pca, principalAngles } from "./pca";
import { bernoulliKL, contraction, gaussianKL, l0, l1, l2, unitNormRows } from "./penalties";

const ok = matrix([
  [0.5, 0.25, 0.125],
  [0.25, 0.75, 0.5],
]);
const b = tf.tensor1d([0, 0, 0]);
const W = matrix([
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]);
const labels = [0, 1];
const at = { draw: drawsOf(1, tf.scalar(1, "int32")) };
const model = autoencoder([3, 3, 3], { activation: "relu" });
const knot = tied([3, 3, 3], { activation: "relu" });
const fitted = pca(ok);

/**
 * Every argument of every function that takes a table of examples, with the name that its errors
 * give it.
 */
const arguments_: [string, string, (x: tf.Tensor) => unknown][] = [
  ["squaredError", "x", (x) => squaredError(x, ok)],
  ["squaredError", "xHat", (x) => squaredError(ok, x)],
  ["absoluteError", "x", (x) => absoluteError(x, ok)],
  ["absoluteError", "xHat", (x) => absoluteError(ok, x)],
  ["binaryCrossEntropy", "x", (x) => binaryCrossEntropy(x, ok)],
  ["binaryCrossEntropy", "logits", (x) => binaryCrossEntropy(ok, x)],
  ["l0", "h", l0],
  ["l1", "h", l1],
  ["l2", "h", l2],
  ["bernoulliKL", "h", (h) => bernoulliKL(0.1, h)],
  ["gaussianKL", "mu", (x) => gaussianKL(x, ok)],
  ["gaussianKL", "logVar", (x) => gaussianKL(ok, x)],
  ["contraction", "h", (x) => contraction(x, W, "tanh")],
  ["contraction", "W", (x) => contraction(ok, x, "tanh")],
  ["unitNormRows", "W", unitNormRows],
  ["affine", "x", (x) => affine(x, W, b)],
  ["affine", "W", (x) => affine(ok, x, b)],
  ["encode", "x", (x) => model.encode(x)],
  ["decode", "h", (x) => model.decode(x)],
  ["tied encode", "x", (x) => knot.encode(x)],
  ["tied decode", "h", (x) => knot.decode(x)],
  ["topK", "x", (x) => topK(x, 1)],
  ["jumpReLU", "z", (x) => jumpReLU(0.5, 1)(x)],
  ["heaviside", "z", (x) => heaviside(0.5, 1)(x)],
  ["psnr", "x", (x) => psnr(x, ok)],
  ["psnr", "xHat", (x) => psnr(ok, x)],
  ["explainedVariance", "x", (x) => explainedVariance(x, ok)],
  ["explainedVariance", "xHat", (x) => explainedVariance(ok, x)],
  ["meanL0", "h", (x) => meanL0(x)],
  ["deadUnits", "h", (x) => deadUnits(x)],
  [
    "nearestNeighborAccuracy",
    "train.codes",
    (x) => nearestNeighborAccuracy({ codes: x, labels }, { codes: ok, labels }),
  ],
  [
    "nearestNeighborAccuracy",
    "test.codes",
    (x) => nearestNeighborAccuracy({ codes: ok, labels }, { codes: x, labels }),
  ],
  [
    "linearProbeAccuracy",
    "train.codes",
    (x) => linearProbeAccuracy({ codes: x, labels }, { codes: ok, labels }),
  ],
  [
    "linearProbeAccuracy",
    "test.codes",
    (x) => linearProbeAccuracy({ codes: ok, labels }, { codes: x, labels }),
  ],
  ["gaussian", "x", (x) => gaussian(0.1)(x, at)],
  ["masking", "x", (x) => masking(0.1)(x, at)],
  ["saltAndPepper", "x", (x) => saltAndPepper(0.1)(x, at)],
  ["pca", "x", (x) => pca(x)],
  ["pca encode", "x", (x) => fitted.encode(x)],
  ["pca decode", "h", (x) => fitted.decode(x)],
  ["pca reconstruct", "x", (x) => fitted.reconstruct(x)],
  ["principalAngles", "a", (x) => principalAngles(x, W)],
  ["principalAngles", "b", (x) => principalAngles(W, x)],
];

const gone = matrix([
  [1, 2, 3],
  [4, 5, 6],
]);
gone.dispose();
const wrong: [string, unknown, RegExp][] = [
  ["an int32 tensor", ok.toInt(), /must be float32, got int32; convert it with .*\.toFloat\(\)/],
  ["a bool tensor", ok.toBool(), /must be float32, got bool/],
  ["a string tensor", tf.tensor2d([["a", "b", "c"]]), /must be float32, got string; give numbers/],
  ["a disposed tensor", gone, /must be a live tensor, got one that was disposed of/],
  ["a vector", b, /must be a matrix, got shape \[3\]/],
  ["a scalar", tf.scalar(1), /must be a matrix, got shape \[\]/],
  ["a cube", tf.ones([2, 3, 1]), /must be a matrix, got shape \[2, 3, 1\]/],
  ["an array", [[1, 2, 3]], /must be a tensor, got an array of 1/],
  ["nothing", undefined, /must be a tensor, got undefined/],
  ["null", null, /must be a tensor, got null/],
  ["a number", 3, /must be a tensor, got number 3/],
];

for (const [kind, value, message] of wrong) {
  test(`every function refuses ${kind}, names the argument, and leaks nothing`, () => {
    for (const [, name, call] of arguments_) {
      assertRefuses(
        () => call(value as tf.Tensor),
        message,
        new RegExp(`^${name.replace(".", "\\.")} `),
      );
    }
  });
}

test("every function of examples refuses a table without rows or columns", () => {
  const empty = [tf.zeros([0, 3]), tf.zeros([2, 0])];
  for (const [, , call] of arguments_)
    for (const x of empty) assertRefuses(() => call(x), /, got shape \[(0, 3|2, 0)\]/);
});

test("tables of different shape are refused with both shapes", () => {
  const other = matrix([[1, 2, 3]]);
  for (const f of [squaredError, absoluteError, psnr, explainedVariance]) {
    assertRefuses(
      () => f(ok, other),
      /^x and xHat must have the same shape, got \[2, 3\] and \[1, 3\]/,
    );
  }
  assertRefuses(
    () => binaryCrossEntropy(ok, other),
    /^x and logits must have the same shape, got \[2, 3\] and \[1, 3\]/,
  );
  assertRefuses(
    () => gaussianKL(ok, other),
    /^mu and logVar must have the same shape, got \[2, 3\] and \[1, 3\]/,
  );
});

test("margin losses refuse what is neither a number nor a float32 tensor", () => {
  const whole = tf.tensor1d([1, 2], "int32");
  for (const { value, derivative } of Object.values(marginLosses)) {
    for (const f of [value, derivative]) {
      assertRefuses(() => f("1" as never), /^m must be a tensor, got "1"/);
      assertRefuses(() => f(whole), /^m must be float32, got int32/);
      assertRefuses(() => f(gone), /^m must be a live tensor/);
    }
  }
});
