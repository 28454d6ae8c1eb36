import type * as tf from "@tensorflow/tfjs-node";
import type { Data } from "plotly.js";
import { axis, type Figure, figure, rounded, type Words } from "./figure";
import { classColors } from "./palette";

const symbols = [
  "circle",
  "square",
  "diamond",
  "triangle-up",
  "x",
  "star",
  "cross",
  "triangle-down",
  "pentagon",
  "hexagram",
];

/** Points in a plane, [n, 2]; `labels` gives each a class with a color and a marker of its own. */
export function scatterChart(
  points: tf.Tensor2D,
  {
    labels,
    xTitle,
    yTitle,
    height = 460,
    ...words
  }: { labels?: ArrayLike<number>; xTitle: string; yTitle: string } & Words,
): Figure {
  if (points.rank !== 2 || points.shape[1] !== 2)
    throw new RangeError(`points must have shape [n, 2], got [${points.shape}]; take two columns`);
  if (labels && labels.length !== points.shape[0])
    throw new RangeError(`labels must have one entry a point, got ${labels.length} for ${points.shape[0]} points`);
  const rows = points.arraySync() as number[][];
  const classes = labels ? [...new Set(Array.from(labels))].sort((a, b) => a - b) : [0];
  const data = classes.map((label, i): Partial<Data> => {
    const own = labels ? rows.filter((_, j) => labels[j] === label) : rows;
    return {
      type: "scatter",
      mode: "markers",
      name: String(label),
      x: rounded(own.map((p) => p[0])),
      y: rounded(own.map((p) => p[1])),
      marker: { color: classColors[i % 10], symbol: symbols[i % 10], size: 5, opacity: 0.75 },
    } as Partial<Data>;
  });
  return figure(
    data,
    {
      showlegend: !!labels,
      xaxis: axis(xTitle),
      yaxis: axis(yTitle),
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", itemsizing: "constant" },
    } as never,
    { height, ...words },
  );
}
