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
