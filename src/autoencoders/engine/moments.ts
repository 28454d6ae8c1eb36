// Sums of products of columns, exact where the numbers are bytes, in float64 elsewhere.
import * as tf from "@tensorflow/tfjs-node";
import { boolAttribute, type Handle } from "./backend";
import { inFloat64 } from "./float64";

/** Sums over the n rows of x about a point c. */
export interface Moments {
  c: Float64Array;
  /** unit · Σᵢ (xᵢ − c), [d]. */
  sums: Float64Array;
  /** unit² · Σᵢ (xᵢ − c)ᵀ(xᵢ − c), row-major [d, d]: at least its upper triangle. */
  products: Float64Array;
  unit: number;
}

/**
 * The slices of at most `most` rows of x [n, d], in order; each is freed when the next is asked
 * for.
 */
function* blocks(x: tf.Tensor2D, most: number): Generator<tf.Tensor2D> {
  const [n, d] = x.shape;
  for (let from = 0; from < n; from += most) {
    const block = x.slice([from, 0], [Math.min(most, n - from), d]);
    try {
      yield block;
    } finally {
      block.dispose();
    }
  }
}

function add(to: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < to.length; i++) to[i] += values[i];
}

/**
 * The bytes of a block less 128, or undefined where an entry is no byte over 255. To be called in a
 * tidy.
 */
function shiftedBytes(block: tf.Tensor2D): tf.Tensor2D | undefined {
  const bytes = block.mul(255).round().clipByValue(0, 255);
  if (!bytes.div(255).equal(block).all().dataSync()[0]) return undefined;
  return bytes.sub(128) as tf.Tensor2D;
}

// An integer up to 2²⁴ is a float32 number, and so is each sum on the way to 1,024 products of
// numbers from −128 to 127. An int32 holds 127 of these sums.
const exact = { rows: 1024, blocks: 127 };

/**
 * The moments of bytes, exact; undefined where an entry of x is not the float32 number nearest to a
 * byte over 255.
 */
export function momentsOfBytes(x: tf.Tensor2D): Moments | undefined {
  const d = x.shape[1];
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  for (const many of blocks(x, exact.rows * exact.blocks)) {
    let total: [sums: tf.Tensor, products: tf.Tensor] | undefined;
    try {
      for (const block of blocks(many, exact.rows)) {
        const next = tf.tidy(() => {
          const shifted = shiftedBytes(block);
          if (!shifted) return undefined;
          const parts = [shifted.sum(0).toInt(), shifted.matMul(shifted, true).toInt()];
          return parts.map((part, i) => (total ? total[i].add(part) : part)) as [
            tf.Tensor,
            tf.Tensor,
          ];
        });
        if (!next) return undefined;
        tf.dispose(total ?? []);
        total = next;
      }
      if (total) {
        add(moments.sums, total[0].dataSync());
        add(moments.products, total[1].dataSync());
      }
    } finally {
      tf.dispose(total ?? []);
    }
  }
  return { ...moments, c: new Float64Array(d).fill(128 / 255), unit: 255 };
}

/**
 * The matrix of products is symmetric: of 2 × 2 pairs of strips of columns, 3 are computed. Thinner
 * ones would be slower.
 */
function strips(d: number): { start: number; width: number }[] {
  const width = Math.max(Math.ceil(d / 2), 64);
  return Array.from({ length: Math.ceil(d / width) }, (_, i) => ({
    start: i * width,
    width: Math.min(width, d - i * width),
  }));
}

/** The moments in float64, about the mean in float32 (or about 0), so that no digits cancel. */
export function momentsInFloat64(x: tf.Tensor2D, center: boolean): Moments {
  const d = x.shape[1];
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  const c = new Float64Array(d);
  if (center)
    tf.tidy(() =>
      c.set(
        x
          .mean(0)
          .dataSync()
          .map((value) => (Number.isFinite(value) ? value : 0)),
      ),
    );
  const transposed = [boolAttribute("transpose_a", true), boolAttribute("transpose_b", false)];
  // 8,192 rows of 784 stay near 50 MB in float64
  for (const block of blocks(x, 8192)) {
    const [rows, size] = [block.dataSync<"float32">(), block.shape[0]];
    inFloat64(({ op, read, write }) => {
      const matMul = (a: Handle, b: Handle) => read(op("MatMul", [a, b], transposed)[0]);
      const ones = write(new Float64Array(size).fill(1), [size, 1]);
      const parts = strips(d).map(({ start, width }) => {
        const part = new Float64Array(size * width);
        for (let i = 0; i < size; i++)
          for (let j = 0; j < width; j++)
            part[i * width + j] = rows[i * d + start + j] - c[start + j];
        return { start, width, values: write(part, [size, width]) };
      });
      parts.forEach(({ start, width, values }, right) => {
        add(moments.sums.subarray(start, start + width), matMul(ones, values));
        for (const above of parts.slice(0, right + 1)) {
          const product = matMul(above.values, values);
          for (let i = 0; i < above.width; i++) {
            const row = (above.start + i) * d + start;
            add(moments.products.subarray(row, row + width), product.subarray(i * width));
          }
        }
      });
    });
  }
  return { ...moments, c, unit: 1 };
}
