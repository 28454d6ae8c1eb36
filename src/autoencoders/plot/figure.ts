import type * as tf from "@tensorflow/tfjs-node";
import type { Config, Data, Layout } from "plotly.js";
import { significant } from "./format";
import { type Captioned, requireCaption } from "./markup";
import { layoutOf } from "./theme";

/**
 * A figure as pure data: Plotly's traces and layout, a caption to read below it, and a text for
 * those who do not see it.
 */
export interface Figure {
  data: Partial<Data>[];
  layout: Partial<Layout>;
  config: Partial<Config>;
  caption: string;
  alt: string;
}

/** Options of every figure. */
export interface Words extends Captioned {
  title?: string;
  /** Pixels. */
  height?: number;
}

/** Assembles a figure on the series' common layout. */
export function figure(
  data: object[],
  layout: object,
  { caption, alt = caption, title, height = 360 }: Words,
): Figure {
  requireCaption(caption, "read");
  return {
    data: data as Partial<Data>[],
    layout: { ...layoutOf(title, height), ...layout, meta: { caption, alt } } as Partial<Layout>,
    config: { responsive: true, displaylogo: false, displayModeBar: false },
    caption,
    alt,
  };
}

/** One value under `name`, or several by the names that they have. */
export function byName<T extends tf.Tensor | ArrayLike<unknown>>(
  values: T | Record<string, T>,
  name: string,
): Record<string, T> {
  const isOne = "dataSync" in values || typeof values.length === "number";
  return isOne ? { [name]: values as T } : (values as Record<string, T>);
}

/** Five significant digits are more than a screen shows. */
export const rounded = (values: ArrayLike<number>): number[] =>
  Array.from(values, (v) => significant(v, 5));

/** Throws unless every value is a finite number. */
export function requireFinite(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new RangeError(
        `${name} must hold finite numbers, got ${values[i]} at ${i}; leave such values out`,
      );
}

/**
 * A tensor [rows, columns] as rows; throws if it has another rank, no row, or a number that is not
 * finite.
 */
export function rowsOf(
  tensor: { shape: number[]; dataSync(): ArrayLike<number> },
  name: string,
  columns?: number,
): number[][] {
  const wanted = columns === undefined ? "two axes" : `shape [n, ${columns}]`;
  if (tensor?.shape?.length !== 2 || (columns !== undefined && tensor.shape[1] !== columns))
    throw new RangeError(`${name} must have ${wanted}, got shape [${tensor?.shape ?? "nothing"}]`);
  if (tensor.shape[0] === 0 || tensor.shape[1] === 0)
    throw new RangeError(`${name} must not be empty, got shape [${tensor.shape}]`);
  const values = Array.from(tensor.dataSync());
  requireFinite(values, name);
  const [n, d] = tensor.shape;
  return Array.from({ length: n }, (_, i) => values.slice(i * d, (i + 1) * d));
}
