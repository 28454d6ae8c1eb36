import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-node";
import {
  cosine,
  fashionMnist,
  type LabeledImages,
  mnist,
  Sgd,
  type TrainOptions,
  train,
} from "autoencoders";
import { evaluate, firstOfEachClass, sideBySide } from "./evaluate";
import { idOf } from "./expand";
import type { Experiment } from "./experiment";
import { type Method, methodOf } from "./methods";
import { saveHalf, weightsFile } from "./weights";

const heldOut = 5000;

/**
 * Result of an experiment. A run whose loss stopped being finite is a result as well: `status` says
 * so, and `error` at which step.
 */
export interface Result {
  id: string;
  experiment: Experiment;
  status: "done" | "diverged";
  error?: string;
  metrics: Record<string, number | null>;
  /** Mean of each term over the steps of each epoch. */
  curves: Record<string, number[]>;
  /**
   * If `pictures` are asked for: the reconstructions of the first measured image of each class, a
   * PNG in base 64.
   */
  pictures?: string;
  /** Numbers in a code, and numbers that were fitted. */
  codeSize: number;
  size: number;
  seconds: { train: number; evaluate: number; total: number };
  examplesPerSecond: number | null;
  versions: Record<string, string>;
  machine: { cpu: string; cores: number; platform: string };
}

const rows = (all: LabeledImages, from: number, count: number): LabeledImages =>
  count === all.labels.size
    ? all // no second copy
    : {
        images: all.images.slice([from, 0], [count, -1]),
        labels: all.labels.slice(from, count),
      };

async function load({ data }: Experiment): Promise<{ train: LabeledImages; test: LabeledImages }> {
  const read = data.set === "mnist" ? mnist : fashionMnist;
  const all = await read("train");
  const known = all.labels.size - (data.split === "tune" ? heldOut : 0);
  if (data.limit !== undefined && data.limit > known)
    throw new RangeError(`experiment.data.limit: must be at most ${known}, got ${data.limit}`);
  const test = data.split === "tune" ? rows(all, known, heldOut) : await read("test");
  return { train: rows(all, 0, data.limit ?? known), test };
}

type Fitted = Pick<Result, "curves" | "examplesPerSecond" | "status" | "error">;

async function fit(
  e: Extract<Experiment, { epochs: number }>,
  method: Method,
  x: tf.Tensor2D,
): Promise<Fitted> {
  const { epochs, batchSize, seed } = e;
  const steps = epochs * Math.ceil(x.shape[0] / batchSize);
  const learningRate =
    e.schedule === "cosine" && steps > 1 ? cosine({ from: e.learningRate, steps }) : e.learningRate;
  const { constrain } = method;
  const options: TrainOptions = { epochs, batchSize, learningRate, seed, constrain };
  if (e.optimizer === "sgd") options.optimizer = new Sgd();
  const sums: Record<string, number[]> = {};
  const counts: number[] = [];
  let examplesPerSecond: number | null = null;
  const curves = () =>
    Object.fromEntries(
      Object.entries(sums).map(([name, sum]) => [name, sum.map((value, i) => value / counts[i])]),
    );
  try {
    for await (const step of train(method.objective!, method.parameters, x, options)) {
      counts[step.epoch] = (counts[step.epoch] ?? 0) + 1;
      for (const [name, value] of Object.entries(step.terms)) {
        sums[name] ??= [];
        sums[name][step.epoch] = (sums[name][step.epoch] ?? 0) + value;
      }
      examplesPerSecond = Math.round(step.examplesPerSecond);
    }
  } catch (error) {
    if (!(error instanceof RangeError && /must be finite/.test(error.message))) throw error;
    return { status: "diverged", error: error.message, curves: curves(), examplesPerSecond };
  }
  return { status: "done", curves: curves(), examplesPerSecond };
}

/**
 * Runs one experiment through the library's public API. The same document gives the same metrics
 * and curves; times differ.
 *
 * Throws on documents that cannot be run; a loss that is not finite is answered as a diverged
 * result.
 */
export async function run(experiment: Experiment): Promise<Result> {
  const begin = performance.now();
  const { train: known, test } = await load(experiment);
  const other = experiment.metrics.includes("fashionErrorPerPixel")
    ? (await fashionMnist("test")).images
    : undefined;
  const method = methodOf(experiment, known.images);
  const trainBegin = performance.now();
  const fitted: Fitted =
    "epochs" in experiment
      ? await fit(experiment, method, known.images)
      : { status: "done", curves: {}, examplesPerSecond: null };
  const trainEnd = performance.now();
  const metrics =
    fitted.status === "done"
      ? evaluate(method, { train: known, test, other }, experiment.metrics)
      : {};
  const end = performance.now();
  if ("weights" in experiment && experiment.weights && fitted.status === "done")
    saveHalf(weightsFile(experiment.weights), method.parameters, {
      id: idOf(experiment),
      experiment: JSON.stringify(experiment),
      metrics: JSON.stringify(metrics),
    });
  const { reconstruct } = method;
  const pictures =
    experiment.pictures && reconstruct && fitted.status === "done"
      ? await sideBySide(tf.tidy(() => reconstruct(firstOfEachClass(test))))
      : undefined;
  const second = (from: number, to: number) => Number(((to - from) / 1000).toFixed(3));
  return {
    id: idOf(experiment),
    experiment,
    status: fitted.status,
    ...(fitted.error ? { error: fitted.error } : {}),
    metrics,
    curves: fitted.curves,
    ...(pictures ? { pictures } : {}),
    codeSize: tf.tidy(() => method.encode(test.images.slice([0, 0], [1, -1])).shape[1]),
    size: method.size,
    seconds: {
      train: second(trainBegin, trainEnd),
      evaluate: second(trainEnd, end),
      total: second(begin, end),
    },
    examplesPerSecond: fitted.examplesPerSecond,
    versions: {
      autoencoders: (require("autoencoders/package.json") as { version: string }).version,
      "tfjs-node": tf.version["tfjs-node" as keyof typeof tf.version] ?? tf.version_core,
      node: process.versions.node,
    },
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      platform: `${process.platform} ${process.arch}`,
    },
  };
}
