export { type BarOptions, barChart, type HistogramOptions, histogram } from "./bars";
export type { Figure, Words } from "./figure";
export { type HeatMapOptions, heatMap } from "./heat-map";
export { type ImageOptions, imageGrid, type TileOptions, weightTiles } from "./images";
export { type Axes, lineChart, lossChart, type Series, spectrum } from "./lines";
export { type FieldOptions, type ScatterOptions, scatterChart, vectorField } from "./scatter";
export { smallMultiples } from "./small-multiples";
