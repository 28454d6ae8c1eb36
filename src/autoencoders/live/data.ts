// Data of each live figure, as Node packs them and the reader's browser reads them.
import type { Controls } from "./formulas";
import type { PackedDense } from "./net";
import type { Axis, Panel } from "./panels";
import type { Bounds } from "./plane";
import type { PackedCodes } from "./units";

/** Rows and columns of an image. */
export type Shape = readonly [height: number, width: number];

export interface DrawDigitData {
  models: { name: string; layers: PackedDense[] }[];
  samples: string[];
  noise: boolean;
}

export interface LatentEditorData {
  layers: PackedDense[];
  shape: Shape;
  codes: [unit: number, value: number][][];
  samples: string[];
  strengths: number[];
  encoder?: { layers: PackedDense[]; k: number };
}

/** A net and a plane of its inputs, with points in it. */
interface PlaneData {
  layers: PackedDense[];
  axes: readonly string[];
  bounds: Bounds;
  points: number[][];
}

/** The third number of a point is the index of its class. */
export interface LatentPlaneData extends PlaneData {
  shape: Shape;
  classes: { label: string; color: string }[];
}

export interface ScoreFieldData extends PlaneData {
  sigma: number;
}

export interface NetworkData {
  /** The input, two numbers from 0 to 1. */
  x: readonly number[];
  /** W, b, V, c, row by row: twelve numbers. */
  weights: readonly number[];
  /** Learning rate of the button that takes a step. */
  learningRate: number;
}

export interface ScrubberData {
  along: string;
  axes?: Axis[];
  panels: readonly Panel[];
  frames: { label: string; values: number[][] }[];
  start: number;
}

export type SlidersData = Controls;

export interface UnitBrowserData {
  layers: PackedDense[];
  shape: Shape;
  codes: PackedCodes;
  columns: number;
  sprite: string;
  chosen?: number;
}
