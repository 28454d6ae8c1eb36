import { formulas, weightNames } from "./formulas";
import { type Readout, readoutTable, type Widget, type Words, widget } from "./widget";

export interface Network extends Words {
  /** The input, two numbers from 0 to 1. */
  x: readonly number[];
  /** W, b, V, c, row by row: twelve numbers. */
  weights: readonly number[];
  /** Learning rate of the button that takes a step. */
  learningRate: number;
}

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
  const { readouts } = formulas.tinyAutoencoder.at(weights, { x });
  const rows = [...weightNames.map((name, i): Readout => [name, weights[i]]), ...readouts];
  return widget(
    "network",
    { x, weights, learningRate, names: weightNames },
    { caption, alt, fallback: readoutTable(rows) },
  );
}
