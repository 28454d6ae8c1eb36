export { type CodePlane, codePlane } from "./code-plane";
export type { LiveLayer, Readable } from "./layers";
export type { LiveActivation } from "./net";
export type { Arrows, Bars, Curve, Frame, Panel, Picture } from "./panels";
export { type Scrubber, scrubber } from "./scrubber";
export type { Widget } from "./widget";
