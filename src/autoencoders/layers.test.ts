import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { assertClose, assertLeaves, assertRefuses, matrix } from "./fixtures/fixtures";
import { gradientCheck } from "./gradient-check";
import {
  type AutoencoderOptions,
  affine,
  autoencoder,
  heaviside,
  jumpReLU,
  tied,
  topK,
} from "./layers";
import { squaredError } from "./losses";
import { random } from "./random";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const x = random(5).normal<tf.Rank.R2>([4, 5]);

test("affine is xW + b, row by row", () => {
  assertClose(
    affine(
      matrix([
        [1, 2],
        [3, 4],
      ]),
      matrix([
        [1, 0, -1],
        [2, 1, 0],
      ]),
      tf.tensor1d([10, 20, 30]),
    ),
    [15, 22, 29, 21, 24, 27],
  );
});

test("affine refuses shapes that do not chain and names both", () => {
  const [W, b, short] = [matrix([[1, 2, 3]]), tf.tensor1d([0, 0, 0]), tf.tensor1d([0])];
  const column = matrix([[1], [2]]);
  assertRefuses(
    () => affine(x, W, b),
    /W must have 5 rows, one for each dimension of x \[4, 5\], got shape \[1, 3\]/,
  );
  assertRefuses(
    () => affine(column, W, short),
    /b must have 3 entries, one for each column of W \[1, 3\], got shape \[1\]/,
  );
  assertRefuses(() => affine(column, W, W), /b must be a vector, got shape \[1, 3\]/);
});

test("an autoencoder computes what its parameters say, layer by layer", () => {
  const { encode, decode, parameters } = autoencoder([2, 3, 1, 3, 2], {
    activation: "tanh",
    codeActivation: "sigmoid",
    outputActivation: "relu",
    seed: 2,
  });
  assert.deepEqual(Object.keys(parameters), ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]);
  for (const [name, parameter] of Object.entries(parameters))
    if (name[0] === "b") parameter.assign(tf.fill(parameter.shape, 0.5));
  const layer = (x: number[], i: number, activation: (z: number) => number) => {
    const W = parameters[`W${i}`].arraySync() as number[][];
    return W[0].map((_, j) => activation(x.reduce((sum, value, k) => sum + value * W[k][j], 0.5)));
  };
  const input = [0.3, -0.7];
  const code = layer(layer(input, 1, Math.tanh), 2, sigmoid);
  const output = layer(layer(code, 3, Math.tanh), 4, (z) => Math.max(z, 0));
  assertClose(encode(matrix([input])), code);
  assertClose(decode(matrix([code])), output);
  assertClose(decode(encode(matrix([input, input]))), [...output, ...output]);
});

test("weights start from Glorot's uniform distribution, biases from 0, the same numbers for the same seed", () => {
  const { parameters } = autoencoder([300, 200, 300], { activation: "relu", seed: 9 });
  const values = Array.from(parameters.W1.dataSync());
  const bound = Math.sqrt(6 / 500);
  const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  assert.ok(values.every((v) => Math.abs(v) <= Math.fround(bound)));
  assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.02, `variance ${variance}`);
  assertClose(parameters.b1, new Array(200).fill(0));
  const weights = (seed?: number) =>
    Array.from(autoencoder([4, 2, 4], { activation: "relu", seed }).parameters.W1.dataSync());
  assert.deepEqual(weights(7), weights(7));
  assert.notDeepEqual(weights(7), weights(8));
  if (process.env.AE_SEED === undefined) assert.deepEqual(weights(), weights(1));
  assertClose(
    weights(1),
    [
      0.03848296403884888, -0.9807514548301697, 0.5865842700004578, -0.9109268188476562,
      0.2592541575431824, -0.7329395413398743, 0.5028815865516663, -0.9413155913352966,
    ],
    1e-7,
    0,
  );
});

