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

/** Columns of a strip: thinner ones would skip more products of the symmetric matrix, slower. */
const widest = { bytes: 192, float64: 264 };

/** The columns in strips. */
function strips(d: number, most: number): { start: number; width: number }[] {
  return Array.from({ length: Math.ceil(d / most) }, (_, i) => ({
    start: i * most,
    width: Math.min(most, d - i * most),
  }));
}

/** Adds the products of a strip with the columns from `from` on to the table [d, d]. */
function addProducts(
  table: Float64Array,
  products: ArrayLike<number>,
  d: number,
  { start, width }: { start: number; width: number },
  from: number,
): void {
  const columns = products.length / width;
  for (let i = 0; i < width; i++)
    for (let j = 0; j < columns; j++)
      table[(start + i) * d + from + j] += products[i * columns + j];
}

/** Sums of the columns, then of the products of each strip, in int32. To be called in a tidy. */
function integerSums(shifted: tf.Tensor2D): tf.Tensor[] {
  const [n, d] = shifted.shape;
  const products = strips(d, widest.bytes).map(({ start, width }) => {
    const strip = shifted.slice([0, start], [n, width]);
    return strip.matMul(shifted.slice([0, start], [n, d - start]), true);
  });
  return [shifted.sum(0), ...products].map((sums) => sums.toInt());
}

/**
 * The moments of bytes, exact; undefined where an entry of x is not the float32 number nearest to a
 * byte over 255.
 */
export function momentsOfBytes(x: tf.Tensor2D): Moments | undefined {
  const d = x.shape[1];
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  for (const many of blocks(x, exact.rows * exact.blocks)) {
    let total: tf.Tensor[] = [];
    try {
      for (const block of blocks(many, exact.rows)) {
        const next = tf.tidy(() => {
          const shifted = shiftedBytes(block);
          return shifted && integerSums(shifted).map((sums, i) => total[i]?.add(sums) ?? sums);
        });
        if (!next) return undefined;
        tf.dispose(total);
        total = next;
      }
      add(moments.sums, total[0].dataSync());
      strips(d, widest.bytes).forEach((strip, i) => {
        addProducts(moments.products, total[i + 1].dataSync(), d, strip, strip.start);
      });
    } finally {
      tf.dispose(total);
    }
  }
  return { ...moments, c: new Float64Array(d).fill(128 / 255), unit: 255 };
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
      const parts = strips(d, widest.float64).map(({ start, width }) => {
        const part = new Float64Array(size * width);
        for (let i = 0; i < size; i++)
          for (let j = 0; j < width; j++)
            part[i * width + j] = rows[i * d + start + j] - c[start + j];
        return { start, width, values: write(part, [size, width]) };
      });
      parts.forEach((right, i) => {
        const end = right.start + right.width;
        add(moments.sums.subarray(right.start, end), matMul(ones, right.values));
        for (const left of parts.slice(0, i + 1)) {
          const products = matMul(left.values, right.values);
          addProducts(moments.products, products, d, left, right.start);
        }
      });
    });
  }
  return { ...moments, c, unit: 1 };
}
