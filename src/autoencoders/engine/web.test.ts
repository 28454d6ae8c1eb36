import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { startWeb, type WebLibrary } from "../fixtures/web";
import * as native from "../index";
import * as nativeEngine from "./index";
import type { WebBackend } from "./web/heap";

let library: WebLibrary;
test.before(async () => {
  library = await startWeb();
});
const web = () => ({
  tf: library.modules["@tensorflow/tfjs-node"],
  library: library.modules.autoencoders,
  engine: library.modules["autoencoders/engine"],
});

/** Relative to the largest magnitude of what is expected. */
function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
  what = "",
) {
  assert.equal(actual.length, expected.length, what);
  let [largest, worst] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
  }
  assert.ok(worst <= bound * Math.max(largest, 1e-30), `${what}: ${worst} of ${largest}`);
}

const numbers = (shape: number[], stream: string) =>
  tf.tidy(() =>
    native
      .random(7, stream)
      .normal(shape as [number])
      .dataSync(),
  ) as Float32Array;

test("a product agrees with the native one for every transposition, batch and width", () => {
  const cases = [
    ...[1, 2, 7, 8, 9, 64].map((n) => [
      [5, 13],
      [13, n],
    ]),
    ...[
      [
        [1, 1],
        [1, 1],
      ],
      [
        [65, 300],
        [300, 17],
      ],
      [
        [97, 784],
        [784, 10],
      ],
      [
        [3, 600],
        [600, 1],
      ],
    ],
    ...[
      [
        [4, 5, 6],
        [4, 6, 7],
      ],
      [
        [4, 5, 6],
        [1, 6, 7],
      ],
      [
        [1, 5, 6],
        [3, 6, 9],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 5, 6],
      ],
    ],
  ];
  const flip = (shape: number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
  for (const [left, right] of cases)
    for (const [aT, bT] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const [aShape, bShape] = [aT ? flip(left) : left, bT ? flip(right) : right];
      const [a, b] = [numbers(aShape, "a"), numbers(bShape, "b")];
      const by = (on: typeof tf) =>
        on.tidy(() => on.matMul(on.tensor(a, aShape), on.tensor(b, bShape), aT, bT).dataSync());
      assertClose(by(web().tf), by(tf), 1e-6, `${aShape} ${aT} by ${bShape} ${bT}`);
    }
});

test("sums and means are taken in float64 over any axes", () => {
  const shape = [3, 4, 5, 6];
  const x = numbers(shape, "x");
  for (const axis of [undefined, 0, 1, 2, 3, [0, 1], [2, 3], [0, 2], [1, 3], [0, 3], [0, 1, 2, 3]])
    for (const keepDims of [false, true])
      for (const name of ["sum", "mean"] as const) {
        const by = (on: typeof tf) =>
          on.tidy(() => {
            const result = on[name](on.tensor(x, shape), axis, keepDims);
            return [...result.shape, ...result.dataSync()];
          });
        assertClose(by(web().tf), by(tf), 1e-6, `${name} over ${axis}`);
      }
  const { tf: on } = web();
  const ones = on.tidy(() => on.fill([4099, 4099], 1.1).sum().dataSync()[0]); // float32 alone: 3e-2
  assertClose([ones], [4099 * 4099 * Math.fround(1.1)], 1e-7);
});

test("draws are the native engine's, number by number", () => {
  for (const seed of [0, 1, 2, 12345, 2 ** 31 - 1, 2 ** 32 - 1])
    for (const step of [0, 1, 77, 2 ** 31 - 1]) {
      const by = (on: typeof tf, engine: typeof nativeEngine) =>
        on.tidy(() => {
          const draw = engine.drawsOf(seed, on.scalar(step, "int32"));
          return {
            uniform: [draw.uniform([3, 5]), draw.uniform([1])].flatMap((x) => [...x.dataSync()]),
            normal: [draw.normal([7]), draw.normal([4, 4])].flatMap((x) => [...x.dataSync()]),
          };
        });
      const [ours, theirs] = [by(web().tf, web().engine), by(tf, nativeEngine)];
      assert.deepEqual(ours.uniform, theirs.uniform);
      assertClose(ours.normal, theirs.normal, 1e-6);
    }
});

