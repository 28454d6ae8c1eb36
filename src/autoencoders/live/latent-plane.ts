import { type Readable, rowsOf, significant } from "../plot/format";
import { mosaic } from "../plot/mosaic";
import { classColors } from "../plot/palette";
import type { LatentPlaneData } from "./data";
import { type LiveLayer, packWithNote, readLayers, requireEnds } from "./layers";
import { evaluate } from "./net";
import { type Bounds, pointAt } from "./plane";
import { picture, type Widget, type Words, widget } from "./widget";

/** Decoder, codes and options of a code plane. */
export interface LatentPlane extends Words {
  /** The decoder, from two numbers to the pixels. */
  layers: readonly LiveLayer[];
  /** Codes [n, 2] to draw behind. */
  points: Readable;
  /** The class of each point. */
  labels: ArrayLike<number>;
  /** Rows and columns of a decoded image; [28, 28] unless given. */
  shape?: [number, number];
  /** Names of the two axes. */
  axes?: [string, string];
  /** Bits of a weight: 16 unless given; 8 halves the page where the decoder is wide. */
  bits?: 8 | 16;
}

const round = (value: number) => significant(value, 4);

/**
 * A square around the codes without the outermost thousandth on each side, which would leave the
 * rest a blot.
 */
function boundsOf(points: number[][]): Bounds {
  return [0, 1].map((axis) => {
    const sorted = points.map((p) => p[axis]).sort((a, b) => a - b);
    const trim = Math.floor(sorted.length / 1000);
    const [low, high] = [sorted[trim], sorted[sorted.length - 1 - trim]];
    const margin = 0.04 * (high - low || 1);
    return [round(low - margin), round(high + margin)] as const;
  });
}

/**
 * The plane of two-dimensional codes: drag a point, or move it by the arrow keys, and see what the
 * decoder draws there.
 *
 * The decoder runs in the page; the caption says how much its packed weights change a pixel. Throws
 * if the layers do not lead from 2 numbers to the pixels of `shape`, or points and labels differ in
 * number.
 */
export function latentPlane({
  layers,
  points,
  labels,
  caption,
  shape = [28, 28],
  axes = ["h₁", "h₂"],
  bits = 16,
  alt = `${caption} A plane of codes with the decoded image of the chosen point beside it.`,
}: LatentPlane): Widget {
  const dense = readLayers(layers, "layers");
  const [height, width] = shape;
  const words = `2 numbers to ${height} × ${width} pixels`;
  requireEnds(dense, "layers", [2, height * width], words, "; give the decoder and { shape }");
  const codes = rowsOf(points, "points", 2, "code");
  if (labels.length !== codes.length)
    throw new RangeError(
      `labels must have one entry a point, got ${labels.length} for ${codes.length} points`,
    );
  const bounds = boundsOf(codes);
  const what = "at 50 of the codes no pixel";
  const { packed, note } = packWithNote([dense], codes.slice(0, 50), what, bits);
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const grid = Array.from({ length: 12 * 12 }, (_, k) =>
    pointAt(bounds, [((k % 12) + 0.5) / 12, (Math.floor(k / 12) + 0.5) / 12]),
  );
  const { png } = mosaic([grid.map((z) => evaluate(dense, z))], shape, { across: 12 });
  const data: LatentPlaneData = {
    layers: packed[0],
    shape,
    axes,
    bounds,
    classes: classes.map((label, i) => {
      const color = classColors[i % classColors.length];
      return { label: String(label), color };
    }),
    points: codes.map((p, i) => [...p.map(round), classes.indexOf(labels[i])]),
  };
  const still = "the decoder's images at 12 × 12 points of the plane";
  const fallback = picture(png, alt, still, 336);
  return widget("latent-plane", data, { caption, note, alt, fallback });
}
