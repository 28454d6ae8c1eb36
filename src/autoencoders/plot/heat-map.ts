import type * as tf from "@tensorflow/tfjs-node";
import { type Figure, figure, rounded, rowsOf, type Words } from "./figure";
import { diverging as signed } from "./palette";
import { axis } from "./theme";

/** A matrix [rows, columns] as colors, the first row on top; `diverging` puts white at zero. */
export function heatMap(
  matrix: tf.Tensor,
  {
    xTitle,
    yTitle,
    zTitle,
    diverging,
    ...words
  }: { xTitle: string; yTitle: string; zTitle: string; diverging?: boolean } & Words,
): Figure {
  const rows = rowsOf(matrix, "matrix");
  const scale = diverging ? { colorscale: signed, zmid: 0 } : { colorscale: "Cividis" };
  const bar = { title: { text: zTitle, side: "right" }, thickness: 12, outlinewidth: 0 };
  return figure(
    [{ type: "heatmap", z: rows.map(rounded), ...scale, colorbar: bar, zsmooth: false }],
    { xaxis: axis(xTitle), yaxis: axis(yTitle, { autorange: "reversed" }) },
    words,
  );
}