test("bytes over 255 are the native engine's numbers, bit by bit", () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i);
  const theirs = tf.tidy(() => nativeEngine.unitInterval(bytes, [4, 128]).dataSync());
  assert.deepEqual(web().engine.unitInterval(bytes, [4, 128]).dataSync(), theirs);
});

test("the covariance of bytes is exact, and that of other numbers is in float64", () => {
  const random = native.random(3);
  for (const [n, d] of [
    [1, 4],
    [257, 9],
    [600, 28],
    [2000, 100],
  ])
    for (const center of [true, false])
      for (const kind of ["bytes", "normal"]) {
        const x = Float32Array.from({ length: n * d }, () =>
          kind === "bytes" ? random.integer(256) / 255 : 100 + random.nextNormal(),
        );
        const by = (on: typeof tf, engine: typeof nativeEngine) =>
          engine.covariance(on.tensor2d(x, [n, d]), { center });
        const [ours, theirs] = [by(web().tf, web().engine), by(tf, nativeEngine)];
        assertClose(ours.mean, theirs.mean, kind === "bytes" ? 0 : 1e-14, kind);
        assertClose(ours.matrix, theirs.matrix, kind === "bytes" ? 0 : 1e-12, kind);
      }
});

test("eigenvectors are orthonormal and rebuild their matrix, also of low rank, in blocks and in one dimension", () => {
  const random = native.random(5);
  const kinds: Record<string, (i: number, j: number, d: number) => number> = {
    dense: () => random.nextNormal(),
    diagonal: (i, j) => (i === j ? random.nextNormal() : 0),
    zero: () => 0,
    constant: () => 3,
    graded: (i, j) => 10 ** -(i + j),
    blocks: (i, j) => (Math.floor(i / 3) === Math.floor(j / 3) ? random.nextNormal() : 0),
    huge: () => 1e200 * random.nextNormal(),
    tiny: () => 1e-200 * random.nextNormal(),
  };
  for (const [kind, entry] of Object.entries(kinds))
    for (const d of [1, 2, 3, 16, 17, 40, 130]) {
      const matrix = new Float64Array(d * d);
      for (let i = 0; i < d; i++)
        for (let j = i; j < d; j++) matrix[i * d + j] = matrix[j * d + i] = entry(i, j, d);
      const { values, vectors } = web().engine.symmetricEigen(matrix, d);
      const largest = Math.max(...matrix.map(Math.abs), 1e-300);
      assert.ok(values.every((value, i) => i === 0 || value <= values[i - 1]));
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++) {
          let [inner, entry] = [0, 0];
          for (let k = 0; k < d; k++) {
            inner += vectors[k * d + i] * vectors[k * d + j];
            entry += vectors[i * d + k] * (values[k] / largest) * vectors[j * d + k];
          }
          assert.ok(Math.abs(inner - (i === j ? 1 : 0)) < 1e-13 * d, `${kind} ${d}: ${inner}`);
          const off = Math.abs(entry - matrix[i * d + j] / largest);
          assert.ok(off < 1e-14 * d, `${kind} ${d}: ${off}`);
        }
    }
});

test("eigenvalues are the native engine's", () => {
  const d = 60;
  const { matrix } = nativeEngine.covariance(tf.tensor2d(numbers([500, d], "rows"), [500, d]));
  const [ours, theirs] = [web().engine, nativeEngine].map((e) => e.symmetricEigen(matrix, d));
  assertClose(ours.values, theirs.values, 1e-13);
});

test("an inverse is the native engine's, and a matrix without one is refused", () => {
  for (const d of [1, 2, 5, 33]) {
    const matrix = Float64Array.from(numbers([d, d], `inverse ${d}`));
    assertClose(web().engine.inverse(matrix, d), nativeEngine.inverse(matrix, d), 1e-9);
  }
  assert.throws(() => web().engine.inverse(new Float64Array(9), 3), /must have an inverse/);
});

