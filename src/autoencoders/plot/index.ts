export { barChart, histogram } from "./bars";
export type { Figure, Words } from "./figure";
export { heatMap } from "./heat-map";
export { imageGrid, weightTiles } from "./images";
export {
  type Axes,
  lineChart,
  lossChart,
  type Series,
  spectrum,
} from "./lines";
export { scatterChart, vectorField } from "./scatter";
export { smallMultiples } from "./small-multiples";
