// Sums of products of columns in the heap: exact integers where the numbers are bytes, in float64
// elsewhere.
import type * as tf from "@tensorflow/tfjs-node";
import type { Moments } from "../moments";
import { float64At, int32At, kernels, numbersOf, pointerOf, withScratch } from "./heap";

/** Rows at a time: their panels stay in the second-level cache. */
const ROWS = 256;
/** An int32 holds this many products of numbers from −128 to 127. */
const MOST_ROWS = 131_072 - ROWS;
/** The panels' widths are multiples of 8 columns. */
const paddedTo8 = (d: number) => 8 * Math.ceil(d / 8);

/** Adds the first d columns of the d first rows, `padded` apart. */
function addTable(to: Float64Array, from: ArrayLike<number>, d: number, padded: number): void {
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) to[i * d + j] += from[i * padded + j];
}

/**
 * The moments of bytes, exact; undefined where an entry of x is not the float32 number nearest to a
 * byte over 255.
 */
export function momentsOfBytes(x: tf.Tensor2D): Moments | undefined {
  const [n, d] = x.shape;
  const padded = paddedTo8(d);
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  const { pairBytes, addBytes } = kernels();
  const areBytes = withScratch(
    [4 * padded * (ROWS / 2), 4 * padded * padded, 4 * d],
    (panels, products, sums) => {
      const begin = pointerOf(x);
      const flush = () => {
        addTable(moments.products, int32At(products, padded * padded), d, padded);
        int32At(sums, d).forEach((sum, j) => {
          moments.sums[j] += sum;
        });
        int32At(products, padded * padded).fill(0);
        int32At(sums, d).fill(0);
      };
      for (let from = 0; from < n; from += ROWS) {
        const rows = Math.min(ROWS, n - from);
        if (!pairBytes(begin + 4 * from * d, panels, sums, rows, d, padded)) return false;
        addBytes(panels, products, Math.ceil(rows / 2), padded);
        if ((from + ROWS) % MOST_ROWS === 0) flush();
      }
      flush();
      return true;
    },
  );
  return areBytes ? { ...moments, c: new Float64Array(d).fill(128 / 255), unit: 255 } : undefined;
}

/** The moments in float64, about the mean in float32 (or about 0), so that no digits cancel. */
export function momentsInFloat64(x: tf.Tensor2D, center: boolean): Moments {
  const [n, d] = x.shape;
  const padded = paddedTo8(d);
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  const c = new Float64Array(d);
  if (center) {
    const numbers = numbersOf(x);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) c[j] += numbers[i * d + j] / n;
    for (let j = 0; j < d; j++) c[j] = Number.isFinite(c[j]) ? Math.fround(c[j]) : 0;
  }
  const { centerRows, addProducts } = kernels();
  withScratch(
    [8 * padded * ROWS, 8 * padded * padded, 8 * d, 8 * d],
    (panels, products, sums, point) => {
      float64At(point, d).set(c);
      const begin = pointerOf(x);
      for (let from = 0; from < n; from += ROWS) {
        const rows = Math.min(ROWS, n - from);
        centerRows(begin + 4 * from * d, point, panels, sums, rows, d, padded);
        addProducts(panels, products, rows, padded);
      }
      addTable(moments.products, float64At(products, padded * padded), d, padded);
      moments.sums.set(float64At(sums, d));
    },
  );
  return { ...moments, c, unit: 1 };
}
