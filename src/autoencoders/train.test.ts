import "./engine/compat";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { load, save } from "./checkpoint";
import { Adam } from "./engine";
import { autoencoder } from "./layers";
import { squaredError } from "./losses";
import type { Objective, Step } from "./objective";
import { unitNormRows } from "./penalties";
import { cosine } from "./schedules";
import { train } from "./train";

const x = tf.randomUniform([50, 6], 0, 1, "float32", 1) as tf.Tensor2D;
const model = () => autoencoder([6, 3, 6], { activation: "tanh", seed: 1 });
const plain =
  (net: ReturnType<typeof model>): Objective =>
  (x) => ({ squaredError: squaredError(x, net.decode(net.encode(x))) });
const options = { epochs: 3, batchSize: 16, learningRate: 0.01, seed: 1 };

async function all(steps: AsyncIterable<Step>): Promise<Step[]> {
  const seen: Step[] = [];
  for await (const step of steps) seen.push(step);
  return seen;
}

test("yields every step: ceil(n / batchSize) an epoch, counted from 1, the last batch partial", async () => {
  const net = model();
  const rows: number[] = [];
  const counted: Objective = (x, at) => {
    rows.push(x.shape[0]);
    return plain(net)(x, at);
  };
  const steps = await all(train(counted, net.parameters, x, options));
  assert.deepEqual(
    steps.map((s) => s.step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  assert.deepEqual(rows.slice(0, 4), [16, 16, 16, 2]);
  assert.deepEqual(
    steps.map((s) => s.epoch),
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
  );
});

test("an epoch visits every row once, in a new order, in sets larger than what is gathered at a time", async () => {
  const rows = tf.range(0, 9000, 1).reshape([9000, 1]) as tf.Tensor2D;
  const w = tf.variable(tf.zeros([]));
  const orders: number[][] = [[], []];
  const objective: Objective = (x, at) => {
    orders[at.epoch.dataSync()[0]].push(...x.dataSync());
    return { far: x.mean().sub(w).square() };
  };
  await all(
    train(objective, { w }, rows, { ...options, epochs: 2, batchSize: 700, replay: false }),
  );
  for (const order of orders)
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      Array.from(rows.dataSync()),
    );
  assert.notDeepEqual(orders[0], orders[1]);
});

test("examplesPerSecond counts examples, not steps", async () => {
  const net = model();
  const slow: Objective = (x, at) => {
    for (const end = performance.now() + 20; performance.now() < end; );
    return plain(net)(x, at);
  };
  const steps = await all(
    train(slow, net.parameters, x, { ...options, epochs: 2, batchSize: 50, replay: false }),
  );
  for (const { examplesPerSecond } of steps)
    assert.ok(examplesPerSecond <= 50 / 0.02 && examplesPerSecond > 50 / 2, `${examplesPerSecond}`);
});

test("the loss is the sum of the terms, and training lowers it", async () => {
  const net = model();
  const objective: Objective = (x, at) => ({
    ...plain(net)(x, at),
    decay: net.parameters.W1.square().sum().mul(0.01),
  });
  const steps = await all(train(objective, net.parameters, x, { ...options, epochs: 40 }));
  for (const { loss, terms } of steps)
    assert.ok(Math.abs(loss - terms.squaredError - terms.decay) < 1e-12);
  assert.ok(steps[steps.length - 1].loss < 0.5 * steps[0].loss);
});

test("one step of SGD moves each parameter by −rate × gradient, and gradientNorm is the norm over all of them", async () => {
  const net = model();
  const before = Object.fromEntries(
    Object.entries(net.parameters).map(([name, p]) => [name, p.dataSync().slice()]),
  );
  const { grads } = tf.variableGrads(
    () => plain(net)(x, undefined as never).squaredError as tf.Scalar,
    Object.values(net.parameters),
  );
  const [step] = await all(
    train(plain(net), net.parameters, x, {
      ...options,
      epochs: 1,
      batchSize: 50,
      learningRate: 0.1,
      optimizer: tf.train.sgd(0.1),
    }),
  );
  let squares = 0;
  for (const [name, parameter] of Object.entries(net.parameters)) {
    const gradient = grads[parameter.name].dataSync() as Float32Array;
    parameter.dataSync().forEach((v, i) => {
      assert.ok(Math.abs(v - (before[name][i] - 0.1 * gradient[i])) < 1e-6, name);
    });
    squares += gradient.reduce((sum, g) => sum + g * g, 0);
  }
  assert.ok(Math.abs(step.gradientNorm - Math.sqrt(squares)) < 1e-5);
});

test("our Adam takes the steps of tfjs's Adam: relative 1e-4 after 60", async () => {
  const run = (optimizer: tf.Optimizer) => {
    const net = model();
    return all(
      train(plain(net), net.parameters, x, { ...options, epochs: 60, batchSize: 50, optimizer }),
    );
  };
  for (const epsilon of [1e-7, 0.1]) {
    const ours = await run(new Adam(0.01, 0.9, 0.999, epsilon));
    const stock = await run(tf.train.adam(0.01, 0.9, 0.999, epsilon));
    ours.forEach((step, i) => {
      assert.ok(Math.abs(step.loss / stock[i].loss - 1) < 1e-4, `ε = ${epsilon}, step ${i + 1}`);
    });
  }
});

test("the same seed gives the same numbers, another seed others", async () => {
  const noisy = (seed: number) => {
    const net = model();
    const objective: Objective = (x, at) => ({
      squaredError: squaredError(x, net.decode(net.encode(x.add(at.draw.normal(x.shape))))),
    });
    return all(train(objective, net.parameters, x, { ...options, seed }));
  };
  const losses = (steps: Step[]) => steps.map((s) => s.loss);
  assert.deepEqual(losses(await noisy(7)), losses(await noisy(7)));
  assert.notDeepEqual(losses(await noisy(7)), losses(await noisy(8)));
});

test("1,000 steps, a break and a failure leave no tensor behind", async () => {
  const net = model();
  await all(train(plain(net), net.parameters, x, { ...options, epochs: 1 }));
  const before = tf.memory().numTensors;
  await all(train(plain(net), net.parameters, x, { ...options, epochs: 250 }));
  assert.ok(tf.memory().numTensors <= before); // fewer if garbage was collected
  for await (const step of train(plain(net), net.parameters, x, options))
    if (step.step === 5) break;
  assert.ok(tf.memory().numTensors <= before); // fewer if garbage was collected
  await assert.rejects(
    all(train((x) => ({ bad: x }), net.parameters, x, options)),
    /term "bad" must be a scalar, got shape \[16, 6\]/,
  );
  assert.ok(tf.memory().numTensors <= before); // fewer if garbage was collected
});

test("the event loop turns at every step, and an abort ends training with its reason, keeping what was learned", async () => {
  const net = model();
  const first = net.parameters.W1.dataSync().slice();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 20);
  await assert.rejects(
    all(train(plain(net), net.parameters, x, { ...options, epochs: 1e6, signal: stop.signal })),
    /enough/,
  );
  assert.notDeepEqual(net.parameters.W1.dataSync(), first);
});

