import { base64 } from "../plot/base64";
import { grayLevel } from "../plot/format";

/** An image's values in [0, 1] as bytes of gray, base64; values beyond are black or white. */
export const packGray = (image: ArrayLike<number>): string =>
  base64(Uint8Array.from(image, grayLevel));
