import * as tf from "@tensorflow/tfjs-node";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { requireInteger, requireNumber } from "./preconditions";

/** A stream of random numbers that is the same for the same seed on every machine. */
export interface Random {
  /** A number in [0, 1), a multiple of ``2⁻⁵³``. */
  next(): number;
  /** A number from the standard normal distribution. */
  nextNormal(): number;
  /** An integer from 0 to ``below − 1``, each equally likely. */
  integer(below: number): number;
  /** The integers ``0, …, n − 1`` in random order. */
  permutation(n: number): Int32Array;
  /**
   * A tensor of independent numbers from [low, high), by default [0, 1), rounded to float32: one in
   * ``2²⁵`` becomes
   * `high`.
   */
  uniform<R extends tf.Rank>(shape: tf.ShapeMap[R], low?: number, high?: number): tf.Tensor<R>;
  /** A tensor of independent normal numbers, by default standard ones. */
  normal<R extends tf.Rank>(shape: tf.ShapeMap[R], mean?: number, sd?: number): tf.Tensor<R>;
}

const greatestSeed = 2 ** 32 - 1;
const greatestFloat = (2 - 2 ** -23) * 2 ** 127;

/**
 * The seed of the environment variable `AE_SEED`, 1 without it. Throws unless it is an integer from
 * 0 to ``2³² − 1``.
 */
export function defaultSeed(): number {
  const text = process.env.AE_SEED;
  if (text === undefined || text.trim() === "") return 1;
  const seed = Number(text);
  requireInteger(seed, `AE_SEED (${JSON.stringify(text)})`, 0, greatestSeed);
  return seed;
}

// Neighboring seeds must not give neighboring states: the 32-bit finaliser of MurmurHash3.
function mix(word: number): number {
  let w = word ^ (word >>> 16);
  w = Math.imul(w, 0x85ebca6b);
  w = Math.imul(w ^ (w >>> 13), 0xc2b2ae35);
  return w ^ (w >>> 16);
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/**
 * Random numbers by xoroshiro128+ (Blackman and Vigna, 2018), through pure-rand.
 *
 * `stream` names one of many independent streams of the same seed, so that adding a draw to one
 * leaves the others as they were. Normal numbers are made by Box and Muller's transform. Throws
 * unless `seed` is an integer from 0 to ``2³² − 1``.
 */
export function random(seed: number = defaultSeed(), stream = ""): Random {
  requireInteger(seed, "seed", 0, greatestSeed);
  const start = seed ^ hash(stream);
  const bits = xoroshiro128plusFromState(
    [1, 2, 3, 4].map((i) => mix(start + Math.imul(i, 0x9e3779b9)) | 0),
  );
  let spare: number | undefined;

  const next = () => uniformFloat64(bits);
  const nextNormal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const fill = <R extends tf.Rank>(shape: tf.ShapeMap[R], draw: () => number): tf.Tensor<R> => {
    for (const size of shape) requireInteger(size, "every size of a shape", 0);
    requireInteger(tf.util.sizeFromShape(shape), "the number of entries", 0, 2 ** 31 - 1);
    return tf.tensor<R>(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, draw),
      shape,
      "float32",
    );
  };

  return {
    next,
    nextNormal,
    integer(below) {
      requireInteger(below, "below", 1, greatestSeed);
      return uniformInt(bits, 0, below - 1);
    },
    permutation(n) {
      requireInteger(n, "n", 0);
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = uniformInt(bits, 0, i);
        const kept = order[i];
        order[i] = order[j];
        order[j] = kept;
      }
      return order;
    },
    uniform(shape, low = 0, high = 1) {
      requireNumber(low, "low", "a number that float32 holds", (v) => Math.abs(v) <= greatestFloat);
      const range = `a number of at least low = ${low} that float32 holds`;
      requireNumber(high, "high", range, (v) => v >= low && v <= greatestFloat);
      return fill(shape, () => low + (high - low) * next());
    },
    normal(shape, mean = 0, sd = 1) {
      requireNumber(mean, "mean", "a number from −1e38 to 1e38", (v) => Math.abs(v) <= 1e38);
      requireNumber(sd, "sd", "a number from 0 to 1e37", (v) => v >= 0 && v <= 1e37);
      return fill(shape, () => mean + sd * nextNormal());
    },
  };
}
