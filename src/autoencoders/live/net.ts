// Runs in Node and in the reader's browser: no DOM, no Node, no tensors.
import { base64 } from "../plot/base64";

const activations = {
  linear: (z: number) => z,
  relu: (z: number) => Math.max(0, z),
  sigmoid: (z: number) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  softplus: (z: number) => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))),
  elu: (z: number) => (z > 0 ? z : Math.expm1(z)),
  leakyRelu: (z: number) => (z > 0 ? z : 0.01 * z),
  swish: (z: number) => z / (1 + Math.exp(-z)),
};

/** The name of an activation that the page can apply. */
export type LiveActivation = keyof typeof activations;

export const liveActivations = Object.keys(activations) as LiveActivation[];

/** A dense layer h = a(xW + b): W [d, m] row after row, b [m]. */
export interface Dense {
  d: number;
  m: number;
  W: Float32Array;
  b: Float32Array;
  activation: LiveActivation;
}

/**
 * The same layer as text, base64: 16-bit floats, little-endian; or, with `scale`, W as bytes −127 …
 * 127 times its unit's scale.
 */
export interface PackedDense extends Pick<Dense, "d" | "m" | "activation"> {
  W: string;
  scale?: string;
  b: string;
}

/** a(…a(xW1 + b1)W2 + b2…) of one example x [d], in float64. */
export function evaluate(layers: readonly Dense[], x: ArrayLike<number>): Float64Array {
  let h = Float64Array.from(x);
  for (const { d, m, W, b, activation } of layers) {
    const z = Float64Array.from(b);
    for (let i = 0; i < d; i++) {
      const value = h[i];
      if (value === 0) continue;
      const row = i * m;
      for (let j = 0; j < m; j++) z[j] += value * W[row + j];
    }
    h = z.map(activations[activation]);
  }
  return h;
}

const bits = new DataView(new ArrayBuffer(4));

/** A 16-bit float as a number. Source: IEEE 754-2019, binary16. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest 16-bit float, ties to even. Source: IEEE 754-2019, binary16. */
export function toHalf(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  const sign = (word >>> 16) & 0x8000;
  const size = Math.abs(Math.fround(value));
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, ((word >>> 23) & 255) - 127);
  const scaled = size / 2 ** (exponent - 10);
  const floor = Math.floor(scaled);
  const up = scaled - floor > 0.5 || (scaled - floor === 0.5 && floor % 2 === 1);
  const rounded = floor + (up ? 1 : 0);
  return sign | (rounded < 1024 ? rounded : ((exponent + 14) << 10) + rounded);
}

/** Numbers as base64 of 16-bit floats, little-endian. */
export function packHalves(values: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, toHalf(values[i]), true);
  return base64(new Uint8Array(view.buffer));
}

/** The numbers that `packHalves` packed, each within 2⁻¹¹ of its size. */
export function unpackHalves(packed: string): Float32Array {
  const text = atob(packed);
  const values = new Float32Array(text.length / 2);
  for (let i = 0; i < values.length; i++)
    values[i] = fromHalf(text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 8));
  return values;
}

/**
 * W as bytes, each column in units of its largest entry ÷ 127, and those units as 16-bit floats.
 */
export function packBytes({ m, W }: Pick<Dense, "m" | "W">): { W: string; scale: string } {
  const most = new Float32Array(m);
  W.forEach((w, i) => {
    most[i % m] = Math.max(most[i % m], Math.abs(w));
  });
  const scale = packHalves(most.map((v) => v / 127 + 2 ** -24));
  const units = unpackHalves(scale);
  const bytes = Uint8Array.from(W, (w, i) => Math.round(w / units[i % m])); // modulo 256
  return { W: base64(bytes), scale };
}

/** The weights that `packBytes` packed, each within half of its column's unit. */
function unpackBytes(packed: string, scale: string, m: number): Float32Array {
  const units = unpackHalves(scale);
  const signed = (c: string) => (c.charCodeAt(0) << 24) >> 24;
  return Float32Array.from(atob(packed), (c, i) => signed(c) * units[i % m]);
}

export const unpack = (layers: readonly PackedDense[]): Dense[] =>
  layers.map(({ W, b, scale, ...rest }) => ({
    ...rest,
    W: scale ? unpackBytes(W, scale, rest.m) : unpackHalves(W),
    b: unpackHalves(b),
  }));

/** Output of a packed net for an example. */
export function evaluatorOf(layers: readonly PackedDense[]) {
  const net = unpack(layers);
  return (x: ArrayLike<number>): Float64Array => evaluate(net, x);
}

/**
 * A step up the field of a net g that is σ times a score: x + ⅒ σ g(x), or with standard normal
 * `noise` Langevin's, shaken by σ √⅕ noise.
 */
export const climber =
  (net: readonly Dense[], sigma: number) =>
  (x: ArrayLike<number>, noise?: ArrayLike<number>): number[] =>
    Array.from(
      evaluate(net, x),
      (g, i) => x[i] + sigma * (0.1 * g + (noise ? Math.sqrt(0.2) * noise[i] : 0)),
    );

/** Rows of a linear decoder's W: what each unit adds to the image at a value of 1. */
export const atomsOf = ({ d, m, W }: Pick<Dense, "d" | "m" | "W">): Float32Array[] =>
  Array.from({ length: d }, (_, unit) => W.subarray(unit * m, (unit + 1) * m));