test("a loss that is not finite stops before the update and names step, term and parameter", async () => {
  const net = model();
  const objective: Objective = (x, at) => ({
    squaredError: squaredError(x, net.decode(net.encode(x))).div(tf.sub(3, at.step).relu()),
  });
  await assert.rejects(
    all(train(objective, net.parameters, x, options)),
    /step 3: .*term "squaredError" is Infinity.*gradient of "\w+" went first/s,
  );
  for (const parameter of Object.values(net.parameters))
    assert.ok(parameter.dataSync().every(Number.isFinite));
});

test("a schedule sets the rate of every step; a cosine falls to its end", async () => {
  const asked: number[] = [];
  const record = (step: number) => {
    asked.push(step);
    return 0.01;
  };
  const net = model();
  await all(train(plain(net), net.parameters, x, { ...options, epochs: 1, learningRate: record }));
  assert.deepEqual(asked.slice(-4), [1, 2, 3, 4]);
  const rate = cosine({ from: 1, steps: 11 });
  assert.deepEqual(
    [rate(1), rate(6), rate(11), rate(99)].map((v) => Number(v.toFixed(12))),
    [1, 0.5, 0, 0],
  );
});

test("a constraint holds after every step", async () => {
  const net = model();
  for await (const _ of train(plain(net), net.parameters, x, {
    ...options,
    constrain: { W2: unitNormRows },
  })) {
    const norms = net.parameters.W2.square().sum(1).sqrt().dataSync();
    for (const norm of norms) assert.ok(Math.abs(norm - 1) < 1e-5);
  }
});

