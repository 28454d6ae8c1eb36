import { base64 } from "../plot/base64";
import { mosaic } from "../plot/mosaic";
import type { UnitBrowserData } from "./data";
import { type Atoms, packWithNote, readAtoms } from "./layers";
import { atomsOf } from "./net";
import { packCodes, unitsOf } from "./units";
import { picture, type Widget, type Words, widget } from "./widget";

/** Decoder, codes with entries of 0 or more, and samples of a unit browser. */
export interface UnitBrowser extends Atoms, Words {
  /** Value above which a unit counts as on; 0 unless given. */
  on?: number;
  /** Unit to open with, labeled as chosen; one drawn at random unless given. */
  chosen?: number;
  /** Seed of the units and digits drawn at random; 1 unless given. */
  seed?: number;
}

const columns = 40; // images in a row of the sprite

/** All samples in 16 grays, in rows of 40, as one PNG. */
function spriteOf(images: readonly number[][], shape: [number, number]): string {
  const grays = images.map((image) => image.map((v) => Math.round(15 * v) / 15));
  return base64(mosaic([grays], shape, { across: columns }).png);
}

/** Atoms brought to [0, 1], with ½ where the weight is 0. */
const shown = (atom: Float32Array): number[] => {
  const most = atom.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
  return Array.from(atom, (v) => 0.5 + v / (2 * most));
};

/**
 * A browser of units: press a unit's atom to see the samples that excite it most, others drawn at
 * random among those that turn it on, its histogram, and a sample decoded with and without it.
 *
 * Weights and codes are packed as bytes, the samples as one picture in 16 grays. Throws where the
 * decoder is not linear, codes and samples do not fit it, a code is negative, or there is none.
 */
export function unitBrowser({
  decoder,
  codes,
  samples,
  caption,
  on = 0,
  chosen,
  seed = 1,
  shape = [28, 28],
  alt = `${caption} The atoms of all units; for one of them the samples that excite it most, and a sample decoded without it.`,
}: UnitBrowser): Widget {
  const given = { decoder, codes, samples, shape };
  const { layers, rows, images } = readAtoms(given, "give the layer of atoms");
  const atoms = atomsOf(layers[0]);
  const units = atoms.length;
  if (rows.some((h) => h.some((value) => value < 0)))
    throw new RangeError("codes must hold entries of 0 or more, got a negative one");
  if (chosen !== undefined && !(Number.isInteger(chosen) && chosen >= 0 && chosen < units))
    throw new RangeError(`chosen must be a unit from 0 to ${units - 1}, got ${chosen}`);
  const packed = { n: rows.length, m: units, ...packCodes(rows, units), on, seed };
  const reading = unitsOf(packed);
  const few = Array.from({ length: Math.min(8, units) }, (_, i) => reading.drawn(i));
  const lines = few.map((unit) => [
    shown(atoms[unit]),
    ...reading.strongest(unit, Math.min(10, rows.length)).map((i) => images[i]),
  ]);
  const what = "no pixel of the first twenty";
  const { packed: nets, note } = packWithNote([layers], rows.slice(0, 20), what, 8);
  const words =
    "units drawn at random, a row each, the atom first and then the samples that excite it most";
  const fallback = picture(mosaic(lines, shape).png, alt, words, 616);
  const sprite = spriteOf(images, shape);
  const data: UnitBrowserData = { layers: nets[0], shape, codes: packed, columns, sprite, chosen };
  return widget("unit-browser", data, { caption, note, alt, fallback });
}
