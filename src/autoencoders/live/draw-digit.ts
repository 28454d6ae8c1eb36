import { type Readable, rowsOf } from "../plot/format";
import { mosaic } from "../plot/mosaic";
import type { DrawDigitData } from "./data";
import { packGray } from "./image-rows";
import { type LiveLayer, packWithNote, readLayers, requireEnds } from "./layers";
import { evaluate } from "./net";
import { picture, type Widget, type Words, widget } from "./widget";

/** Models, samples and options of a drawing canvas. */
export interface DrawDigit extends Words {
  /** Each model as its layers from 784 pixels to 784 pixels; PCA is two linear ones. */
  models: Record<string, readonly LiveLayer[]>;
  /** Images [n, 784] to start from, the first one shown where the reader has drawn none yet. */
  samples: Readable;
  /**
   * If true, the reader can corrupt the drawing by Gaussian noise, masking, and salt and pepper.
   */
  noise?: boolean;
  /** Bits of a weight: 16 unless given; 8 halves the page where the nets are wide. */
  bits?: 8 | 16;
}

const side = 28;

/**
 * A canvas of 28 × 28 pixels to draw on, by mouse, finger or keyboard, and what each model makes of
 * the drawing.
 *
 * A drawing is kept in the browser and comes back in every such figure. The models run in the page;
 * the caption says how much their packed weights change a pixel. Throws where a model does not lead
 * from 784 pixels to 784, or there are no samples.
 */
export function drawDigit({
  models,
  samples,
  noise = false,
  bits = 16,
  caption,
  alt = `${caption} A canvas to draw a digit on, with the reconstructions of ${Object.keys(models).join(", ")}.`,
}: DrawDigit): Widget {
  const pixels = side * side;
  const starts = rowsOf(samples, "samples", pixels, "image");
  const names = Object.keys(models);
  if (names.length === 0)
    throw new RangeError("models must hold at least one model, got none; give { name: layers }");
  const nets = names.map((name) => {
    const layers = readLayers(models[name], `models["${name}"]`);
    requireEnds(layers, `models["${name}"]`, [pixels, pixels], "784 pixels to 784");
    return layers;
  });
  const { packed, note } = packWithNote(nets, starts, "on the samples no pixel", bits);
  const { png } = mosaic(
    [starts, ...nets.map((net) => starts.map((x) => evaluate(net, x)))],
    [side, side],
  );
  const words = `samples in the first row, below them the reconstructions by ${names.join(", ")}`;
  const fallback = picture(png, alt, words, Math.min(560, starts.length * 48));
  const data: DrawDigitData = {
    models: names.map((name, i) => ({ name, layers: packed[i] })),
    samples: starts.map(packGray),
    noise,
  };
  return widget("draw-digit", data, { caption, note, alt, fallback });
}
