import "./engine/compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import {
  absoluteError,
  affine,
  bernoulliKL,
  binaryCrossEntropy,
  contraction,
  deadUnits,
  explainedVariance,
  gaussian,
  gaussianKL,
  kl,
  klBernoulli,
  klGaussian,
  l0,
  l1,
  l2,
  marginLosses,
  masking,
  meanL0,
  pca,
  principalAngles,
  psnr,
  random,
  saltAndPepper,
  squaredError,
  topK,
  unitNormRows,
} from ".";

const numRuns = Number(process.env.FUZZ_RUNS ?? 100);
const draw = { normal: random(1).normal, uniform: random(1).uniform } as never;

/** What each function of tensors makes of two tensors that need not suit it. */
const functions: Record<string, (a: tf.Tensor, b: tf.Tensor) => unknown> = {
  squaredError,
  absoluteError,
  binaryCrossEntropy,
  l0,
  l1,
  l2,
  bernoulliKL: (a) => bernoulliKL(0.1, a),
  gaussianKL,
  contraction: (a, b) => contraction(a, b, "tanh"),
  unitNormRows,
  affine: (a, b) => affine(a, b, tf.zeros([2])),
  topK: (a) => topK(a, 2),
  gaussian: (a) => gaussian(0.5)(a, { draw }),
  masking: (a) => masking(0.5)(a, { draw }),
  saltAndPepper: (a) => saltAndPepper(0.5)(a, { draw }),
  psnr: (a, b) => psnr(a, b),
  explainedVariance,
  meanL0: (a) => meanL0(a),
  deadUnits: (a) => deadUnits(a),
  pca: (a) => pca(a as tf.Tensor2D),
  principalAngles: (a, b) => principalAngles(a as tf.Tensor2D, b as tf.Tensor2D),
};

const extreme = [0, -0, 1, -1, 0.5, 1e38, -1e38, 1e-38, 1e-45, -1e-45];
const number = fc.oneof(fc.constantFrom(...extreme), fc.float({ noNaN: true, noDefaultInfinity: true }));
const beyond = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const shape = fc.oneof(
  fc.constantFrom([], [0], [3], [0, 3], [3, 0], [1, 1], [1, 3], [2, 2, 2]),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
);
const filled = (values: fc.Arbitrary<number>) =>
  fc.tuple(shape, fc.constantFrom("float32", "float32", "float32", "int32", "disposed"), fc.infiniteStream(values));

type Filled = [number[], string, fc.Stream<number>];
function made([shape, kind, stream]: Filled): tf.Tensor {
  const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
  const tensor = tf.tensor(values, shape, kind === "int32" ? "int32" : "float32");
  if (kind === "disposed") tensor.dispose();
  return tensor;
}

const clear = /must|cannot|not defined|at least/;

for (const [name, f] of Object.entries(functions)) {
  test(`${name} answers or refuses by name whatever tensors it is given, and keeps none`, () => {
    fc.assert(
      fc.property(filled(fc.oneof({ weight: 9, arbitrary: number }, beyond)), filled(number), (a, b) => {
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const [x, y] = [made(a as Filled), made(b as Filled)];
          const live = tf.memory().numTensors;
          let result: unknown;
          try {
            result = f(x, y);
          } catch (error) {
            const { message, name } = error as Error;
            assert.match(message, clear, `${name}: ${message}`);
            assert.ok(!/Cannot read|is not a function|undefined is not/.test(message), message);
            return;
          }
          if (name !== "affine") assert.ok(tf.memory().numTensors - live <= (result instanceof tf.Tensor ? 1 : 0));
        });
        assert.equal(tf.memory().numTensors, before);
      }),
      { numRuns },
    );
  });
}

const small = fc.float({ min: Math.fround(-1e15), max: Math.fround(1e15), noNaN: true });
const pair = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })).chain(([n, d]) => {
  const values = fc.array(fc.oneof(small, fc.constantFrom(0, -0, 1e-38, 1e-45, -1e-45)), {
    minLength: n * d,
    maxLength: n * d,
  });
  return fc.tuple(fc.constant([n, d] as [number, number]), values, values);
});

test("losses and norms of finite numbers below 1e15 are finite and not below 0", () => {
  fc.assert(
    fc.property(pair, ([shape, a, b]) =>
      tf.tidy(() => {
        const [x, y] = [tf.tensor2d(a, shape, "float32"), tf.tensor2d(b, shape, "float32")];
        const unit = tf.sigmoid(x);
        const values = {
          squared: squaredError(x, y),
          absolute: absoluteError(x, y),
          entropy: binaryCrossEntropy(unit, y),
          l0: l0(x),
          l1: l1(x),
          l2: l2(x),
          gaussianKL: gaussianKL(x, tf.clipByValue(y, -80, 80)),
        };
        for (const [name, value] of Object.entries(values)) {
          const v = value.dataSync()[0];
          assert.ok(Number.isFinite(v) && v >= -1e-6, `${name}: ${v}`);
        }
        for (const v of unitNormRows(x).square().sum(1).dataSync())
          assert.ok(v === 0 || Math.abs(v - 1) < 1e-5, `norm² ${v}`);
      }),
    ),
    { numRuns },
  );
});

test("a NaN in the data is a NaN in the loss, never a number", () => {
  fc.assert(
    fc.property(pair, fc.nat(), ([shape, a, b], at) =>
      tf.tidy(() => {
        const bad = a.map((v, i) => (i === at % a.length ? Number.NaN : v));
        const [x, y] = [tf.tensor2d(bad, shape, "float32"), tf.tensor2d(b, shape, "float32")];
        for (const f of [squaredError, absoluteError, binaryCrossEntropy, gaussianKL])
          assert.ok(Number.isNaN(f(x, y).dataSync()[0]), f.name);
        for (const f of [l1, l2]) assert.ok(Number.isNaN(f(x).dataSync()[0]), f.name);
      }),
    ),
    { numRuns },
  );
});

test("divergences of any numbers are at least 0 or refused with a RangeError", () => {
  const any = fc.oneof(fc.double(), fc.constantFrom(0, 1, 1e-308, 5e-324, 1e308), fc.double({ min: 0, max: 1 }));
  const holds = (f: () => number) => {
    try {
      const value = f();
      assert.ok(value >= 0, `got ${value}`);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      assert.match(error.message, /must/);
    }
  };
  fc.assert(
    fc.property(any, any, any, any, (a, b, c, d) => {
      holds(() => klBernoulli(a, b));
      holds(() => kl([a, 1 - a], [b, 1 - b]));
      holds(() => kl([a, b], [c, d]));
      holds(() => klGaussian({ mean: a, sd: b }, { mean: c, sd: d }));
    }),
    { numRuns: 10 * numRuns },
  );
});

test("margin losses of any number but NaN are at least 0 and no NaN", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (m) => {
      for (const [name, { value, derivative }] of Object.entries(marginLosses)) {
        assert.ok(value(m) >= 0, `${name}(${m}) = ${value(m)}`);
        if (Number.isFinite(m)) assert.ok(!Number.isNaN(derivative(m)), `${name}′(${m})`);
      }
    }),
    { numRuns: 10 * numRuns },
  );
});
