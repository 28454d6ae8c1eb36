/** A number rounded to some significant digits. */
export const significant = (value: number, digits: number): number =>
  Number(value.toPrecision(digits));

/** Byte of a gray value in [0, 1]; values beyond are black or white. */
export const grayLevel = (value: number): number =>
  Math.round(255 * Math.min(1, Math.max(0, value)));
