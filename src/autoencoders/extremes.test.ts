import "./engine/compat";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { readable } from "./claim";
import { assertLeaves } from "./fixtures/fixtures";
import { printed } from "./fixtures/printed";
import * as library from "./index";
import {
  absoluteError,
  binaryCrossEntropy,
  gaussianKL,
  kl,
  klBernoulli,
  klContinuous,
  klGaussian,
  l0,
  l1,
  l2,
  marginLosses,
  squaredError,
  unitNormRows,
} from "./index";

const numRuns = Number(process.env.FUZZ_RUNS ?? 100);
let tried = 0;
// The same inputs in every npm test; others when FUZZ_RUNS asks for more runs.
const seed = process.env.FUZZ_RUNS ? {} : { seed: 11 };
fc.configureGlobal({ ...seed, includeErrorInReport: true, beforeEach: () => void tried++ });
const draw = { normal: library.random(1).normal, uniform: library.random(1).uniform } as never;

type OfTensors = (a: tf.Tensor, b: tf.Tensor) => unknown;

/** Codes with labels of two classes, and the first class for all where the two differ in length. */
const labeled = (codes: tf.Tensor) => ({
  codes,
  labels: Array.from({ length: codes.shape[0] ?? 0 }, (_, i) => i % 2),
});
const seen = (codes: tf.Tensor) => ({ codes, labels: new Array(codes.shape[0] ?? 0).fill(0) });

/** Results of each function of tensors for two tensors that need not suit it. */
const functions: Record<string, OfTensors> = {
  squaredError,
  absoluteError,
  binaryCrossEntropy,
  l0,
  l1,
  l2,
  bernoulliKL: (a) => library.bernoulliKL(0.1, a),
  gaussianKL,
  contraction: (a, b) => library.contraction(a, b, "tanh"),
  unitNormRows,
  affine: (a, b) => library.affine(a, b, tf.zeros([2])),
  topK: (a) => library.topK(a, 2),
  jumpReLU: (a) => library.jumpReLU(0.1, 0.5)(a),
  heaviside: (a) => library.heaviside(0.1, 0.5)(a),
  gaussian: (a) => library.gaussian(0.5)(a, { draw }),
  masking: (a) => library.masking(0.5)(a, { draw }),
  saltAndPepper: (a) => library.saltAndPepper(0.5)(a, { draw }),
  psnr: (a, b) => library.psnr(a, b),
  explainedVariance: library.explainedVariance,
  meanL0: (a) => library.meanL0(a),
  deadUnits: (a) => library.deadUnits(a),
  nearestNeighborAccuracy: (a, b) => library.nearestNeighborAccuracy(labeled(a), seen(b)),
  linearProbeAccuracy: (a, b) => library.linearProbeAccuracy(labeled(a), seen(b), { ridge: 0.01 }),
  pca: (a) => library.pca(a as tf.Tensor2D).explainedVarianceRatio,
  principalAngles: (a, b) => library.principalAngles(a, b),
};
for (const [name, { value, derivative }] of Object.entries(marginLosses)) {
  functions[`marginLosses.${name}.value`] = value;
  functions[`marginLosses.${name}.derivative`] = derivative;
}
/**
 * A number that is not NaN may be NaN in these: ∞ − ∞ of products that leave float32; the mean of a
 * code outside [0, 1].
 */
const mayLeave = ["affine", "contraction", "binaryCrossEntropy", "bernoulliKL"];
/** Constants. */
const blind = ["marginLosses.zeroOne.derivative"];

const extreme = [0, -0, 1, -1, 0.5, 1e38, -1e38, 1e-38, 1e-45, -1e-45];
const number = fc.oneof(
  fc.constantFrom(...extreme),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
);
const beyond = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const shape = fc.oneof(
  fc.constantFrom([], [0], [3], [0, 3], [3, 0], [1, 1], [1, 3], [2, 2, 2]),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
);
const filled = (values: fc.Arbitrary<number>) =>
  fc.tuple(
    shape,
    fc.constantFrom("float32", "float32", "float32", "int32", "disposed"),
    fc.infiniteStream(values),
  );

type Filled = [number[], string, fc.Stream<number>];
function made([shape, kind, stream]: Filled): tf.Tensor {
  const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
  const tensor = tf.tensor(values, shape, kind === "int32" ? "int32" : "float32");
  if (kind === "disposed") tensor.dispose();
  return tensor;
}

const language =
  /Cannot (?!find)|is not (a function|iterable)|undefined is not|reading '|Invalid array length/;

