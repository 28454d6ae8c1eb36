import { gray } from "./palette";
import { encodePng } from "./png";

export type Shape = [height: number, width: number];
type Images = readonly ArrayLike<number>[];

/**
 * Rows of images as one PNG, a pixel a pixel, `gap` transparent pixels between them; a row of more
 * than `across` images takes several lines.
 */
export function mosaic(
  rows: readonly Images[],
  [height, width]: Shape,
  { across = rows[0].length, color = gray, gap = 0 } = {},
): { png: Uint8Array; size: Shape; lines: number[] } {
  const lines = rows.map((images) => Math.ceil(images.length / across));
  const total = lines.reduce((a, b) => a + b, 0);
  const size: Shape = [total * (height + gap) - gap, across * (width + gap) - gap];
  const pixels = new Uint8Array(size[0] * size[1] * 4);
  let first = 0;
  rows.forEach((images, r) => {
    images.forEach((image, k) => {
      const top = (first + Math.floor(k / across)) * (height + gap);
      const left = (k % across) * (width + gap);
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++)
          pixels.set([...color(image[i * width + j]), 255], 4 * ((top + i) * size[1] + left + j));
    });
    first += lines[r];
  });
  return { png: encodePng(pixels, ...size), size, lines };
}