type Library = typeof native;
type Optimizers = typeof nativeEngine;
const runs: Record<string, (on: Library, engine: Optimizers) => object> = {
  Adam: () => ({}),
  Momentum: (_, { Momentum }) => ({ optimizer: new Momentum(0.01) }),
  Nesterov: (_, { Momentum }) => ({ optimizer: new Momentum(0.01, 0.9, true) }),
  Sgd: (_, { Sgd }) => ({ optimizer: new Sgd(0.01) }),
  constraint: (on) => ({ constrain: { W2: on.unitNormRows } }),
};

/**
 * Losses, terms and gradient norms of each step of a noisy sparse autoencoder, and its weights at
 * the end.
 */
async function stepsOf(on: typeof tf, library: Library, options: object): Promise<number[][]> {
  const model = library.autoencoder([20, 9, 20], { activation: "relu", seed: 4 });
  const x = on.tensor2d(numbers([50, 20], "examples"), [50, 20]);
  const noise = library.gaussian(0.3);
  const objective: native.Objective = (x, at) => {
    const h = model.encode(noise(x, at));
    const annealed = at.step.toFloat().div(40);
    return {
      squaredError: library.squaredError(x, model.decode(h)),
      sparsity: library.l1(h).mul(annealed),
    };
  };
  const steps: number[][] = [];
  const given = { epochs: 10, batchSize: 16, learningRate: 0.01, seed: 2, ...options };
  for await (const { loss, terms, gradientNorm } of library.train(
    objective,
    model.parameters,
    x,
    given,
  ))
    steps.push([loss, ...Object.values(terms), gradientNorm]);
  for (const variable of Object.values(model.parameters)) {
    steps.push([...variable.dataSync()]);
    variable.dispose();
  }
  x.dispose();
  return steps;
}

test("each training step is the native engine's to 1e-5, recorded and eager, with each optimizer", async () => {
  for (const [name, options] of Object.entries(runs)) {
    const theirs = await stepsOf(tf, native, { replay: false, ...options(native, nativeEngine) });
    for (const replay of [false, true]) {
      const own = options(web().library, web().engine);
      const before = web().tf.memory().numTensors;
      const ours = await stepsOf(web().tf, web().library, { replay, ...own });
      assert.equal(ours.length, theirs.length);
      ours.forEach((step, i) => {
        assertClose(step, theirs[i], 1e-5, `${name}, step ${i + 1}, replay ${replay}`);
      });
      (own as { optimizer?: tf.Optimizer }).optimizer?.dispose();
      assert.equal(web().tf.memory().numTensors, before, `${name}: tensors`);
    }
  }
});

test("a step that reads a value, or makes other numbers each time, is not replayed", async () => {
  const { tf: on, library } = web();
  const x = on.ones([40, 3]) as tf.Tensor2D;
  const run = async (objective: (w: tf.Variable) => tf.Tensor) => {
    const w = on.variable(on.scalar(1));
    const steps = library.train(() => ({ loss: objective(w) }), { w }, x, {
      ...{ epochs: 2, batchSize: 4, learningRate: 0.1, replay: true },
    });
    for await (const _ of steps);
  };
  await assert.rejects(
    run((w) => w.mul(w.dataSync()[0])),
    /reads the value of a tensor/,
  );
  let counter = 0;
  await assert.rejects(
    run((w) => w.mul(counter++)),
    /a number made in JavaScript changes/,
  );
  counter = 0;
  await assert.rejects(
    run((w) => w.mul(counter++ < 12 ? 1 : 2)),
    /step 13: the objective must stay as it was when its steps were recorded, but a number/,
  );
});

test("code that the browser does not run is refused in a sentence, not awaited", async () => {
  await assert.rejects(library.start(new Uint8Array(8)), /must run WebAssembly with SIMD/);
});

