export { type CodePlane, codePlane } from "./code-plane";
export { type DrawDigit, drawDigit } from "./draw-digit";
export type { Constants, FormulaName, Slider } from "./formulas";
export type { LiveLayer, Readable } from "./layers";
export type { LiveActivation } from "./net";
export type { Arrows, Bars, Curve, Frame, Lines, Panel, Picture } from "./panels";
export { type Scrubber, scrubber } from "./scrubber";
export { type Sliders, sliders } from "./sliders";
export type { Widget } from "./widget";
