/** A number rounded to some significant digits. */
export const significant = (value: number, digits: number): number =>
  Number(value.toPrecision(digits));

/** Byte of a gray value in [0, 1]; values beyond are black or white. */
export const grayLevel = (value: number): number =>
  Math.round(255 * Math.min(1, Math.max(0, value)));

/** Anything readable as numbers in a shape, such as a tfjs tensor. */
export interface Readable {
  shape: number[];
  dataSync(): ArrayLike<number>;
}

/** Throws unless every value is a finite number. */
export function requireFinite(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new RangeError(
        `${name} must hold finite numbers, got ${values[i]} at ${i}; leave such values out`,
      );
}

/**
 * A table [n, columns] as rows, each an `item`; throws if it has another rank, no number, or one
 * that is not finite.
 */
export function rowsOf(tensor: Readable, name: string, columns?: number, item = "number") {
  const wanted = columns === undefined ? "two axes and shape [n, d]" : `shape [n, ${columns}]`;
  if (tensor?.shape?.length !== 2 || (columns !== undefined && tensor.shape[1] !== columns))
    throw new RangeError(`${name} must have ${wanted}, got [${tensor?.shape ?? "nothing"}]`);
  if (tensor.shape[0] === 0 || tensor.shape[1] === 0)
    throw new RangeError(`${name} must hold at least one ${item}, got shape [${tensor.shape}]`);
  const values = Array.from(tensor.dataSync());
  requireFinite(values, name);
  const [n, d] = tensor.shape;
  return Array.from({ length: n }, (_, i) => values.slice(i * d, (i + 1) * d));
}
