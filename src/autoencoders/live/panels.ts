/** Bars, one a value, such as an angle for each direction. */
export interface Bars {
  kind: "bars";
  title: string;
  yTitle: string;
  xTitle?: string;
  /** One a bar; numbers from 1 unless given. */
  labels?: readonly string[];
  /** Ends of the axis; by default those of the values. */
  range?: [number, number];
  log?: boolean;
}

/**
 * Curves over a common x: the values of one after those of the other, then where to mark x if
 * `mark` is set. Values beyond `range` are left out.
 */
export interface Lines {
  kind: "lines";
  title: string;
  xTitle: string;
  yTitle: string;
  x: readonly number[];
  names: readonly string[];
  range?: [number, number];
  log?: boolean;
  mark?: boolean;
}

/** One value a frame, drawn as the whole curve with a mark at the current frame. */
export interface Curve {
  kind: "curve";
  title: string;
  yTitle: string;
  log?: boolean;
}

/** Arrows from the origin to ``x₁, y₁, x₂, y₂, …``; those of `reference` stay. */
export interface Arrows {
  kind: "arrows";
  title: string;
  xTitle: string;
  yTitle: string;
  reference?: readonly number[];
  /** Names of the moving arrows and of the fixed ones, for the legend. */
  names?: [string, string];
}

/**
 * Points ``x₁, y₁, x₂, y₂, …`` in a square that is `range` wide both ways; those of `reference`
 * stay, small and pale. Points outside are left out.
 */
export interface Points {
  kind: "points";
  title: string;
  xTitle: string;
  yTitle: string;
  range: [number, number];
  reference?: readonly number[];
}

/** An image of rows × columns; `signed` puts white at zero, else black is 0 and white is 1. */
export interface Picture {
  kind: "image";
  title: string;
  shape: [number, number];
  signed?: boolean;
}

/** The drawings of a frame's values, panel by panel. */
export type Panel = Bars | Lines | Curve | Arrows | Points | Picture;

/** One slider of a grid: its name and the value at each of its stops. */
export interface Axis {
  name: string;
  stops: readonly (string | number)[];
}

/** Record of one moment: its label and the values of each panel. */
export interface Frame {
  label: string;
  values: readonly ArrayLike<number>[];
}