test("digits that the page brought are read, and checkpoints are kept in its memory", async () => {
  const { library: on } = web();
  const idx = (type: number[], shape: number[], data: number[]) =>
    Uint8Array.of(0, 0, ...type, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...data);
  const pixels = Array.from({ length: 2 * 784 }, (_, i) => i % 256);
  library.addFile("data/mnist/t10k-images-idx3-ubyte", idx([8, 3], [2, 28, 28], pixels));
  library.addFile("data/mnist/t10k-labels-idx1-ubyte", idx([8, 1], [2], [3, 9]));
  const { images, labels } = await on.mnist("test");
  assert.deepEqual([...images.shape], [2, 784]);
  assert.equal(images.dataSync()[255], 1);
  assert.deepEqual([...labels.dataSync()], [3, 9]);
  await assert.rejects(on.mnist("train"), /MNIST must be in .* got no file train-images/);
  let asked = 0;
  library.offerFiles(["data/mnist/train-images-idx3-ubyte"], async () => {
    asked += 1;
    return idx([8, 3], [1, 28, 28], pixels.slice(0, 784));
  });
  library.addFile("data/mnist/train-labels-idx1-ubyte", idx([8, 1], [1], [4]));
  for (let i = 0; i < 2; i++) assert.equal((await on.mnist("train")).images.shape[0], 1);
  assert.equal(asked, 2, "the bytes are not kept");
  const W = web().tf.tensor1d([1, 2, 3]);
  on.save("run.safetensors", { parameters: { W }, step: 7 });
  const { parameters, step } = on.load("run.safetensors");
  assert.deepEqual([...parameters.W.dataSync(), step], [1, 2, 3, 7]);
  assert.throws(() => on.load("another.safetensors"), /must be a file that the page brought/);
});

type Op = (on: typeof tf, ...inputs: tf.Tensor[]) => tf.Tensor;
const named = (names: string): [string, Op][] =>
  names
    .split(" ")
    .map((name) => [name, (on, ...inputs) => on[name as "abs"](...(inputs as [tf.Tensor]))]);

/** Differentiable functions of one tensor [3, 4, 5] of numbers from 0.1 to 0.9. */
const unary: [string, Op][] = [
  ...named(
    "abs acos asin atan atanh cos cosh elu erf exp expm1 log log1p logSigmoid neg reciprocal",
  ),
  ...named(
    "relu relu6 rsqrt selu sigmoid sin sinh softplus sqrt square tan tanh softmax logSoftmax",
  ),
  ...named("sum mean max min logSumExp norm cumsum transpose reverse leakyRelu sign step"),
  ["acosh", (on, x) => on.acosh(x.add(1))],
  ["asinh", (on, x) => on.asinh(x)],
  ["clipByValue", (_, x) => x.clipByValue(0.3, 0.6)],
  ["slice", (on, x) => on.slice(x, [1, 0, 2], [2, 3, 2])],
  ["rows", (on, x) => on.slice(x, [1, 0, 0], [2, -1, -1])],
  ["gather rows", (on, x) => on.gather(x, on.tensor1d([2, 0, 2, 1], "int32"))],
  ["gather columns", (on, x) => on.gather(x, on.tensor1d([4, 0], "int32"), 2)],
  [
    "pad",
    (on, x) =>
      on.pad(x, [
        [1, 0],
        [0, 2],
        [1, 1],
      ]),
  ],
  ["tile", (on, x) => on.tile(x, [2, 1, 3])],
  ["split", (on, x) => on.addN(on.split(x, 2, 1) as tf.Tensor[])],
  ["stack", (on, x) => on.stack(on.unstack(x), 1)],
  ["concat", (on, x) => on.concat([x, x.square()], 2)],
  ["reshape", (_, x) => x.reshape([12, 5]).expandDims(1)],
  ["broadcastTo", (on, x) => on.broadcastTo(x.slice([0, 0, 0], [1, 4, 1]), [3, 4, 5])],
  ["prod", (on, x) => on.prod(x, 2)],
  ["variance", (on, x) => on.moments(x, [0, 2]).variance],
  ["topk", (on, x) => on.topk(x, 2).values],
  ["pow", (on, x) => on.pow(x, 3)],
  ["cumsum of columns", (on, x) => on.cumsum(x, 2)],
];

