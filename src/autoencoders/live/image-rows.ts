import { base64 } from "../plot/base64";
import { grayLevel } from "../plot/format";

/** An image's values in [0, 1] as bytes of gray, base64; values beyond are black or white. */
export const packGray = (image: ArrayLike<number>): string =>
  base64(Uint8Array.from(image, grayLevel));

/** Gray levels in [0, 1] of an image packed as a byte a pixel in base 64. */
export const unpackGray = (text: string): Float64Array =>
  Float64Array.from(atob(text), (c) => c.charCodeAt(0) / 255);
