import * as tf from "@tensorflow/tfjs-node";
import { boolAttribute, type Handle } from "./backend";
import { inFloat64 } from "./float64";

/** Sums over the n rows of x about a point c. */
interface Moments {
  c: Float64Array;
  /** unit · Σᵢ (xᵢ − c), [d]. */
  sums: Float64Array;
  /** unit² · Σᵢ (xᵢ − c)ᵀ(xᵢ − c), row-major [d, d]: at least its upper triangle. */
  products: Float64Array;
  unit: number;
}

interface Strip {
  start: number;
  width: number;
}

/** The matrix of products is symmetric: of 2 × 2 pairs of strips of columns, 3 are computed. Thinner ones would be slower. */
function strips(d: number): Strip[] {
  const width = Math.max(Math.ceil(d / 2), 64);
  return Array.from({ length: Math.ceil(d / width) }, (_, i) => ({
    start: i * width,
    width: Math.min(width, d - i * width),
  }));
}

function* blocks(x: tf.Tensor2D, most: number): Generator<{ rows: Float32Array; size: number }> {
  const [n, d] = x.shape;
  for (let from = 0; from < n; from += most) {
    const size = Math.min(most, n - from);
    const slice = x.slice([from, 0], [size, d]);
    const rows = slice.dataSync<"float32">(); // not the result of a tidy, which looks for tensors in every entry
    slice.dispose();
    yield { rows, size };
  }
}

/** For every strip adds `sum`(strip) [width], for every pair of them `product`(left, right) [width, width], where it belongs. */
function addTo(
  { sums, products }: { sums: Float64Array; products: Float64Array },
  sum: (strip: number) => ArrayLike<number>,
  product: (left: number, right: number) => ArrayLike<number>,
): void {
  const d = sums.length;
  strips(d).forEach(({ start, width }, right, all) => {
    const ofStrip = sum(right);
    for (let j = 0; j < width; j++) sums[start + j] += ofStrip[j];
    for (let left = 0; left <= right; left++) {
      const [above, ofPair] = [all[left], product(left, right)];
      for (let i = 0; i < above.width; i++) {
        const row = (above.start + i) * d + start;
        for (let j = 0, from = i * width; j < width; j++) products[row + j] += ofPair[from + j];
      }
    }
  });
}

const levels = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** The bytes of a strip of the rows [size, d], less 128, or undefined where an entry is no byte over 255. */
function shiftedBytes(rows: Float32Array, d: number, { start, width }: Strip): Float32Array | undefined {
  const [level, size] = [levels, rows.length / d];
  const shifted = new Float32Array(size * width);
  for (let i = 0, to = 0; i < size; i++)
    for (let from = i * d + start, end = from + width; from < end; from++, to++) {
      const byte = (rows[from] * 255 + 0.5) | 0;
      if (level[byte] !== rows[from]) return undefined;
      shifted[to] = byte - 128;
    }
  return shifted;
}

/**
 * The moments of bytes, exact; undefined where an entry of x is not the float32 number nearest to a byte over 255.
 *
 * Integers up to 2²⁴ add in float32 without rounding, and so do 1,024 products of numbers from −128 to 127.
 */
function momentsOfBytes(x: tf.Tensor2D): Moments | undefined {
  const d = x.shape[1];
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  for (const { rows, size } of blocks(x, 1024)) {
    const parts: Float32Array[] = [];
    for (const strip of strips(d)) {
      const part = shiftedBytes(rows, d, strip);
      if (!part) return undefined;
      parts.push(part);
    }
    tf.tidy(() => {
      const tensors = parts.map((part) => tf.tensor2d(part, [size, part.length / size]));
      addTo(
        moments,
        (strip) => tensors[strip].sum(0).dataSync(),
        (left, right) => tf.matMul(tensors[left], tensors[right], true).dataSync(),
      );
    });
  }
  return { ...moments, c: new Float64Array(d).fill(128 / 255), unit: 255 };
}

/** The moments in float64, about the mean in float32 (or about 0), so that no digits cancel. */
function momentsInFloat64(x: tf.Tensor2D, centre: boolean): Moments {
  const d = x.shape[1];
  const moments = { sums: new Float64Array(d), products: new Float64Array(d * d) };
  const c = new Float64Array(d);
  if (centre)
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
  for (const { rows, size } of blocks(x, 8192))
    inFloat64(({ op, read, write }) => {
      const parts = strips(d).map(({ start, width }) => {
        const part = new Float64Array(size * width);
        for (let i = 0; i < size; i++)
          for (let j = 0; j < width; j++) part[i * width + j] = rows[i * d + start + j] - c[start + j];
        return write(part, [size, width]);
      });
      const ones = write(new Float64Array(size).fill(1), [size, 1]);
      const matMul = (a: Handle, b: Handle) => read(op("MatMul", [a, b], transposed)[0]);
      addTo(
        moments,
        (strip) => matMul(ones, parts[strip]),
        (left, right) => matMul(parts[left], parts[right]),
      );
    });
  return { ...moments, c, unit: 1 };
}

/**
 * Mean ``μ`` [d] and covariance ``(1/n) Σᵢ (xᵢ − μ)ᵀ(xᵢ − μ)``, row-major [d, d], of the float32 rows x [n, d], in
 * float64. With `centre: false`, ``μ = 0`` and the matrix is the second moment. Entries that are not finite pass
 * through.
 *
 * Where every entry is the float32 number nearest to a byte over 255, as in images, the bytes themselves are meant:
 * their sums are exact, and differ from those of the rounded numbers by about 5e-8 of their size.
 */
export function covariance(
  x: tf.Tensor2D,
  { centre = true }: { centre?: boolean } = {},
): { mean: Float64Array; matrix: Float64Array } {
  const [n, d] = x.shape;
  const { c, sums, products, unit } = momentsOfBytes(x) ?? momentsInFloat64(x, centre);
  const scale = n * unit ** 2;
  const matrix = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = i; j < d; j++) {
      const about = products[i * d + j];
      const [u, v] = [unit * c[i], unit * c[j]];
      const sum = centre ? about - (sums[i] * sums[j]) / n : about + u * sums[j] + v * sums[i] + n * u * v;
      matrix[i * d + j] = matrix[j * d + i] = sum / scale;
    }
  return { mean: centre ? sums.map((sum, j) => c[j] + sum / (n * unit)) : new Float64Array(d), matrix };
}