/** The error of a refusal says what must be; any other error is a fault. */
function refuses(error: unknown, name: string): void {
  assert.ok(error instanceof Error, `${name} threw ${String(error)}`);
  assert.match(error.message, /must|cannot|not defined|at least|ENOENT/, `${name}: ${error.stack}`);
  assert.doesNotMatch(error.message, language, name);
}

const numbersOf = (result: unknown): number[] => {
  if (typeof result === "number") return [result];
  return result instanceof tf.Tensor
    ? Array.from(result.dataSync())
    : Array.from(result as Float64Array);
};
const some = (
  test: (value: number) => boolean,
  { isDisposed, dtype, size }: tf.Tensor,
  data: () => ArrayLike<number>,
) => !isDisposed && dtype === "float32" && size > 0 && Array.from(data()).some(test);
const isNaNIn = (x: tf.Tensor) => some(Number.isNaN, x, () => x.dataSync());
const isInfiniteIn = (x: tf.Tensor) =>
  some(
    (v) => Math.abs(v) === Number.POSITIVE_INFINITY,
    x,
    () => x.dataSync(),
  );

for (const [name, f] of Object.entries(functions)) {
  const usesBoth = f.length === 2;
  test(`${name} answers or refuses by name whatever tensors it is given, keeps none, and neither makes nor swallows a NaN`, () => {
    fc.assert(
      fc.property(
        filled(fc.oneof({ weight: 9, arbitrary: number }, beyond)),
        filled(number),
        (a, b) => {
          const before = tf.memory().numTensors;
          tf.tidy(() => {
            const [x, y] = [made(a as Filled), made(b as Filled)];
            const live = tf.memory().numTensors;
            let result: unknown;
            try {
              result = f(x, y);
            } catch (error) {
              return refuses(error, name);
            }
            if (name !== "affine")
              assert.ok(tf.memory().numTensors - live <= (result instanceof tf.Tensor ? 1 : 0));
            const undefinedNow = numbersOf(result).some(Number.isNaN);
            if (isNaNIn(x)) {
              assert.ok(undefinedNow || blind.includes(name), `${name} swallowed a NaN`);
            } else if (!isInfiniteIn(x) && !(usesBoth && isInfiniteIn(y))) {
              assert.ok(!undefinedNow || mayLeave.includes(name), `${name} made a NaN`);
            }
          });
          assert.equal(tf.memory().numTensors, before);
        },
      ),
      { numRuns },
    );
  });
}

