// Objectives that change what they compute, on batches of one size and of two: 24 pairs of runs.
import "./compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { all, error, type Net, net, options } from "../fixtures/objectives";
import type { Objective, Step } from "../objective";
import { l1 } from "../penalties";
import { train } from "../train";
import { Adam } from "./optimizers";

const x = tf.randomUniform([40, 12], 0, 1, "float32", 1) as tf.Tensor2D;

/** Objectives with a state of their own, which changes what they compute. */
const stateful: Record<string, (net: Net) => Objective> = {
  "a counter that matters from a step on": (net) => {
    let k = 0;
    return (x) => ({ e: error(net, x).mul(++k > 50 ? 10 : 1) });
  },
  "a counter that matters at once": (net) => {
    let k = 0;
    return (x) => ({ e: error(net, x).mul(1 + k++ / 100) });
  },
  "a counter in a function that the objective calls": (net) => {
    const schedule = { calls: 0, next: () => Math.min(1, Math.max(0, schedule.calls++ - 40) / 20) };
    return (x) => ({ e: error(net, x), l1: l1(net.encode(x)).mul(schedule.next()) });
  },
  "a generator of weights": (net) => {
    const weights = (function* () {
      for (let i = 0; ; i++) yield i < 45 ? 1 : 2;
    })();
    return (x) => ({ e: error(net, x).mul(weights.next().value as number) });
  },
  "a term that appears later": (net) => {
    let k = 0;
    return (x): Record<string, tf.Tensor> => ({
      e: error(net, x),
      ...(k++ > 60 && { l1: l1(net.encode(x)) }),
    });
  },
  "a step that differs now and then": (net) => {
    let k = 0;
    return (x) => ({ e: k++ % 50 === 49 ? error(net, x).square() : error(net, x) });
  },
  "another tensor from outside": (net) => {
    let k = 0;
    const shifts = [tf.zeros([12]), tf.ones([12])];
    return (x) => ({ e: error(net, x.sub(shifts[k++ > 70 ? 1 : 0])) });
  },
  "a large constant that changes": (net) => {
    let k = 0;
    return (x) => ({ e: error(net, x.mul(tf.tensor1d(new Array(12).fill(k++ > 44 ? 2 : 1)))) });
  },
  "another axis": (net) => {
    let k = 0;
    return (x) => ({
      e: error(net, x),
      s: net
        .encode(x)
        .sum(k++ > 80 ? 0 : 1)
        .square()
        .sum(),
    });
  },
  "an attribute of an operation": (net) => {
    let k = 0;
    return (x) => ({ e: error(net, x.clipByValue(0, k++ > 55 ? 0.5 : 1)) });
  },
  "a value that is read only later": (net) => {
    let k = 0;
    return (x) => ({ e: error(net, x).mul(k++ > 30 ? Math.min(2, x.dataSync()[0] + 1) : 1) });
  },
  "a gradient inside": (net) => {
    let k = 0;
    const steepness = tf.grad((x) =>
      net
        .encode(x)
        .mul(k > 65 ? 3 : 1)
        .sum(),
    );
    return (x) => {
      k++;
      return { e: error(net, x), g: steepness(x).square().sum() };
    };
  },
};

for (const [title, objectiveOf] of Object.entries(stateful))
  for (const batchSize of [40, 16])
    test(`an objective with ${title}: the eager numbers or an error, batches of ${batchSize}`, async () => {
      const run = {
        ...options,
        batchSize,
        epochs: Math.ceil((100 * batchSize) / 40),
        learningRate: 1e-3,
      };
      const model = () => net();
      const [a, b] = [model(), model()];
      const eager = await all(
        train(objectiveOf(a), a.parameters, x, { ...run, replay: false, optimizer: new Adam() }),
      );
      const seen: Step[] = [];
      let failure: Error | undefined;
      const { warn } = console;
      console.warn = () => {};
      try {
        for await (const step of train(objectiveOf(b), b.parameters, x, run)) seen.push(step);
      } catch (thrown) {
        failure = thrown as Error;
      } finally {
        console.warn = warn;
      }
      if (failure) assert.match(failure.message, /^step \d+: the objective must stay as it was/);
      else assert.equal(seen.length, eager.length);
      for (const { step, loss } of seen)
        assert.ok(Math.abs(loss / eager[step - 1].loss - 1) < 1e-3, `step ${step}`);
    });