/** Functions of two tensors [n, m] and [m], [n, m], [n, 1] or []. */
const binary: [string, Op][] = [
  ...named("add sub mul div maximum minimum pow squaredDifference atan2"),
  ["divNoNan", (on, a, b) => on.divNoNan(a, b)],
  ["floorDiv", (on, a, b) => on.floorDiv(a, b)],
  ["mod", (on, a, b) => on.mod(a, b)],
  ["where", (on, a, b) => on.where(on.greater(a, b), a, on.mul(b, on.onesLike(a)))],
  ["prelu", (on, a, b) => on.prelu(a.sub(0.5), b)],
];

/**
 * The value and its gradients by the inputs, weighted so that no entry counts as much as another.
 */
function derived(on: typeof tf, op: Op, given: [Float32Array, number[]][]): number[][] {
  return on.tidy(() => {
    const inputs = given.map(([values, shape]) => on.tensor(values, shape));
    const value = op(on, ...inputs);
    const weighted = (...x: tf.Tensor[]) => {
      const y = op(on, ...x);
      return y.mul(on.range(1, y.size + 1).reshape(y.shape)).sum() as tf.Scalar;
    };
    let gradients: tf.Tensor[] = [];
    try {
      gradients = on.grads(weighted)(inputs);
    } catch {
      return [[...value.dataSync()]] as unknown as tf.TensorContainer; // as sign's, in both engines
    }
    return [value, ...gradients].map((x) => [...x.dataSync()]) as unknown as tf.TensorContainer;
  }) as unknown as number[][];
}

const between = (shape: number[], stream: string): [Float32Array, number[]] => [
  tf.tidy(() =>
    native
      .random(9, stream)
      .uniform(shape as [number], 0.1, 0.9)
      .dataSync(),
  ) as Float32Array,
  shape,
];

test("each op has the native engine's value and gradients", () => {
  const compare = (name: string, op: Op, given: [Float32Array, number[]][]) => {
    const [ours, theirs] = [derived(web().tf, op, given), derived(tf, op, given)];
    assert.equal(ours.length, theirs.length, `${name}: gradients`);
    ours.forEach((part, i) => {
      assertClose(part, theirs[i], 1e-5, `${name}, ${i ? `gradient ${i}` : "value"}`);
    });
  };
  const convolutions: [number, "same" | "valid"][] = [
    [1, "same"],
    [2, "same"],
    [2, "valid"],
  ];
  for (const [stride, pad] of convolutions)
    compare(
      `conv2d ${stride} ${pad}`,
      (on, x, filter) => on.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad),
      [between([2, 7, 6, 3], "pictures"), between([3, 2, 3, 4], "filter")],
    );
  for (const [name, op] of unary) compare(name, op, [between([3, 4, 5], name)]);
  for (const [name, op] of binary)
    for (const shape of [[4], [3, 4], [3, 1], []])
      compare(`${name} with [${shape}]`, op, [between([3, 4], name), between(shape, "other")]);
});

test("comparisons, and what is not a number, are the native engine's", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0.3, -0.7];
  values.push(2.5, -1, 1, 255, 256);
  const ones = "abs ceil exp floor isFinite isInf isNaN log neg relu round sign sqrt tanh";
  const functions: [string, Op][] = [
    ...named(ones),
    ["clipByValue", (_, x) => x.clipByValue(-0.5, 0.5)],
    ["toBool", (_, x) => x.toBool()],
    ["sum", (_, x) => x.sum()],
    ["max", (_, x) => x.slice(1).max()],
  ];
  const pairs = "equal notEqual greater greaterEqual less lessEqual maximum minimum";
  for (const [name, op] of functions) {
    const by = (on: typeof tf) => [...on.tidy(() => op(on, on.tensor1d(values)).dataSync())];
    by(web().tf).forEach((value, i) => {
      const expected = by(tf)[i];
      const off = Math.abs(value - expected);
      assert.ok(
        Object.is(value, expected) || value === expected || off < 1e-5 * Math.abs(expected),
        `${name} of ${values[i]}: ${value}, not ${expected}`,
      );
    });
  }
  const [left, right] = [values.flatMap((x) => values.map(() => x)), values.flatMap(() => values)];
  for (const [name, op] of named(pairs)) {
    const by = (on: typeof tf) => [
      ...on.tidy(() => op(on, on.tensor1d(left), on.tensor1d(right)).dataSync()),
    ];
    assert.deepEqual(by(web().tf), by(tf), name);
  }
});

