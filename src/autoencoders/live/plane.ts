// Runs in Node and in the reader's browser: no DOM, no Node, no tensors.

/** Least and greatest value of both axes. */
export type Bounds = readonly (readonly [low: number, high: number])[];

/** Place of a point in shares of the plane's width and height, from the top left. */
export const placeOf = ([[left, right], [bottom, top]]: Bounds, z: ArrayLike<number>) => [
  (z[0] - left) / (right - left),
  (top - z[1]) / (top - bottom),
];

/** Point at a place. */
export const pointAt = ([[left, right], [bottom, top]]: Bounds, [u, v]: readonly number[]) => [
  left + u * (right - left),
  top - v * (top - bottom),
];