test("an activation is a name or a function that keeps the shape", () => {
  const W = matrix([
    [1, 0],
    [0, 1],
  ]);
  const by = (activation: AutoencoderOptions["activation"]) => {
    const model = autoencoder([2, 2, 2], { activation });
    model.parameters.W1.assign(W);
    return model.encode(matrix([[-1.5, 2]]));
  };
  assertClose(by("linear"), [-1.5, 2]);
  assertClose(by("relu"), [0, 2]);
  assertClose(by("sigmoid"), [sigmoid(-1.5), sigmoid(2)]);
  assertClose(by("tanh"), [Math.tanh(-1.5), Math.tanh(2)]);
  assertClose(by("softplus"), [Math.log1p(Math.exp(-1.5)), Math.log1p(Math.exp(2))]);
  assertClose(by("elu"), [Math.expm1(-1.5), 2]);
  assertClose(by("leakyRelu"), [-0.015, 2]);
  assertClose(by("swish"), [-1.5 * sigmoid(-1.5), 2 * sigmoid(2)]);
  assertClose(by("gelu"), [-0.1002108, 1.95449974], 1e-5); // x Φ(x)
  assertClose(
    by((z) => topK(z, 1)),
    [0, 2],
  );
  assert.throws(
    () => by((z) => z.sum()),
    /the activation of layer 1 must return a tensor of shape \[1, 2\], got shape \[\]/,
  );
  assert.throws(() => by(() => 3 as never), /the activation of layer 1 must return a tensor/);
  assertRefuses(
    () => autoencoder([2, 1, 2], { activation: "Relu" as never }),
    /activation must be one of "linear", "relu", .* got "Relu"/,
  );
  assertRefuses(
    () => autoencoder([2, 1, 2], { activation: "relu", codeActivation: 3 as never }),
    /codeActivation must be one of/,
  );
  assertRefuses(() => autoencoder([2, 1, 2], {} as never), /activation must be given/);
  assertRefuses(() => autoencoder([2, 1, 2], undefined as never), /options must be an object/);
});

test("widths must be positive whole numbers, odd in number, the last equal to the first", () => {
  const make = (widths: unknown) => () => autoencoder(widths as number[], { activation: "relu" });
  assertRefuses(make([4, 2, 5]), /widths must end as they begin, got 4 and 5/);
  assertRefuses(
    make([4, 2]),
    /widths must be an odd number of widths, 3 at least, .* got \[4, 2\]/,
  );
  assertRefuses(make([4]), /odd number/);
  assertRefuses(make([4, 3, 2, 4]), /odd number/);
  assertRefuses(make([4, 0, 4]), /widths\[1\] must be an integer of at least 1, got 0/);
  assertRefuses(make([4, 2.5, 4]), /widths\[1\] must be an integer of at least 1, got 2.5/);
  assertRefuses(make([4, Number.NaN, 4]), /widths\[1\]/);
  assertRefuses(make([4, "2", 4]), /widths\[1\] .* got "2"/);
  assertRefuses(make(4), /widths must be an array of numbers, got number/);
  assertRefuses(make([-4, 2, -4]), /widths\[0\]/);
  assertRefuses(
    () => autoencoder([4, 2, 4], { activation: "relu", seed: -1 }),
    /seed must be an integer/,
  );
  assertRefuses(
    () => tied([4, 3, 2, 2, 4], { activation: "relu" }),
    /widths must be the same from both ends/,
  );
});

test("encode and decode refuse tensors of another width", () => {
  const { encode, decode } = autoencoder([5, 2, 5], { activation: "relu" });
  const wide = matrix([[1, 2, 3]]);
  assertRefuses(() => encode(wide), /^x must be \[n, 5\] for this autoencoder, got shape \[1, 3\]/);
  assertRefuses(() => decode(wide), /^h must be \[n, 2\] for this autoencoder, got shape \[1, 3\]/);
});

for (const [name, make, count] of [
  ["autoencoder", autoencoder, 8],
  ["tied", tied, 6],
] as const) {
  test(`${name}: its gradients agree with central differences, and nothing leaks`, () => {
    const model = assertLeaves(count, () => make([5, 4, 2, 4, 5], { activation: "tanh", seed: 3 }));
    const loss = () => squaredError(x, model.decode(model.encode(x)));
    const check = assertLeaves(0, () => gradientCheck(loss, model.parameters));
    assert.ok(check.worst < 3e-3, JSON.stringify(check));
    assertLeaves(1, () => model.encode(x));
    assertLeaves(1, () => tf.tidy(() => model.decode(model.encode(x))));
  });
}

test("a linear layer with an identity activation never hands back its input tensor", () => {
  const { encode } = autoencoder([5, 5, 5], { activation: "linear" });
  const code = encode(x);
  code.dispose();
  assert.equal(x.isDisposed, false);
});

test("tied uses the encoder's weights transposed: the encoder's gradient sums both uses", () => {
  const model = tied([5, 3, 5], { activation: "linear", seed: 4 });
  assert.deepEqual(Object.keys(model.parameters).sort(), ["W1", "b1", "b2"]);
  const { W1 } = model.parameters;
  const expected = tf.matMul(
    tf.matMul(x, W1 as unknown as tf.Tensor2D),
    W1 as unknown as tf.Tensor2D,
    false,
    true,
  );
  assertClose(model.decode(model.encode(x)), expected);
});