test("a constraint may give the parameter itself", async () => {
  const [free, same] = [model(), model()];
  await all(train(plain(free), free.parameters, x, options));
  await all(train(plain(same), same.parameters, x, { ...options, constrain: { W2: (W) => W } }));
  assert.deepEqual(same.parameters.W2.dataSync(), free.parameters.W2.dataSync());
});

test("a schedule may begin at 0, where nothing moves", async () => {
  const net = model();
  const before = net.parameters.W1.dataSync().slice();
  const warmUp = { ...options, learningRate: (step: number) => 0.01 * (step - 1) };
  for await (const { step } of train(plain(net), net.parameters, x, warmUp)) {
    if (step === 1) assert.deepEqual(net.parameters.W1.dataSync(), before);
    if (step === 2) assert.notDeepEqual(net.parameters.W1.dataSync(), before);
  }
});

test("examples that are disposed of while they are trained on end training with words", async () => {
  for (const batchSize of [16, 50]) {
    const net = model();
    const rows = tf.randomUniform([50, 6]) as tf.Tensor2D;
    await assert.rejects(async () => {
      for await (const { step } of train(plain(net), net.parameters, rows, {
        ...options,
        epochs: 60,
        batchSize,
      }))
        if (step === 40) rows.dispose();
    }, /^Error: x must be a live tensor, got one that was disposed of/);
  }
});

test("unusable arguments are refused with the thing, the expectation and the value", async () => {
  const net = model();
  const refuse = async (error: RegExp, run: AsyncGenerator<Step>) =>
    assert.rejects(all(run), error);
  await refuse(
    /must return its terms by name, got none/,
    train(() => ({}), net.parameters, x, options),
  );
  await refuse(
    /batchSize must be an integer of at least 1, got 0/,
    train(plain(net), net.parameters, x, { ...options, batchSize: 0 }),
  );
  await refuse(
    /learningRate must be a rate above 0, got -1/,
    train(plain(net), net.parameters, x, { ...options, learningRate: -1 }),
  );
  await refuse(
    /x must be a matrix, got shape \[6\]/,
    train(plain(net), net.parameters, tf.ones([6]) as never, options),
  );
  await refuse(
    /x must be float32, got int32/,
    train(plain(net), net.parameters, tf.ones([6, 6], "int32") as never, options),
  );
  await refuse(
    /"W9"/,
    train(plain(net), net.parameters, x, { ...options, constrain: { W9: unitNormRows } }),
  );
  for (const [value, got] of [
    [tf.scalar(1), /float32 tensor of shape \[3, 6\], got float32 \[\]/],
    [tf.zeros([3, 6], "bool"), /got bool \[3, 6\]/],
    [undefined, /got undefined/],
  ] as const)
    for (const replay of [false, true])
      await refuse(
        got,
        train(plain(net), net.parameters, x, {
          ...options,
          replay,
          constrain: { W2: () => value as tf.Tensor },
        }),
      );
  const { W1 } = net.parameters;
  for (const [odd, got] of [
    [tf.variable(tf.scalar(1, "int32")), /parameter "odd" must be float32, got int32/],
    [tf.variable(tf.zeros([0])), /parameter "odd" must be of at least one number, got shape \[0\]/],
    [tf.variable(tf.scalar(1), false), /parameter "odd" must be trainable, got a frozen variable/],
    [W1, /parameter "odd" must be another variable, got that of "W1"/],
    [3 as never, /parameter "odd" must be a tf.Variable, got number 3/],
  ] as const)
    await refuse(got, train(plain(net), { ...net.parameters, odd }, x, options));
  const idle = tf.variable(tf.zeros([2]));
  await refuse(
    /parameter "idle" must take part in the objective/,
    train(plain(net), { ...net.parameters, idle }, x, options),
  );
});