const small = fc.float({ min: Math.fround(-1e15), max: Math.fround(1e15), noNaN: true });
const pair = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([n, d]) => {
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

const divergence = fc.oneof(
  fc.double(),
  fc.constantFrom(0, 1, 1e-308, 5e-324, 1e308),
  fc.double({ min: 0, max: 1 }),
);

/** Asserts that a number is refused, or the answer holds. */
function holds<T>(name: string, f: () => T, right: (value: T) => boolean): void {
  let value: T;
  try {
    value = f();
  } catch (error) {
    refuses(error, name);
    return;
  }
  if (!right(value)) assert.fail(`${name}: got ${inspect(value)}`);
}

const folder = mkdtempSync(join(tmpdir(), "extremes-"));
after(() => rmSync(folder, { recursive: true }));

/** A property of exports that have arguments of their own. */
const own: Record<string, () => void | Promise<void>> = {
  "klBernoulli, kl, klGaussian of any numbers: at least 0, or refused": () =>
    fc.assert(
      fc.property(divergence, divergence, divergence, divergence, (a, b, c, d) => {
        const least = (value: number) => value >= 0;
        holds("klBernoulli", () => klBernoulli(a, b), least);
        holds("kl", () => kl([a, 1 - a], [b, 1 - b]), least);
        holds("kl", () => kl([a, b], [c, d]), least);
        holds("klGaussian", () => klGaussian({ mean: a, sd: b }, { mean: c, sd: d }), least);
      }),
      { numRuns: 10 * numRuns },
    ),
  "klContinuous of any densities on any range: at least 0 but for the mass left out, or refused":
    () => {
      const density = fc.oneof(
        fc.double().map((height) => () => height),
        fc
          .tuple(
            fc.double({ min: -1e3, max: 1e3, noNaN: true }),
            fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          )
          .map(
            ([mean, sd]) =>
              (s: number) =>
                Math.exp(-(((s - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI)),
          ),
        fc.constantFrom(
          (s: number) => (s >= 0 && s <= 1 ? 1 : 0),
          (s: number) => (s > 0 ? Math.exp(-s) : 0),
        ),
      );
      const end = fc.oneof(
        fc.double(),
        fc.constantFrom(0, 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1e308, 1e308),
      );
      fc.assert(
        fc.property(density, density, end, end, (p, q, from, to) =>
          holds(
            "klContinuous",
            () => klContinuous(p, q, [from, to]),
            (value) => value >= -2e-4,
          ),
        ),
        { numRuns },
      );
    },
  "marginLosses of any number: at least 0, NaN of NaN alone": () =>
    fc.assert(
      fc.property(fc.double(), (m) => {
        for (const [name, { value, derivative }] of Object.entries(marginLosses)) {
          assert.ok(
            Number.isNaN(m) ? Number.isNaN(value(m)) : value(m) >= 0,
            `${name}(${m}) = ${value(m)}`,
          );
          if (Number.isFinite(m)) assert.ok(!Number.isNaN(derivative(m)), `${name}′(${m})`);
        }
      }),
      { numRuns: 10 * numRuns },
    ),
  "psnr and explainedVariance do not depend on the unit, from 1e-15 to 1e15; a peak of any size gives a number":
    () =>
      fc.assert(
        fc.property(
          fc.integer({ min: -50, max: 50 }),
          fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
          (k, peak) =>
            tf.tidy(() => {
              const [x, y] = [
                tf.tensor2d([
                  [1, 2],
                  [3, 5],
                ]),
                tf.tensor2d([
                  [1, 2.5],
                  [3, 4],
                ]),
              ];
              const unit = 2 ** k;
              const near = (a: number, b: number) =>
                assert.ok(Math.abs(a - b) <= 1e-5 * Math.abs(b), `${a} and ${b} at 2^${k}`);
              near(library.psnr(x.mul(unit), y.mul(unit), { peak: unit }), library.psnr(x, y));
              near(
                library.explainedVariance(x.mul(unit), y.mul(unit)),
                library.explainedVariance(x, y),
              );
              assert.ok(Number.isFinite(library.psnr(x, y, { peak })));
            }),
        ),
        { numRuns },
      ),
  "nearestNeighborAccuracy and linearProbeAccuracy do not depend on the unit, from 1e-35 to 1e35":
    () => {
      const codes = library.random(2).normal<tf.Rank.R2>([40, 3]);
      const labels = Array.from(codes.dataSync()).flatMap((v, i) =>
        i % 3 === 0 ? [v > 0 ? 1 : 0] : [],
      );
      const sets = (unit: number) => ({ codes: tf.mul(codes, unit), labels });
      fc.assert(
        fc.property(fc.integer({ min: -116, max: 116 }), (k) =>
          tf.tidy(() => {
            for (const f of [
              library.nearestNeighborAccuracy,
              (a: library.LabeledCodes, b: library.LabeledCodes) =>
                library.linearProbeAccuracy(a, b, { ridge: 0.01 }),
            ])
              assert.equal(
                f(sets(2 ** k), sets(2 ** k)),
                f(sets(1), sets(1)),
                `${f.name} at 2^${k}`,
              );
          }),
        ),
        { numRuns: Math.ceil(numRuns / 5) },
      );
      codes.dispose();
    },
  "pca and principalAngles of matrices of any numbers: no NaN, or refused": () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.double()),
        (n, d, stream) => {
          const table = (rows: number) =>
            new Matrix(Array.from({ length: rows }, () => [...stream.take(d)]));
          const [x, y] = [table(n), table(n)];
          holds(
            "pca",
            () => library.pca(x),
            ({ eigenvalues, explainedVarianceRatio, reconstruct }) =>
              [...eigenvalues, ...explainedVarianceRatio, ...reconstruct(x).to1DArray()].every(
                Number.isFinite,
              ),
          );
          holds(
            "principalAngles",
            () => library.principalAngles(x, y),
            (angles) => angles.every((a) => a >= 0 && a <= Math.PI / 2),
          );
        },
      ),
      { numRuns },
    ),
  "random, defaultSeed: uniform and normal numbers are finite, whatever their bounds, or the bounds are refused":
    () =>
      fc.assert(
        fc.property(
          fc.double(),
          fc.double(),
          fc.oneof(fc.nat(5), fc.double({ max: 5 }), fc.double({ min: 2 ** 31 })),
          (a, b, size) => {
            tf.tidy(() => {
              const finite = (x: tf.Tensor) => x.dataSync().every(Number.isFinite);
              holds("uniform", () => library.random(3).uniform([size], a, b), finite);
              holds("normal", () => library.random(3).normal([size], a, b), finite);
            });
            holds(
              "random",
              () => library.random(a).next(),
              (value) => value >= 0 && value < 1,
            );
            holds(
              "integer",
              () => library.random(3).integer(a),
              (value) => value >= 0 && value < a,
            );
            holds(
              "defaultSeed",
              () => library.random(library.defaultSeed()).next(),
              (value) => value >= 0 && value < 1,
            );
          },
        ),
        { numRuns },
      ),
  "cosine of any rates: from one to the other at any step, or refused": () =>
    fc.assert(
      fc.property(
        fc.double(),
        fc.double(),
        fc.oneof(fc.nat(), fc.double()),
        fc.double(),
        (from, to, steps, step) =>
          holds(
            "cosine",
            () => library.cosine({ from, to, steps })(step),
            (rate) =>
              rate >= Math.min(from, to) * (1 - 1e-12) - 1e-300 &&
              rate <= Math.max(from, to) * (1 + 1e-12) + 1e-300,
          ),
      ),
      { numRuns: 10 * numRuns },
    ),
  "readable, claim, ClaimError: any number reads back within four digits, and a claim holds where the number lies":
    () => {
      printed(() => {
        fc.assert(
          fc.property(fc.double(), fc.double(), (value, bound) => {
            const back = Number(readable(value).replace("∞", "Infinity"));
            if (Math.abs(value) < 1.797e308)
              assert.ok(Math.abs(back - value) <= 5e-4 * Math.abs(value), readable(value));
            else if (!Number.isFinite(value)) assert.ok(Object.is(back, value), readable(value));
            for (const [side, right] of [
              ["below", value < bound],
              ["above", value > bound],
            ] as const) {
              try {
                library.claim("a", value, { [side]: bound } as never);
                assert.ok(right, `${value} ${side} ${bound}`);
              } catch (error) {
                if (Number.isNaN(bound)) refuses(error, "claim");
                else assert.ok(error instanceof library.ClaimError && !right, String(error));
              }
            }
          }),
          { numRuns: 10 * numRuns },
        );
      });
    },
  "gradientCheck of any scales: the worst error is a number, no NaN, and the parameters stay": () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(number, beyond), { minLength: 1, maxLength: 3 }),
        fc.oneof(number, beyond),
        (values, factor) =>
          assertLeaves(0, () => {
            const w = tf.tidy(() => tf.variable(tf.tensor1d(values)));
            const f = (p: Record<string, tf.Variable>) => p.w.mul(factor).tanh().sum();
            holds(
              "gradientCheck",
              () => library.gradientCheck(f, { w }),
              ({ worst }) => worst >= 0,
            );
            assert.deepEqual([...w.dataSync()], [...Float32Array.from(values)]);
            w.dispose();
          }),
      ),
      { numRuns },
    ),
  "autoencoder, tied, glorotUniform: any widths and activations make a code and a reconstruction, or are refused":
    () =>
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.integer({ min: -1, max: 6 }), fc.double({ max: 9 })), {
            maxLength: 6,
          }),
          fc.oneof(
            fc.constantFrom("relu", "tanh", "gelu", "none"),
            fc.constant((z: tf.Tensor) => tf.tanh(z)),
            fc.constant(() => 1),
          ),
          filled(number),
          (half, activation, filling) => {
            const before = tf.memory().numTensors;
            for (const make of [library.autoencoder, library.tied])
              tf.tidy(() => {
                const x = made(filling as Filled);
                const widths = [...half, ...half.slice(0, -1).reverse()];
                holds(
                  make.name,
                  () => {
                    const { encode, decode, parameters } = make(
                      [x.shape[1] ?? 2, ...widths, x.shape[1] ?? 2],
                      {
                        activation: activation as never,
                      },
                    );
                    try {
                      return decode(encode(x));
                    } finally {
                      tf.dispose(parameters);
                    }
                  },
                  (xHat) => xHat.shape[1] === x.shape[1],
                );
              });
            holds(
              "glorotUniform",
              () =>
                tf.tidy(() => [
                  ...library.glorotUniform(half[0], half[1], library.random(1)).dataSync(),
                ]),
              (w) => w.every(Number.isFinite),
            );
            assert.equal(tf.memory().numTensors, before);
          },
        ),
        { numRuns },
      ),
  "Adam, Momentum, Sgd of any numbers: a step leaves finite weights finite, or they are refused":
    () =>
      fc.assert(
        fc.property(
          fc.double(),
          fc.double(),
          fc.double(),
          fc.double(),
          small,
          (rate, a, b, c, slope) => {
            for (const make of [
              () => new library.Adam(rate, a, b, c),
              () =>
                new library.Adam(1e-3, Math.abs(a % 1), Math.abs(b % 1), 10 ** -Math.abs(c % 30)),
              () => new library.Momentum(rate, a),
              () => new library.Sgd(rate),
            ]) {
              const w = tf.tidy(() => tf.variable(tf.tensor1d([1, -2, 0])));
              holds(
                "optimizer",
                () => {
                  const optimizer = make();
                  const rated = Math.min(optimizer.learningRate, 1);
                  optimizer.learningRate = rated;
                  for (let i = 0; i < 3; i++)
                    tf.tidy(() =>
                      optimizer.applyGradients({ [w.name]: tf.tensor1d([slope, 0, 1]) }),
                    );
                  optimizer.dispose();
                  return w.dataSync();
                },
                (weights) => weights.every(Number.isFinite),
              );
              w.dispose();
            }
          },
        ),
        { numRuns },
      ),
  "train on any numbers: every loss it yields and every weight it leaves is finite, or it is refused":
    () =>
      fc.assert(
        fc.asyncProperty(
          filled(fc.oneof({ weight: 19, arbitrary: fc.oneof(small, number) }, beyond)),
          fc.record({
            epochs: fc.oneof(fc.nat(3), fc.double()),
            batchSize: fc.oneof(fc.nat(5), fc.double()),
            learningRate: fc.oneof(fc.double(), fc.constantFrom(1e-3, 1, 1e30, 1e38)),
          }),
          fc.constantFrom(
            () => undefined,
            () => new library.Sgd(),
            () => new library.Momentum(),
          ),
          async (filling, { epochs, ...options }, make) => {
            const x = made(filling as Filled) as tf.Tensor2D;
            const run = async () => {
              const w = tf.tidy(() => tf.variable(tf.tensor1d([0.5])));
              const optimizer = make();
              const objective = (x: tf.Tensor2D) => ({ l: squaredError(x, tf.mul(x, w)) });
              const all = {
                epochs: Math.min(epochs, 4),
                ...options,
                ...(optimizer && { optimizer }),
              };
              try {
                for await (const { loss, gradientNorm } of library.train(objective, { w }, x, all))
                  assert.ok(
                    Number.isFinite(loss) && !Number.isNaN(gradientNorm),
                    `${loss}, ${gradientNorm}`,
                  );
                assert.ok(Number.isFinite(w.dataSync()[0]), `the weight is ${w.dataSync()[0]}`);
              } catch (error) {
                refuses(error, "train");
              }
              optimizer?.dispose();
              w.dispose();
            };
            await run(); // may keep a constant of a new shape
            const before = tf.memory().numTensors;
            await run();
            assert.equal(tf.memory().numTensors, before);
            if (!x.isDisposed) x.dispose();
          },
        ),
        { numRuns },
      ),
  "save, load: any float32 numbers, shapes and names come back bit for bit": () => {
    const path = join(folder, "checkpoint");
    const tensor = fc.tuple(
      fc.array(fc.nat(3), { maxLength: 3 }),
      fc.infiniteStream(
        fc.oneof(
          number,
          beyond,
          fc.nat(0xffffffff).map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]),
        ),
      ),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), tensor, { minKeys: 1, maxKeys: 4 }),
        (record) => {
          const parameters = Object.fromEntries(
            Object.entries(record).map(([name, [shape, stream]]) => [
              name,
              tf.tensor([...stream.take(shape.reduce((a, b) => a * b, 1))], shape, "float32"),
            ]),
          );
          holds(
            "save",
            () => {
              library.save(path, { parameters });
              return library.load(path).parameters;
            },
            (loaded) => {
              const same = Object.keys(parameters).every((name) =>
                Buffer.from(loaded[name].dataSync().buffer).equals(
                  Buffer.from(parameters[name].dataSync().slice().buffer),
                ),
              );
              const names = Object.keys(loaded).length === Object.keys(parameters).length;
              tf.dispose(loaded);
              return same && names;
            },
          );
          tf.dispose(parameters);
        },
      ),
      { numRuns },
    );
  },
  "readIdx, mnist, fashionMnist: pictures of any bytes lie in [0, 1], files of other shapes are refused":
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.nat(3),
          fc.nat(3),
          fc.constantFrom(28, 28, 28, 27),
          fc.infiniteStream(fc.nat(255)),
          fc.nat(12),
          async (n, labels, width, stream, most) => {
            const before = tf.memory().numTensors;
            const head = (kind: number, ...sizes: number[]) =>
              Buffer.from([0, 0, 8, kind, ...sizes.flatMap((size) => [0, 0, 0, size])]);
            writeFileSync(
              join(folder, "train-images-idx3-ubyte"),
              Buffer.concat([head(3, n, 28, width), Buffer.from([...stream.take(n * 28 * width)])]),
            );
            writeFileSync(
              join(folder, "train-labels-idx1-ubyte"),
              Buffer.concat([
                head(1, labels),
                Buffer.from([...stream.take(labels)].map((v) => v % (most || 1))),
              ]),
            );
            for (const read of [library.mnist, library.fashionMnist])
              try {
                const set = await read("train", { directory: folder });
                assert.ok(
                  [...set.images.dataSync()].every((v) => v >= 0 && v <= 1) &&
                    [...set.labels.dataSync()].every((v) => v <= 9),
                );
                assert.equal(n, labels);
                tf.dispose([set.images, set.labels]);
              } catch (error) {
                refuses(error, "mnist");
              }
            assert.equal(tf.memory().numTensors, before);
          },
        ),
        { numRuns: Math.ceil(numRuns / 5) },
      ),
  "readTable: a CSV file of any text is a table, or refused": () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc
            .array(fc.array(fc.oneof(fc.double().map(String), fc.string())))
            .map((rows) => rows.map((row) => row.join(",")).join("\n")),
        ),
        async (text) => {
          writeFileSync(join(folder, "any.csv"), text);
          try {
            const { shape } = await library.readTable("any", { directory: folder });
            assert.equal(shape.length, 2);
          } catch (error) {
            refuses(error, "readTable");
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 5) },
    ),
};

