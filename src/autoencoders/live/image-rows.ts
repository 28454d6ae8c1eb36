import { base64 } from "../plot/base64";
import { encodePng } from "../plot/png";

const gray = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)));

/** An image's values in [0, 1] as bytes of gray, base64; what lies beyond is black or white. */
export const packGray = (image: ArrayLike<number>): string => base64(Uint8Array.from(image, gray));

/** Images of height × width in rows without a gap, values in [0, 1] as gray, as a PNG. */
export function imageRows(
  rows: readonly ArrayLike<number>[][],
  [height, width]: [number, number],
): Uint8Array {
  const [down, across] = [rows.length * height, rows[0].length * width];
  const rgba = new Uint8Array(4 * down * across);
  rows.forEach((images, r) => {
    images.forEach((image, c) => {
      for (let i = 0; i < height * width; i++) {
        const level = gray(image[i]);
        const at = (r * height + Math.floor(i / width)) * across + c * width + (i % width);
        rgba.set([level, level, level, 255], 4 * at);
      }
    });
  });
  return encodePng(rgba, down, across);
}