test("a run killed at any step and resumed from its checkpoint gives the numbers of an unbroken one", async () => {
  const whole = model();
  const unbroken = await all(train(plain(whole), whole.parameters, x, options));
  const folder = mkdtempSync(join(tmpdir(), "train-"));
  try {
    for (const killed of [1, 4, 7, 11]) {
      const path = join(folder, `${killed}.safetensors`);
      const first = model();
      const adam = new Adam();
      for await (const { step } of train(plain(first), first.parameters, x, {
        ...options,
        optimizer: adam,
      }))
        if (step === killed) {
          const optimizer = adam.state(first.parameters);
          save(path, { parameters: first.parameters, step, optimizer, seed: options.seed });
          tf.dispose(optimizer);
          break;
        }
      const second = model();
      const from = load(path);
      const tensors = tf.memory().numTensors;
      const rest = await all(train(plain(second), second.parameters, x, { ...options, from }));
      assert.ok(tf.memory().numTensors <= tensors); // fewer if garbage was collected meanwhile
      assert.deepEqual(
        rest.map(({ step, epoch, loss }) => ({ step, epoch, loss })),
        unbroken.slice(killed).map(({ step, epoch, loss }) => ({ step, epoch, loss })),
      );
      for (const [name, p] of Object.entries(second.parameters))
        assert.deepEqual(p.dataSync(), whole.parameters[name].dataSync());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a checkpoint's seed is that of the run that goes on from it", async () => {
  const run = { ...options, seed: 7 };
  const [whole, half] = [model(), model()];
  const optimizer = new Adam();
  const unbroken = await all(train(plain(whole), whole.parameters, x, run));
  await all(train(plain(half), half.parameters, x, { ...run, epochs: 1, optimizer }));
  const from = {
    parameters: half.parameters,
    step: 4,
    seed: 7,
    optimizer: optimizer.state(half.parameters),
  };
  const rest = await all(
    train(plain(half), half.parameters, x, { ...options, seed: undefined, from }),
  );
  assert.deepEqual(
    rest.map(({ loss }) => loss),
    unbroken.slice(4).map(({ loss }) => loss),
  );
});

test("a checkpoint of another run, model or optimizer is refused, and changes nothing", async () => {
  const net = model();
  const before = net.parameters.W1.dataSync().slice();
  const { W2: _, ...fewer } = net.parameters;
  const resumed = (from: object, more = {}) =>
    all(
      train(plain(net), net.parameters, x, {
        ...options,
        ...more,
        from: { parameters: net.parameters, ...from },
      }),
    );
  await assert.rejects(resumed({ seed: 2 }), /same run, got seed 2 for a run of seed 1/);
  await assert.rejects(
    resumed({ parameters: fewer }),
    /from\.parameters\.W2 must have shape \[3, 6\], got none/,
  );
  await assert.rejects(
    resumed({ optimizer: { steps: tf.scalar(1, "int32") } }),
    /"W1\/mean" must have shape/,
  );
  await assert.rejects(
    resumed({ optimizer: { steps: tf.scalar(1, "int32") } }, { optimizer: tf.train.sgd(0.1) }),
    /must belong to Adam, Momentum or Sgd, got SGD/,
  );
  await assert.rejects(resumed({ step: -1 }), /from\.step/);
  await assert.rejects(
    resumed({ step: 1e6 }),
    /from\.step must be at most \d+, the last step of .*, got 1000000; give more epochs/,
  );
  assert.deepEqual(net.parameters.W1.dataSync(), before);
});

test("an x that holds NaN is refused by its row and column, at the step that meets it", async () => {
  const rows = tf.buffer([40, 3]);
  rows.set(Number.NaN, 33, 2);
  const x = rows.toTensor() as tf.Tensor2D;
  const { parameters, encode, decode } = autoencoder([3, 2, 3], { activation: "relu" });
  for (const replay of [true, false]) {
    const run = train((x) => ({ e: squaredError(x, decode(encode(x))) }), parameters, x, {
      epochs: 1,
      batchSize: 8,
      learningRate: 0.01,
      replay,
    });
    await assert.rejects(async () => {
      for await (const _ of run);
    }, /x holds NaN at row 33, column 2: fill such entries or leave their rows out$/);
  }
});
