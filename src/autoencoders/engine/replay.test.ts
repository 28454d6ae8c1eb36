import "./compat";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs-node";
import { load, save } from "../checkpoint";
import { gaussian } from "../corruption";
import {
  all,
  error,
  type Net,
  net,
  objectives,
  options,
  plain,
  small,
} from "../fixtures/objectives";
import type { At, Objective, Step, TrainOptions } from "../objective";
import { unitNormRows } from "../penalties";
import { cosine } from "../schedules";
import { train } from "../train";
import { drawsOf } from "./noise";
import { Adam, Momentum, type ResourceOptimizer, Sgd } from "./optimizers";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
const x = tf.randomUniform([40, 12], 0, 1, "float32", 1) as tf.Tensor2D;

/** The losses of a plain loop in tfjs as it comes. */
function stockCurve([make, objectiveOf]: (typeof objectives)[string]): number[] {
  const model = make();
  const objective = objectiveOf(model);
  const adam = tf.train.adam(options.learningRate);
  return Array.from({ length: options.epochs }, (_, epoch) =>
    tf.tidy(() => {
      const step = tf.scalar(epoch + 1, "int32");
      const at: At = { step, epoch: tf.scalar(epoch, "int32"), draw: drawsOf(options.seed, step) };
      const loss = () => tf.addN(Object.values(objective(x, at))) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss, Object.values(model.parameters));
      adam.applyGradients(grads as Record<string, tf.Variable>);
      return value.dataSync()[0];
    }),
  );
}
// Before the first training, which puts the engine's own kernels in place.
const stock = Object.fromEntries(
  Object.entries(objectives).map(([name, entry]) => [name, stockCurve(entry)]),
);

const curve = async (
  [make, objectiveOf]: (typeof objectives)[string],
  more: Partial<TrainOptions>,
) => {
  const model = make();
  return all(train(objectiveOf(model), model.parameters, x, { ...options, ...more }));
};

for (const [name, entry] of Object.entries(objectives))
  test(`${name}: stock tfjs, our eager steps and replayed ones give the same losses`, async () => {
    const eager = await curve(entry, { replay: false });
    const replayed = await curve(entry, { replay: true });
    for (const [i, { loss, terms, gradientNorm }] of replayed.entries()) {
      const tolerance = i === 0 ? 1e-5 : 1e-3;
      for (const [other, value] of [
        ["stock", stock[name][i]] as const,
        ["eager", eager[i].loss] as const,
      ])
        assert.ok(
          Math.abs(loss / value - 1) < tolerance,
          `${other}, step ${i + 1}: ${value} and ${loss}`,
        );
      assert.ok(
        Math.abs(gradientNorm - eager[i].gradientNorm) <= 1e-3 * gradientNorm + 1e-6,
        `norm at ${i + 1}`,
      );
      assert.deepEqual(Object.keys(terms), Object.keys(eager[i].terms));
    }
  });

const large = [256, 64, 256];
test("a run in parts of the batch gives the same numbers twice, and when it goes on from a checkpoint", async () => {
  const x = tf.randomUniform([320, 256], 0, 1, "float32", 1) as tf.Tensor2D;
  const noisy =
    (net: Net): Objective =>
    (x, at) => ({ squaredError: error(net, x, gaussian(0.3)(x, at)) });
  const run = { ...options, batchSize: 192, learningRate: 0.001, epochs: 20 };
  const from = (model: Net, more: Partial<TrainOptions>) =>
    train(noisy(model), model.parameters, x, { ...run, optimizer: new Adam(), ...more });
  const numbers = (steps: Step[]) =>
    steps.map(({ step, loss, gradientNorm }) => ({ step, loss, gradientNorm }));
  const whole = numbers(await all(from(net(large), {})));
  assert.deepEqual(numbers(await all(from(net(large), {}))), whole);
  const model = net(large);
  const optimizer = new Adam();
  for await (const { step } of from(model, { optimizer })) if (step === 17) break;
  const checkpoint = {
    parameters: model.parameters,
    step: 17,
    optimizer: optimizer.state(model.parameters),
  };
  assert.deepEqual(numbers(await all(from(net(large), { from: checkpoint }))), whole.slice(17));
});

const batches = { ...options, epochs: 8, batchSize: 16 }; // 16, 16, 8

