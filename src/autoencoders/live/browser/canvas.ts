import { escapeHtml } from "../../plot/markup";
import { type Color, colorAt, diverging, gray } from "../../plot/palette";
import type { Shape } from "../data";
import { clamp } from "./numbers";
import { find } from "./shadow";

/** Markup of a canvas for an image, a pixel a value; without a `label` screen readers pass by. */
export const pixels = ([height, width]: Shape, label?: string): string =>
  `<canvas class="pixels" width="${width}" height="${height}" ${
    label ? `role="img" aria-label="${escapeHtml(label)}"` : 'aria-hidden="true"'
  }></canvas>`;

/** The canvas that a selector finds. */
export const canvasIn = (root: ParentNode, selector = "canvas") =>
  find<HTMLCanvasElement>(root, selector);

/** Largest size of the values, 1 where all are 0. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most || 1;
}

const signs = /* @__PURE__ */ Array.from(
  { length: 1025 },
  (_, i): Color => colorAt(diverging, i / 1024),
);
/** Color of a signed value on a scale from −most to most, white at zero. */
export const signed =
  (most: number) =>
  (value: number): Color =>
    signs[Math.round(512 * (1 + clamp(value / most, -1, 1)))];

/**
 * Paints an image, a pixel a value: gray from 0 to 1 unless `colorOf` gives red, green and blue; as
 * large as the canvas unless `at` gives another size, and where it stands.
 */
export function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  colorOf = gray,
  { width = canvas.width, height = canvas.height, left = 0, top = 0 } = {},
): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = colorOf(values[i]);
    image.data[4 * i] = red;
    image.data[4 * i + 1] = green;
    image.data[4 * i + 2] = blue;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, left, top);
}

/** Context of a cleared square canvas in CSS pixels, sharp on a dense screen. */
export function sharpContext(canvas: HTMLCanvasElement, size: number): CanvasRenderingContext2D {
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = canvas.height = Math.round(size * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  return context;
}

/** Paints a signed image, white at zero, on the scale of its own largest entry or of `most`. */
export const paintSigned = (
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  most = largest(values),
): void => paint(canvas, values, signed(most));
