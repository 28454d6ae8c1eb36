import type { NetworkData } from "./data";
import { type Readout, tinyPass, weightNames } from "./formulas";
import { readoutTable, type Widget, type Words, widget } from "./widget";

export type Network = NetworkData & Words;

/**
 * The 2-2-2 sigmoid autoencoder as a drawing whose edges are its weights: drag one, and the loss,
 * the reconstruction and all twelve derivatives follow. An arrow at each weight points the way that
 * lowers the loss.
 *
 * Throws unless `x` has two numbers and `weights` twelve.
 */
export function network({ x, weights, learningRate, caption, alt = caption }: Network): Widget {
  if (x?.length !== 2) throw new RangeError(`x must have two numbers, got ${x?.length ?? "none"}`);
  if (weights?.length !== weightNames.length || !weights.every(Number.isFinite))
    throw new RangeError(
      `weights must be ${weightNames.length} numbers (W, b, V, c, row by row), got ${weights?.length ?? "none"}`,
    );
  const { readouts } = tinyPass(weights, x);
  const rows = [...weightNames.map((name, i): Readout => [name, weights[i]]), ...readouts];
  const data: NetworkData = { x, weights, learningRate };
  return widget("network", data, { caption, alt, fallback: readoutTable(rows) });
}