/** Trains the same model eagerly and by replay and asks for the same losses and weights. */
async function same(
  more: Partial<TrainOptions>,
  objectiveOf = plain,
  tolerance = 1e-4,
): Promise<void> {
  const [a, b] = [net(small, "relu"), net(small, "relu")];
  const eager = await all(
    train(objectiveOf(a), a.parameters, x, { ...batches, ...more, replay: false }),
  );
  const replayed = await all(
    train(objectiveOf(b), b.parameters, x, { ...batches, ...more, replay: true }),
  );
  assert.equal(eager.length, replayed.length);
  eager.forEach(({ loss }, i) => {
    assert.ok(
      Math.abs(loss / replayed[i].loss - 1) < tolerance,
      `step ${i + 1}: ${loss} and ${replayed[i].loss}`,
    );
  });
  for (const [name, p] of Object.entries(a.parameters)) {
    const gap = tf.tidy(() => p.sub(b.parameters[name]).abs().max().dataSync()[0]);
    assert.ok(gap < tolerance, `${name}: ${gap}`);
  }
}

test("a partial last batch is a step of its own", () => same({}));
test("a batch larger than the set is the set", () => same({ batchSize: 100 }));
test("a schedule sets the rate of every replayed step", () =>
  same({ learningRate: cosine({ from: 0.05, steps: 24 }) }));
test("a constraint holds inside the step", async () => {
  await same({ constrain: { W2: unitNormRows } });
  const model = net();
  for await (const _ of train(plain(model), model.parameters, x, {
    ...batches,
    replay: true,
    constrain: { W2: unitNormRows },
  }))
    for (const norm of tf.tidy(() => model.parameters.W2.square().sum(1).sqrt().dataSync()))
      assert.ok(Math.abs(norm - 1) < 1e-5);
});
test("noise gives the same numbers eager and replayed, in partial batches too", () =>
  same({}, (net) => (x, at) => ({ squaredError: error(net, x, gaussian(0.3)(x, at)) })));

