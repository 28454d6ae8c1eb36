export type { Figure, Words } from "./figure";
export { heatMap } from "./heat-map";
export { imageGrid, weightTiles } from "./images";
export { type Axes, gradientChart, lineChart, lossChart, type Series, spectrum } from "./lines";
export { scatterChart } from "./scatter";
