import type * as tf from "@tensorflow/tfjs-node";
import { type Figure, figure, rounded, type Words } from "./figure";
import { rowsOf } from "./format";
import { diverging as signed } from "./palette";
import { axis } from "./theme";

export interface HeatMapOptions extends Words {
  xTitle: string;
  yTitle: string;
  zTitle: string;
  diverging?: boolean;
}

/** A matrix [rows, columns] as colors, the first row on top; `diverging` puts white at zero. */
export function heatMap(
  matrix: tf.Tensor,
  { xTitle, yTitle, zTitle, diverging, ...words }: HeatMapOptions,
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