test("topK keeps exactly the k largest entries of each row, the first of equal ones, and their gradient", () => {
  const z = matrix([
    [1, 3, 3, 2],
    [5, 5, 5, -1],
    [-1, -2, -3, -4],
  ]);
  assertClose(topK(z, 2), [0, 3, 3, 0, 5, 5, 0, 0, -1, -2, 0, 0]);
  assertClose(
    tf.grad((z: tf.Tensor) => topK(z, 2).square().sum())(z),
    [0, 6, 6, 0, 10, 10, 0, 0, -2, -4, 0, 0],
  );
  assertClose(topK(z, 4), z);
});

test("topK agrees with sorting, for any row and k", () => {
  const row = fc.array(
    fc.integer({ min: -5, max: 5 }).map((v) => v + 0.5),
    { minLength: 6, maxLength: 6 },
  );
  fc.assert(
    fc.property(row, fc.integer({ min: 1, max: 6 }), (values, k) => {
      const order = values
        .map((_, j) => j)
        .sort((a, b) => values[b] - values[a] || a - b)
        .slice(0, k);
      const expected = values.map((v, j) => (order.includes(j) ? v : 0));
      assertClose(
        tf.tidy(() => Array.from(topK(matrix([values]), k).dataSync())),
        expected,
      );
    }),
    { numRuns: 60 },
  );
});

test("topK refuses k that is no whole number from 1 to the width", () => {
  for (const k of [0, 6, 1.5, -1, Number.NaN])
    assertRefuses(() => topK(x, k), /^k must be an integer from 1 to 5, got/);
});

test("jumpReLU keeps what is above θ; its gradient for θ is −(θ/ε) where |z − θ| < ε/2", () => {
  const theta = tf.tensor1d([0.5, 0.2]);
  const z = matrix([
    [0.6, 0.1],
    [0.4, 0.9],
    [0.5, 0.25],
  ]);
  assertClose(jumpReLU(theta, 0.4)(z), [0.6, 0, 0, 0.9, 0, 0.25]);
  const [dz, dTheta] = tf.grads((z, theta) => jumpReLU(theta, 0.4)(z).sum())([z, theta]);
  assertClose(dz, [1, 0, 0, 1, 0, 1]);
  assertClose(dTheta, [(-0.5 / 0.4) * 3, (-0.2 / 0.4) * 2], 1e-5);
  const shared = tf.scalar(0.5);
  assertClose(
    tf.grads((theta) => jumpReLU(theta as tf.Scalar, 0.4)(z).sum())([shared])[0],
    (-0.5 / 0.4) * 3,
  );
  assertClose(jumpReLU(0.5, 0.4)(z), [0.6, 0, 0, 0.9, 0, 0]);
  assertLeaves(1, () => jumpReLU(0.5, 0.4)(z));
});

test("heaviside is the step whose sum is jumpReLU's L0; its gradient for θ is −1/ε near it", () => {
  const theta = tf.tensor1d([0.5, 0.2]);
  const z = matrix([
    [0.6, 0.1],
    [0.4, 0.9],
  ]);
  assertClose(heaviside(theta, 0.4)(z), [1, 0, 0, 1]);
  const [dz, dTheta] = tf.grads((z, theta) => heaviside(theta, 0.4)(z).sum())([z, theta]);
  assertClose(dz, [0, 0, 0, 0]);
  assertClose(dTheta, [-5, -2.5]);
});

test("the straight-through gradient of E L0 is a kernel estimate of its derivative: −density at θ", () => {
  const z = random(1).normal<tf.Rank.R2>([200_000, 1]);
  const theta = tf.tensor1d([0.5]);
  const slope = tf
    .grad((theta: tf.Tensor) => heaviside(theta, 0.2)(z).mean())(theta)
    .dataSync()[0];
  const density = Math.exp(-0.125) / Math.sqrt(2 * Math.PI);
  assert.ok(Math.abs(slope + density) < 0.01, `${slope} against ${-density}`);
});

test("jumpReLU refuses a bandwidth of 0 and thresholds that do not fit", () => {
  assertRefuses(() => jumpReLU(0.5, 0), /bandwidth must be a number of at least 1e-30, got 0/);
  assertRefuses(() => jumpReLU(Number.NaN, 1), /theta must be a finite number, got NaN/);
  assertRefuses(
    () => jumpReLU(x, 1),
    /theta must be a number or a vector with an entry for each unit, got shape \[4, 5\]/,
  );
  const theta = tf.tensor1d([1, 2]);
  assertRefuses(
    () => jumpReLU(theta, 1)(x),
    /theta must have 5 entries, one for each unit of z \[4, 5\], got shape \[2\]/,
  );
});
