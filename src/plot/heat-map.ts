import type * as tf from "@tensorflow/tfjs-node";
import { axis, type Figure, figure, rounded, type Words } from "./figure";
import { diverging } from "./palette";

/** A matrix [rows, columns] as colors; `divergent` puts white at zero. */
export function heatMap(
  matrix: tf.Tensor2D,
  {
    xTitle,
    yTitle,
    zTitle,
    divergent,
    ...words
  }: { xTitle: string; yTitle: string; zTitle: string; divergent?: boolean } & Words,
): Figure {
  if (matrix.rank !== 2) throw new RangeError(`matrix must have two axes, got shape [${matrix.shape}]`);
  const z = (matrix.arraySync() as number[][]).map(rounded);
  const scale = divergent ? { colorscale: diverging, zmid: 0 } : { colorscale: "Cividis" };
  const bar = { title: { text: zTitle, side: "right" }, thickness: 12, outlinewidth: 0 };
  return figure(
    [{ type: "heatmap", z, ...scale, colorbar: bar, zsmooth: false } as never],
    { xaxis: axis(xTitle), yaxis: axis(yTitle, { autorange: "reversed" }) } as never,
    words,
  );
}