const makers: Record<string, [() => ResourceOptimizer, () => tf.Optimizer]> = {
  Adam: [() => new Adam(0.01), () => tf.train.adam(0.01)],
  Sgd: [() => new Sgd(0.01), () => tf.train.sgd(0.01)],
  Momentum: [() => new Momentum(0.01, 0.9), () => tf.train.momentum(0.01, 0.9)],
  Nesterov: [() => new Momentum(0.01, 0.9, true), () => tf.train.momentum(0.01, 0.9, true)],
};
for (const [name, [ours, theirs]] of Object.entries(makers)) {
  test(`${name} takes the steps of tfjs's, eager and replayed`, async () => {
    const losses = async (optimizer: tf.Optimizer, replay: boolean) => {
      const model = net();
      return (
        await all(train(plain(model), model.parameters, x, { ...batches, optimizer, replay }))
      ).map(({ loss }) => loss);
    };
    const stock = await losses(theirs(), false);
    for (const replay of [false, true])
      (await losses(ours(), replay)).forEach((loss, i) => {
        assert.ok(Math.abs(loss / stock[i] - 1) < 1e-4, `step ${i + 1}: ${stock[i]} and ${loss}`);
      });
  });

  test(`${name}: a replayed run killed at any step goes on from its checkpoint with the same numbers`, async () => {
    const whole = net();
    const run = { ...batches, replay: true };
    const unbroken = await all(
      train(plain(whole), whole.parameters, x, { ...run, optimizer: ours() }),
    );
    const folder = mkdtempSync(join(tmpdir(), "replay-"));
    try {
      for (const killed of [1, 3, 11]) {
        const first = net();
        const optimizer = ours();
        for await (const { step } of train(plain(first), first.parameters, x, {
          ...run,
          optimizer,
        }))
          if (step === killed) {
            const state = optimizer.state(first.parameters);
            save(join(folder, "run"), {
              parameters: first.parameters,
              step,
              optimizer: state,
              seed: run.seed,
            });
            tf.dispose(state);
            break;
          }
        const second = net();
        const from = load(join(folder, "run"));
        const rest = await all(
          train(plain(second), second.parameters, x, { ...run, optimizer: ours(), from }),
        );
        assert.deepEqual(
          rest.map(({ step, loss }) => ({ step, loss })),
          unbroken.slice(killed).map(({ step, loss }) => ({ step, loss })),
        );
        for (const [name, p] of Object.entries(second.parameters))
          assert.deepEqual(p.dataSync(), whole.parameters[name].dataSync());
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("an optimizer goes on where a replayed run left it, in an eager one", async () => {
  const losses = async (replays: boolean[]) => {
    const model = net();
    const optimizer = new Adam(0.01);
    const seen: number[] = [];
    for (const replay of replays)
      for (const { loss } of await all(
        train(plain(model), model.parameters, x, { ...options, epochs: 5, optimizer, replay }),
      ))
        seen.push(loss);
    return seen;
  };
  const [eager, mixed] = [await losses([false, false, false]), await losses([true, false, true])];
  eager.forEach((loss, i) => {
    assert.ok(Math.abs(loss / mixed[i] - 1) < 1e-5, `step ${i + 1}`);
  });
});

test("the weights are what they are at every yielded step, and clones keep what they were", async () => {
  const [a, b] = [net(), net()];
  const clones: tf.Tensor[] = [];
  const replayed = train(plain(b), b.parameters, x, { ...batches, replay: true });
  let tensors = 0;
  for await (const { step } of train(plain(a), a.parameters, x, { ...batches, replay: false })) {
    await replayed.next();
    if (step % 3 === 0) {
      const [w, v] = [a.parameters.W1.dataSync(), b.parameters.W1.dataSync()];
      w.forEach((weight, i) => {
        assert.ok(Math.abs(weight - v[i]) < 1e-5, `step ${step}: ${weight} and ${v[i]}`);
      });
    }
    if (step === 10) clones.push(a.parameters.W1.clone(), b.parameters.W1.clone());
    if (step === 12) tensors = tf.memory().numTensors;
    if (step === 20) assert.equal(tf.memory().numTensors, tensors);
  }
  await replayed.return(undefined);
  const [w, v] = clones.map((clone) => clone.dataSync());
  w.forEach((weight, i) => {
    assert.ok(Math.abs(weight - v[i]) < 1e-5);
  });
  assert.notDeepEqual(w, a.parameters.W1.dataSync());
});

test("what the reader assigns to a parameter between steps is where the next step starts", async () => {
  const losses = async (replay: boolean) => {
    const model = net();
    const seen: number[] = [];
    for await (const { step, loss } of train(plain(model), model.parameters, x, {
      ...batches,
      replay,
    })) {
      seen.push(loss);
      if (step === 9) tf.tidy(() => model.parameters.W1.assign(model.parameters.W1.mul(2)));
    }
    return seen;
  };
  const [eager, replayed] = [await losses(false), await losses(true)];
  eager.forEach((loss, i) => {
    assert.ok(Math.abs(loss / replayed[i] - 1) < 1e-4, `step ${i + 1}`);
  });
});

test("what the reader restores of the optimizer between steps is where the next step starts", async () => {
  const losses = async (replay: boolean) => {
    const model = net();
    const optimizer = new Adam();
    const seen: number[] = [];
    let early: Record<string, tf.Tensor> = {};
    for await (const { step, loss } of train(plain(model), model.parameters, x, {
      ...batches,
      optimizer,
      replay,
    })) {
      seen.push(loss);
      if (step === 5) early = optimizer.state(model.parameters);
      if (step === 10) optimizer.restore(model.parameters, early);
    }
    assert.equal(optimizer.steps, 19);
    optimizer.dispose();
    return seen;
  };
  const [eager, replayed] = [await losses(false), await losses(true)];
  eager.forEach((loss, i) => {
    assert.ok(Math.abs(loss / replayed[i] - 1) < 1e-4, `step ${i + 1}: ${loss} and ${replayed[i]}`);
  });
});

test("a parameter that is disposed of ends training with words, and its state alone is lost", async () => {
  const model = net();
  const optimizer = new Adam();
  await assert.rejects(async () => {
    for await (const { step } of train(plain(model), model.parameters, x, {
      ...batches,
      optimizer,
      replay: true,
    }))
      if (step === 9) model.parameters.W1.dispose();
  }, /^Error: parameter "W1" must be live, got one that was disposed of/);
  const names = Object.keys(optimizer.state(model.parameters));
  assert.deepEqual(names, [
    "steps",
    ...["b1", "W2", "b2"].flatMap((name) => [`${name}/mean`, `${name}/square`]),
  ]);
});

test("a variable outside of the parameters may change between steps, and a tensor outside is taken in as it is", async () => {
  const shift = tf.randomUniform([12], 0, 1, "float32", 3);
  const losses = async (replay: boolean) => {
    const model = net();
    const weight = tf.variable(tf.scalar(1), false);
    const objective: Objective = (x) => ({
      squared: error(model, x.sub(shift)).mul(weight) as tf.Scalar,
    });
    const seen: number[] = [];
    for await (const { step, loss } of train(objective, model.parameters, x, {
      ...batches,
      replay,
    })) {
      seen.push(loss);
      if (step === 5) tf.tidy(() => weight.assign(tf.scalar(3)));
    }
    return seen;
  };
  const [eager, replayed] = [await losses(false), await losses(true)];
  eager.forEach((loss, i) => {
    assert.ok(Math.abs(loss / replayed[i] - 1) < 1e-4, `step ${i + 1}`);
  });
});

test("two models trained step by step in turn, and two objectives on one model, do not mix", async () => {
  const alone = async (seed: number, replay: boolean) => {
    const model = net();
    return (await all(train(plain(model), model.parameters, x, { ...batches, seed, replay }))).map(
      ({ loss }) => loss,
    );
  };
  const [a, b] = [net(), net()];
  const [runA, runB] = [
    train(plain(a), a.parameters, x, { ...batches, seed: 1, replay: true }),
    train(plain(b), b.parameters, x, { ...batches, seed: 2, replay: true }),
  ];
  const seen: number[][] = [[], []];
  for (let i = 0; i < 24; i++) {
    seen[0].push((await runA.next()).value.loss);
    seen[1].push((await runB.next()).value.loss);
  }
  assert.deepEqual(seen, [await alone(1, true), await alone(2, true)]);

  const shared = async (replay: boolean, optimizer?: tf.Optimizer) => {
    const model = net();
    const decay: Objective = () => ({
      decay: tf.addN(Object.values(model.parameters).map((p) => p.square().sum())),
    });
    const first = train(plain(model), model.parameters, x, { ...batches, replay, optimizer });
    const second = train(decay, model.parameters, x, { ...batches, replay, optimizer });
    const losses: number[] = [];
    for (let i = 0; i < 20; i++)
      losses.push((await first.next()).value.loss, (await second.next()).value.loss);
    await first.return(undefined);
    await second.return(undefined);
    return losses;
  };
  for (const optimizer of [() => undefined, () => new Adam()]) {
    const [eager, replayed] = [await shared(false, optimizer()), await shared(true, optimizer())];
    eager.forEach((loss, i) => {
      assert.ok(
        Math.abs(loss - replayed[i]) < 1e-4 * Math.abs(loss) + 1e-5,
        `${i}: ${loss} and ${replayed[i]}`,
      );
    });
  }
});

test("a loss that is not finite stops a replayed step before the update, with the words of an eager one", async () => {
  const failure = async (replay: boolean) => {
    const model = net();
    const objective: Objective = (x, at) => ({
      squared: error(model, x).div(tf.sub(8, at.step).relu()),
      one: tf.scalar(1),
    });
    let before: Float32Array | undefined;
    let text = "";
    try {
      for await (const _ of train(objective, model.parameters, x, { ...batches, replay }))
        before = model.parameters.W1.dataSync().slice() as Float32Array;
    } catch (error) {
      text = (error as Error).message;
    }
    assert.deepEqual(model.parameters.W1.dataSync(), before);
    return text;
  };
  assert.match(
    await failure(true),
    /^step 8: .*term "squared" is Infinity.*the gradient of "\w+" went first/,
  );
  assert.equal(await failure(true), await failure(false));
});

test("a constraint that is not finite is named", async () => {
  const model = net();
  const bad = (w: tf.Tensor) => w.div(w.sub(w));
  await assert.rejects(
    all(
      train(plain(model), model.parameters, x, {
        ...batches,
        replay: true,
        constrain: { W2: bad },
      }),
    ),
    /step 1: constrain\.W2 must give finite numbers/,
  );
});

test("an objective that cannot be recorded runs eagerly, and train says once why; replay: true insists", async () => {
  const model = net();
  const said: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => said.push(text);
  let count = 0;
  const shifts = [tf.zeros([12]), tf.ones([12])];
  const cases: [RegExp, Objective][] = [
    [
      /reads the value of a tensor/,
      (x) => ({ squared: error(model, x).mul(Math.min(1, x.dataSync()[0] + 1)) }),
    ],
    [
      /a number made in JavaScript changes/,
      (x) => ({ squared: error(model, x).mul(1 + count++ / 1000) }),
    ],
    [
      /a number made in JavaScript changes/,
      (x) => ({ squared: error(model, x.add(tf.randomNormal(x.shape))) }),
    ],
    [
      /takes another tensor from outside/,
      (x) => ({ squared: error(model, x.sub(shifts[count++ % 2])) }),
    ],
    [
      /its operations change/,
      (x) => ({ squared: count++ % 2 ? error(model, x) : error(model, x).square() }),
    ],
  ];
  try {
    for (const [reason, objective] of cases) {
      said.length = 0;
      const steps = await all(
        train(objective, model.parameters, x, { ...options, epochs: 40, learningRate: 1e-4 }),
      );
      assert.equal(steps.length, 40);
      for (const text of said) assert.match(text, reason);
      await assert.rejects(
        all(train(objective, model.parameters, x, { ...options, replay: true })),
        reason,
      );
    }
    said.length = 0;
    for (let i = 0; i < 2; i++)
      await all(
        train(plain(model), model.parameters, x, {
          ...options,
          epochs: 40,
          optimizer: tf.train.adagrad(0.01),
        }),
      );
    assert.deepEqual(said.length, 1);
    assert.match(
      said[0],
      /^train: steps run eagerly, because Adagrad keeps its state in JavaScript/,
    );
  } finally {
    console.warn = warn;
  }
});

test("an objective that a loop changes after it was recorded is found out", async () => {
  const model = net();
  let weight = 1;
  const objective: Objective = (x) => ({ squared: error(model, x).mul(weight) as tf.Scalar });
  await assert.rejects(async () => {
    for await (const { step } of train(objective, model.parameters, x, { ...options, epochs: 400 }))
      if (step === 100) weight = 0.5;
  }, /step 101: the objective must stay as it was when its steps were recorded, but a number made in JavaScript changes/);
});

test("the objective is called once a step, eager or replayed, in batches of two sizes", async () => {
  for (const replay of [true, false, undefined]) {
    const model = net();
    let calls = 0;
    const counted: Objective = (x) => {
      calls++;
      return { e: error(model, x) };
    };
    const steps = await all(
      train(counted, model.parameters, x, { ...options, batchSize: 16, epochs: 100, replay }),
    );
    assert.equal(calls, steps.length);
  }
});

test("a replay that gives another loss than the eager step is an error that names the term", async () => {
  const model = net();
  // TensorFlow's stateful generator: each run gives other numbers, by the same op.
  const drift: Objective = (x) => ({
    squared: error(model, x),
    drifting: tf
      .multinomial(tf.zeros([1, 1000]) as tf.Tensor2D, 1, 7)
      .toFloat()
      .sum(),
  });
  await assert.rejects(
    all(train(drift, model.parameters, x, { ...options, replay: true })),
    /step \d+: term "drifting" must be the same eager and replayed, got/,
  );
});

test("the same seed gives the same numbers twice", async () => {
  const run = () => curve(objectives.gaussianNoise, { replay: true, batchSize: 16, epochs: 10 });
  const losses = (steps: Step[]) => steps.map(({ loss }) => loss);
  assert.deepEqual(losses(await run()), losses(await run()));
});

test("an optimizer that nobody disposed of gives its state back once it is collected", async () => {
  const model = net();
  const once = (replay: boolean) =>
    all(
      train(plain(model), model.parameters, x, {
        ...options,
        epochs: 2,
        replay,
        optimizer: new Adam(0.01),
      }),
    );
  const collected = async () => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    return tf.memory().numTensors;
  };
  await once(true);
  const before = await collected();
  for (const replay of [true, false, true, false]) await once(replay);
  const state = 3 * Object.keys(model.parameters).length; // of one optimizer
  assert.ok(tf.memory().numTensors >= before + 3 * state);
  assert.ok((await collected()) <= before + state, "more than the last one is left");
});

test("a training that was left in the middle gives its session back once it and its weights are collected", async () => {
  const sessions = async () => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    return tf.node.getNumOfSavedModels();
  };
  const before = await sessions();
  const weights: tf.Variable[][] = [];
  for (let i = 0; i < 5; i++) {
    const { parameters, ...model } = net();
    const training = train(plain({ parameters, ...model }), parameters, x, {
      ...options,
      replay: true,
    });
    for (let step = 0; step < 10; step++) await training.next();
    weights.push(Object.values(parameters));
  }
  assert.ok(
    (await sessions()) >= before + 4,
    "a session must stay while weights that are read from it can be reached",
  );
  for (const weight of weights.flat()) assert.ok(weight.dataSync().every(Number.isFinite));
  tf.dispose(weights);
  weights.length = 0;
  assert.ok((await sessions()) <= before + 1, "more than the last one is left");
});

test("a trained net does not keep the examples that it was trained on", async () => {
  const model = net();
  const seen = await (async () => {
    const rows = tf.randomUniform([40, 12], 0, 1, "float32", 1) as tf.Tensor2D;
    await all(
      train(plain(model), model.parameters, rows, { ...options, epochs: 40, replay: true }),
    );
    rows.dispose();
    return new WeakRef(rows);
  })();
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
  assert.equal(seen.deref(), undefined);
  assert.ok(model.parameters.W1.dataSync().every(Number.isFinite));
});
