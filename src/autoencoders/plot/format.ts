/** A number rounded to some significant digits. */
export const significant = (value: number, digits: number): number =>
  Number(value.toPrecision(digits));
