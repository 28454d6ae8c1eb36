import { significant } from "../plot/format";
import { mosaic } from "../plot/mosaic";
import type { LatentEditorData } from "./data";
import { packGray } from "./image-rows";
import {
  type Atoms,
  type LiveLayer,
  pack,
  packWithNote,
  readAtoms,
  readLayers,
  requireEnds,
} from "./layers";
import { evaluate } from "./net";
import { picture, type Widget, type Words, widget } from "./widget";

/** Decoder, sparse codes and options of an editor, which starts from the first code. */
export interface LatentEditor extends Atoms, Words {
  /**
   * The value that a unit gets when it is switched on: one a unit, such as its mean where it is
   * active.
   */
  strengths: ArrayLike<number>;
  /**
   * The layer from pixels to units, and k where only the k largest are kept: with it, a digit that
   * the reader drew in any figure is coded and edited here too.
   */
  encoder?: LiveLayer & { k?: number };
  /** Bits of a weight: 16 unless given; 8 halves the page where there are many atoms. */
  bits?: 8 | 16;
}

const digits = (value: number) => significant(value, 4);

/**
 * An editor of sparse codes: switch units off and on, scale them, and see what the decoder makes of
 * the code.
 *
 * Each active unit has its atom, a switch and a slider; the atoms of all units stand below. The
 * decoder runs in the page; the caption says how much its packed weights change a pixel. Throws
 * where the decoder is not linear, codes, samples, strengths and encoder do not fit it, or there is
 * no code.
 */
export function latentEditor({
  decoder,
  codes,
  samples,
  strengths,
  encoder,
  caption,
  shape = [28, 28],
  bits = 16,
  alt = `${caption} A digit, the same digit decoded, and a switch and a slider for each active unit of its code.`,
}: LatentEditor): Widget {
  const given = { decoder, codes, samples, shape };
  const { layers, rows: starts, images } = readAtoms(given, "edit the layer of atoms");
  const [{ d: units }] = layers;
  if (strengths.length !== units || !Array.prototype.every.call(strengths, Number.isFinite))
    throw new RangeError(
      `strengths must have a finite number for each of the ${units} units, got ${strengths.length} entries`,
    );
  const { k = units } = encoder ?? {};
  if (!Number.isInteger(k) || k < 1 || k > units)
    throw new RangeError(`encoder.k must be a whole number from 1 to ${units}, got ${k}`);
  const [coding] = encoder ? readLayers([encoder], "encoder") : [];
  const pixels = images[0].length;
  if (coding)
    requireEnds([coding], "encoder", [pixels, units], `${pixels} pixels to ${units} units`);
  const { packed, note } = packWithNote([layers], starts, "on these codes no pixel", bits);
  const decoded = starts.map((h) => evaluate(layers, h));
  const { png } = mosaic([images, decoded], shape);
  const words = "the digits in the first row, below them what is decoded from their codes";
  const fallback = picture(png, alt, words, Math.min(560, starts.length * 48));
  const data: LatentEditorData = {
    layers: packed[0],
    shape,
    codes: starts.map((h) =>
      h.flatMap((value, unit) => (value === 0 ? [] : [[unit, digits(value)]])),
    ),
    samples: images.map(packGray),
    strengths: Array.from(strengths, digits),
    encoder: coding && { layers: pack([coding], bits), k },
  };
  return widget("latent-editor", data, { caption, note, alt, fallback });
}
