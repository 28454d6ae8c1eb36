import { mosaic } from "../plot/mosaic";
import { packGray } from "./image-rows";
import {
  type LiveLayer,
  pack,
  packingNote,
  quantizationError,
  type Readable,
  readLayers,
  readRows,
} from "./layers";
import { evaluate } from "./net";
import { picture, requireCaption, type Widget, widget } from "./widget";

/** Models, samples and options of a drawing canvas. */
export interface DrawDigit {
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
  caption: string;
  alt?: string;
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
  requireCaption(caption);
  const starts = readRows(samples, side * side, "samples");
  if (starts.length === 0) throw new RangeError("samples must hold at least one image, got none");
  const names = Object.keys(models);
  if (names.length === 0)
    throw new RangeError("models must hold at least one model, got none; give { name: layers }");
  const nets = names.map((name) => {
    const layers = readLayers(models[name], `models["${name}"]`);
    const [inputs, outputs] = [layers[0].d, layers[layers.length - 1].m];
    if (inputs !== side * side || outputs !== side * side)
      throw new RangeError(
        `models["${name}"] must lead from 784 pixels to 784, got ${inputs} to ${outputs}`,
      );
    return layers;
  });
  const error = Math.max(...nets.map((net) => quantizationError(net, starts, bits)));
  const { png } = mosaic(
    [starts, ...nets.map((net) => starts.map((x) => evaluate(net, x)))],
    [side, side],
  );
  return widget(
    "draw-digit",
    {
      models: names.map((name, i) => ({ name, layers: pack(nets[i], bits) })),
      samples: starts.map(packGray),
      noise,
    },
    {
      caption: caption + packingNote(bits, "on the samples no pixel", error),
      alt,
      fallback: picture(
        png,
        `${alt} Without scripts: samples in the first row, below them the reconstructions by ${names.join(", ")}.`,
        Math.min(560, starts.length * 48),
      ),
    },
  );
}
