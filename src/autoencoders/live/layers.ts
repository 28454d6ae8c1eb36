import { type Readable, rowsOf } from "../plot/format";
import {
  type Dense,
  evaluate,
  type LiveActivation,
  liveActivations,
  type PackedDense,
  packBytes,
  packHalves,
  unpack,
} from "./net";

/** One layer of a net as its owner has it: W [d, m], b [m], and the activation's name. */
export interface LiveLayer {
  W: Readable;
  b?: Readable;
  activation?: LiveActivation;
}

const finite = (values: ArrayLike<number>) => Array.prototype.every.call(values, Number.isFinite);

/**
 * The layers read out of their tensors; throws if they do not chain from `d` inputs, or hold what
 * is no number.
 */
export function readLayers(layers: readonly LiveLayer[], name: string): Dense[] {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new RangeError(
      `${name} must hold at least one layer, got none; give [{ W, b, activation }]`,
    );
  let width: number | undefined;
  return layers.map(({ W, b, activation = "linear" }, i) => {
    const where = `${name}[${i}]`;
    if (W?.shape?.length !== 2)
      throw new RangeError(`${where}.W must have shape [d, m], got [${W?.shape ?? "nothing"}]`);
    const [d, m] = W.shape;
    if (width !== undefined && d !== width)
      throw new RangeError(
        `${where}.W must have ${width} rows, as many as the layer before has units, got ${d}`,
      );
    if (b && (b.shape.length !== 1 || b.shape[0] !== m))
      throw new RangeError(`${where}.b must have shape [${m}], got [${b.shape}]`);
    if (!liveActivations.includes(activation))
      throw new RangeError(
        `${where}.activation must be one of ${liveActivations.join(", ")}, got "${activation}"`,
      );
    width = m;
    const dense = {
      d,
      m,
      W: Float32Array.from(W.dataSync()),
      b: b ? Float32Array.from(b.dataSync()) : new Float32Array(m),
    };
    if (!finite(dense.W) || !finite(dense.b))
      throw new RangeError(
        `${where} must hold finite numbers only; look at the training run that made it`,
      );
    return { ...dense, activation };
  });
}

/** The layers as text, weights of 16 bits or of 8. */
export const pack = (layers: readonly Dense[], bits: 8 | 16 = 16): PackedDense[] =>
  layers.map(({ W, b, ...rest }) => ({
    ...rest,
    ...(bits === 8 ? packBytes({ ...rest, W }) : { W: packHalves(W) }),
    b: packHalves(b),
  }));

/** One significant digit, upward: a bound that is still true. */
function bound(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / unit) * unit).toPrecision(1));
}

/** The largest difference that packed weights make to any output over the given inputs. */
export function quantizationError(
  layers: readonly Dense[],
  inputs: readonly ArrayLike<number>[],
  bits: 8 | 16 = 16,
): number {
  const quantized = unpack(pack(layers, bits));
  let worst = 0;
  for (const x of inputs) {
    const exact = evaluate(layers, x);
    evaluate(quantized, x).forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - exact[i]));
    });
  }
  return worst;
}

/**
 * Nets as text, and the sentence of a caption that says what packing does to their outputs over the
 * given inputs; empty where it does nothing.
 */
export function packWithNote(
  nets: readonly Dense[][],
  inputs: readonly ArrayLike<number>[],
  what: string,
  bits: 8 | 16 = 16,
) {
  const error = Math.max(...nets.map((net) => quantizationError(net, inputs, bits)));
  const words = `${what} differs by more than ${bound(error)} from 32 bits.`;
  const note = error === 0 ? "" : ` Weights of ${bits} bits: ${words}`;
  return { packed: nets.map((net) => pack(net, bits)), note };
}

/**
 * Throws unless the layers lead from `inputs` numbers to `outputs`, which `words` name; `cure` ends
 * the error.
 */
export function requireEnds(
  layers: readonly Dense[],
  name: string,
  [inputs, outputs]: readonly [number, number],
  words: string,
  cure = "",
): void {
  const [from, to] = [layers[0].d, layers[layers.length - 1].m];
  if (from !== inputs || to !== outputs)
    throw new RangeError(`${name} must lead from ${words}, got ${from} to ${to}${cure}`);
}

/** A layer of atoms, with codes and the images that they stand for. */
export interface Atoms {
  /** The linear decoder ``x̂ = hW + b``; the rows of its ``W`` are the atoms. */
  decoder: LiveLayer;
  /** Codes [n, m] of the samples. */
  codes: Readable;
  /** The images [n, d] that they are codes of, values in [0, 1]. */
  samples: Readable;
  /** Rows and columns of an image; [28, 28] unless given. */
  shape?: [number, number];
}

/**
 * The decoder's layer, the codes and their samples. Throws if they do not fit; `cure` ends the
 * sentence about a decoder that is not linear.
 */
export function readAtoms(
  { decoder, codes, samples, shape }: Required<Atoms>,
  cure: string,
): { layers: Dense[]; rows: number[][]; images: number[][] } {
  const layers = readLayers([decoder], "decoder");
  const [{ d: units, m: pixels, activation }] = layers;
  if (activation !== "linear")
    throw new RangeError(
      `decoder must be linear, or a unit has no atom of its own, got "${activation}"; ${cure}`,
    );
  if (pixels !== shape[0] * shape[1])
    throw new RangeError(
      `decoder must lead to ${shape[0]} × ${shape[1]} pixels, got ${pixels}; give { shape } of an image`,
    );
  const rows = rowsOf(codes, "codes", units, "code");
  const images = rowsOf(samples, "samples", pixels, "image");
  if (images.length !== rows.length)
    throw new RangeError(
      `samples must have one row a code, got ${images.length} for ${rows.length} codes`,
    );
  return { layers, rows, images };
}