test("a layers model that fit trains with our optimizers takes the same steps as the native one", async () => {
  const { tf: browser, library: ours, engine } = web();
  type Stack = { tf: typeof tf; library: typeof native; engine: typeof nativeEngine };
  const losses = async (stack: Stack, optimizer: (e: typeof nativeEngine) => tf.Optimizer) => {
    const { layers, sequential, initializers } = stack.tf;
    const kernelInitializer = initializers.glorotUniform({ seed: 1 });
    const model = sequential({
      layers: [
        layers.conv2d({
          inputShape: [6, 6, 1],
          filters: 3,
          kernelSize: 3,
          activation: "relu",
          kernelInitializer,
        }),
        layers.flatten(),
        layers.dense({ units: 4, activation: "sigmoid", kernelInitializer }),
        layers.dense({ units: 36, kernelInitializer }),
      ],
    });
    const x = stack.tf.tidy(() => stack.library.random(7, "digits").uniform([70, 36]));
    model.compile({
      optimizer: optimizer(stack.engine),
      loss: (a: tf.Tensor, b: tf.Tensor) => stack.library.squaredError(a, b),
    });
    const given = { epochs: 4, batchSize: 32, shuffle: false, verbose: 0 as const };
    const { history } = await model.fit(x.reshape([70, 6, 6, 1]), x, given);
    return history.loss as number[];
  };
  for (const optimizer of [
    ({ Adam }: typeof nativeEngine) => new Adam(1e-2),
    ({ Momentum }: typeof nativeEngine) => new Momentum(1e-2),
    ({ Sgd }: typeof nativeEngine) => new Sgd(1e-2),
  ])
    assertClose(
      await losses({ tf: browser, library: ours, engine } as never, optimizer),
      await losses({ tf, library: native, engine: nativeEngine }, optimizer),
      1e-4,
    );
});

test("a strided slice of integers stays integers", () => {
  const { tf: browser } = web();
  const labels = browser.tensor1d([7, 2, 1, 0, 4], "int32");
  const taken = labels.stridedSlice([0], [5], [2]);
  assert.equal(taken.dtype, "int32");
  assert.deepEqual([...taken.dataSync()], [7, 1, 4]);
});

test("a tensor that the heap cannot hold is refused with the cure, and what was there stays", () => {
  const { tf: web_ } = web();
  const kept = web_.tensor1d([1, 2, 3]);
  const heap = (web_.backend() as unknown as WebBackend).wasm;
  const filled: number[] = [];
  assert.throws(() => {
    for (;;) filled.push(heap._malloc(188e6)); // never written to: no memory is used
  }, RangeError);
  const before = web_.memory().numTensors;
  for (const rows of [100_000, 1_100_000, 5_000_000])
    assert.throws(
      () => web_.tidy(() => web_.tile(web_.ones([1, 1000]), [rows, 1])),
      /the heap must have \d+ bytes free, got fewer; .*tf\.tidy/,
    );
  assert.equal(web_.memory().numTensors, before);
  assert.deepEqual([...kept.add(1).dataSync()], [2, 3, 4]);
  filled.forEach(heap._free);
  assert.equal(
    web_.tidy(
      () =>
        web_
          .tile(web_.ones([1, 1000]), [100, 1])
          .sum()
          .dataSync()[0],
    ),
    1e5,
  );
});
