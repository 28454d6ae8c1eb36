import { type Readable, rowsOf, significant } from "../plot/format";
import { encodePng } from "../plot/png";
import { extent } from "../plot/ticks";
import type { ScoreFieldData } from "./data";
import { type LiveLayer, packWithNote, readLayers, requireEnds } from "./layers";
import { climber } from "./net";
import { type Bounds, placeOf, pointAt } from "./plane";
import { picture, type Widget, type Words, widget } from "./widget";

/** Net, data and options of a score field. */
export interface ScoreField extends Words {
  /** A net g from two numbers to two, the score times ``σ``: ``r(x) = x + σ g(x)``. */
  layers: readonly LiveLayer[];
  /** The ``σ`` of the noise that it was trained on. */
  sigma: number;
  /** The data [n, 2], drawn behind. */
  points: Readable;
  /** Names of the two axes. */
  axes?: [string, string];
}

const side = 264;
const starts = 9;

/** A square around the points that leaves room for the noise. */
function boundsOf(points: number[][], room: number): Bounds {
  const ends = [0, 1].map((axis) => extent(points.map((p) => p[axis])));
  const half = Math.max(...ends.map(([low, high]) => (high - low) / 2)) + room;
  return ends.map(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]);
}

/** The data, and paths uphill from 9 × 9 starts: what a reader without scripts sees. */
function paths(climb: (z: number[]) => number[], points: number[][], bounds: Bounds) {
  const rgba = new Uint8Array(4 * side * side).fill(255);
  const dot = (z: number[], color: number[], size: number) => {
    const [column, row] = placeOf(bounds, z).map((share) => Math.floor(share * side));
    for (let i = row; i < row + size; i++)
      for (let j = column; j < column + size; j++)
        if (i >= 0 && j >= 0 && i < side && j < side) rgba.set([...color, 255], 4 * (i * side + j));
  };
  for (const p of points) dot(p, [150, 150, 150], 2);
  for (let k = 0; k < starts * starts; k++) {
    const part = (i: number) => (i + 0.5) / starts;
    let z = pointAt(bounds, [part(k % starts), 1 - part(Math.floor(k / starts))]);
    for (let step = 0; step < 80; step++) {
      dot(z, [0, 114, 178], 1);
      z = climb(z);
    }
    dot(z, [213, 94, 0], 4);
  }
  return encodePng(rgba, side, side);
}

/**
 * A plane to drop points in, by mouse, finger or keyboard: each climbs the learned field toward the
 * data, ``x ← x + ⅒ (r(x) − x)``, by itself or shaken by Langevin's noise.
 *
 * The net runs in the page; the caption says how much its packed weights change an arrow. Throws
 * where the net does not lead from 2 numbers to 2, ``σ`` is not above 0, or there are no points.
 */
export function scoreField({
  layers,
  sigma,
  points,
  caption,
  axes = ["x₁", "x₂"],
  alt = `${caption} A plane with the data and the learned field; points that are dropped in it climb.`,
}: ScoreField): Widget {
  const net = readLayers(layers, "layers");
  requireEnds(net, "layers", [2, 2], "2 numbers to 2");
  if (!(sigma > 0 && Number.isFinite(sigma)))
    throw new RangeError(
      `sigma must be a number above 0, got ${sigma}; give the σ that the net was trained on`,
    );
  const rows = rowsOf(points, "points", 2, "point");
  const bounds = boundsOf(rows, 3 * sigma);
  const what = "at 50 of the points no arrow, in units of σ,";
  const { packed, note } = packWithNote([net], rows.slice(0, 50), what);
  const round = (value: number) => significant(value, 4);
  const png = paths(climber(net, sigma), rows, bounds);
  const fallback = picture(png, alt, "the paths from 9 × 9 starts", 396);
  const shown = rows.map((p) => p.map(round));
  const data: ScoreFieldData = { layers: packed[0], sigma, axes, bounds, points: shown };
  return widget("score-field", data, { caption, note, alt, fallback });
}