for (const [title, property] of Object.entries(own)) test(title, property);

const tensors = [
  () => tf.ones([2, 2]),
  () => tf.tensor1d([1, 2]),
  () => tf.scalar(1),
  () => made([[2], "disposed", fc.stream([1, 1][Symbol.iterator]())]),
];
const anything = fc.oneof(
  fc
    .constantFrom(
      undefined,
      0,
      -1,
      3,
      Number.NaN,
      "x",
      "relu",
      true,
      10n,
      [],
      [1, 2],
      [3, 2, 3],
      {},
      new Map(),
    )
    .map((value) => () => value as unknown),
  fc
    .constantFrom(
      { activation: "relu" },
      { W: 1 },
      { mean: 0, sd: 1 },
      { parameters: {} },
      { epochs: 1, batchSize: 1, learningRate: 1 },
    )
    .map((value) => () => value as unknown),
  fc
    .constantFrom(
      () => 1,
      () => {},
      tf.relu,
    )
    .map((value) => () => value as unknown),
  fc.constantFrom(...tensors),
);

type Callable = (...values: unknown[]) => unknown;
const entries = (of: object): [string, Callable][] =>
  Object.entries(of).flatMap(([name, value]): [string, Callable][] =>
    typeof value === "function"
      ? [[name, value as Callable]]
      : entries(value as object).map(([part, f]) => [`${name}.${part}`, f]),
  );

test("every export refuses arguments of a wrong kind in its own words, and so does what it returns", async () => {
  const { ClaimError: _, ...others } = library;
  for (const [name, f] of entries(others))
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 4 }), async (makers) => {
        const values = makers.map((make) => make());
        try {
          const result = await (/^class/.test(String(f))
            ? Reflect.construct(f, values)
            : f(...values));
          if (name === "train") await (result as AsyncGenerator).next();
          if (typeof result === "function") tf.dispose(result(...values));
          if (result instanceof tf.Tensor) result.dispose();
        } catch (error) {
          refuses(error, name);
        } finally {
          tf.dispose(values.filter((value) => value instanceof tf.Tensor));
        }
      }),
      { numRuns },
    );
});

test("every export of the library has a property here", (t) => {
  t.diagnostic(`tried ${tried} inputs`);
  const titles = [...Object.keys(functions), ...Object.keys(own)].flatMap(
    (title) => title.match(/\w+/g) ?? [],
  );
  assert.deepEqual(
    Object.keys(library).filter((name) => !titles.includes(name)),
    [],
  );
});
