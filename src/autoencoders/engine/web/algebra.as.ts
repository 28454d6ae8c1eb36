// Linear algebra in AssemblyScript, under the same rules as kernels.as.ts.

// ---- products of columns, for the covariance

// Columns lie in panels of 8: entry t of column j of the panels is at ((j / 8) · depth + t) · 8 + j
// mod 8.
const WIDE: i32 = 8;

/**
 * Puts two rows at a time of bytes over 255, less 128, into panels of pairs of int16, and adds them
 * to `sums`. The panels hold `padded` columns; false where an entry is not the float32 number
 * nearest to a byte over 255.
 */
export function pairBytes(
  x: usize,
  panels: usize,
  sums: usize,
  rows: i32,
  d: i32,
  padded: i32,
): bool {
  const depth = (rows + 1) / 2;
  memory.fill(panels, 0, <usize>(padded * depth) * 4);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < d; j++, x += 4) {
      const value = load<f32>(x);
      const byte = min(max(nearest<f32>(value * 255), 0), 255);
      if (byte / 255 !== value) return false;
      const shifted = <i32>byte - 128;
      const at = ((j / WIDE) * depth + i / 2) * WIDE + (j % WIDE);
      store<i16>(panels + <usize>at * 4 + <usize>(i % 2) * 2, <i16>shifted);
      const sum = sums + <usize>j * 4;
      store<i32>(sum, load<i32>(sum) + shifted);
    }
  return true;
}

/**
 * products[i, j] += Σₜ of pairs of column i and column j, int32 [padded, padded], where j's panel
 * is not before i's.
 */
export function addBytes(panels: usize, products: usize, depth: i32, padded: i32): void {
  const stride = <usize>padded * 4;
  const panel = <usize>depth * WIDE * 4;
  for (let i = 0; i < padded; i += 4) {
    const a = panels + <usize>(i / WIDE) * panel + <usize>(i % WIDE) * 4;
    for (let j = (i / WIDE) * WIDE; j < padded; j += WIDE) {
      let b = panels + <usize>(j / WIDE) * panel;
      let at = a;
      let c = products + <usize>i * stride + <usize>j * 4;
      let c00 = v128.load(c);
      let c01 = v128.load(c, 16);
      let c10 = v128.load(c + stride);
      let c11 = v128.load(c + stride, 16);
      let c20 = v128.load(c + 2 * stride);
      let c21 = v128.load(c + 2 * stride, 16);
      let c30 = v128.load(c + 3 * stride);
      let c31 = v128.load(c + 3 * stride, 16);
      for (let t = 0; t < depth; t++, b += 32, at += 32) {
        const left = v128.load(b);
        const right = v128.load(b, 16);
        let x = v128.load_splat<i32>(at);
        c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x, left));
        c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x, right));
        x = v128.load_splat<i32>(at, 4);
        c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x, left));
        c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x, right));
        x = v128.load_splat<i32>(at, 8);
        c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x, left));
        c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x, right));
        x = v128.load_splat<i32>(at, 12);
        c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x, left));
        c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x, right));
      }
      v128.store(c, c00);
      v128.store(c, c01, 16);
      c += stride;
      v128.store(c, c10);
      v128.store(c, c11, 16);
      c += stride;
      v128.store(c, c20);
      v128.store(c, c21, 16);
      c += stride;
      v128.store(c, c30);
      v128.store(c, c31, 16);
    }
  }
}

/** Panels of x − c in float64, x [rows, d] float32, c [d]; adds the rows to `sums`. */
export function centerRows(
  x: usize,
  c: usize,
  panels: usize,
  sums: usize,
  rows: i32,
  d: i32,
  padded: i32,
): void {
  memory.fill(panels, 0, <usize>(padded * rows) * 8);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < d; j++, x += 4) {
      const value = <f64>load<f32>(x) - load<f64>(c + <usize>j * 8);
      const at = ((j / WIDE) * rows + i) * WIDE + (j % WIDE);
      store<f64>(panels + <usize>at * 8, value);
      const sum = sums + <usize>j * 8;
      store<f64>(sum, load<f64>(sum) + value);
    }
}

function add64(c: usize, left: v128, right: v128): void {
  v128.store(c, f64x2.add(v128.load(c), left));
  v128.store(c, f64x2.add(v128.load(c, 16), right), 16);
}

/**
 * products[i, j] += Σₜ of column i and column j, float64 [padded, padded], where j's panel is not
 * before i's.
 */
export function addProducts(panels: usize, products: usize, depth: i32, padded: i32): void {
  const stride = <usize>padded * 8;
  const panel = <usize>depth * WIDE * 8;
  for (let i = 0; i < padded; i += 4) {
    const a = panels + <usize>(i / WIDE) * panel + <usize>(i % WIDE) * 8;
    for (let j = (i / WIDE) * WIDE; j < padded; j += 4) {
      let b = panels + <usize>(j / WIDE) * panel + <usize>(j % WIDE) * 8;
      let at = a;
      let c00 = f64x2.splat(0);
      let c01 = c00;
      let c10 = c00;
      let c11 = c00;
      let c20 = c00;
      let c21 = c00;
      let c30 = c00;
      let c31 = c00;
      for (let t = 0; t < depth; t++, b += 64, at += 64) {
        const left = v128.load(b);
        const right = v128.load(b, 16);
        let x = v128.load_splat<f64>(at);
        c00 = f64x2.add(c00, f64x2.mul(x, left));
        c01 = f64x2.add(c01, f64x2.mul(x, right));
        x = v128.load_splat<f64>(at, 8);
        c10 = f64x2.add(c10, f64x2.mul(x, left));
        c11 = f64x2.add(c11, f64x2.mul(x, right));
        x = v128.load_splat<f64>(at, 16);
        c20 = f64x2.add(c20, f64x2.mul(x, left));
        c21 = f64x2.add(c21, f64x2.mul(x, right));
        x = v128.load_splat<f64>(at, 24);
        c30 = f64x2.add(c30, f64x2.mul(x, left));
        c31 = f64x2.add(c31, f64x2.mul(x, right));
      }
      const c = products + <usize>i * stride + <usize>j * 8;
      add64(c, c00, c01);
      add64(c + stride, c10, c11);
      add64(c + 2 * stride, c20, c21);
      add64(c + 3 * stride, c30, c31);
    }
  }
}

// ---- eigenvectors of a symmetric matrix

function dot(x: usize, y: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 32, y += 32) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(x), v128.load(y)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  s0 = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; i < n; i++, x += 8, y += 8) sum += load<f64>(x) * load<f64>(y);
  return sum;
}

/** y += factor · x. */
function addMultiple(y: usize, factor: f64, x: usize, n: i32): void {
  const factors = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= n; i += 2, x += 16, y += 16)
    v128.store(y, f64x2.add(v128.load(y), f64x2.mul(factors, v128.load(x))));
  if (i < n) store<f64>(y, load<f64>(y) + factor * load<f64>(x));
}

/**
 * Householder's reduction A = Q T Qᵀ of a symmetric matrix [d, d] with rows of `stride` bytes: T's
 * diagonal and off-diagonal, and in A's rows above the diagonal the vectors of the reflections 1 −
 * β v vᵀ, their `betas` beside.
 */
function tridiagonalize(
  a: usize,
  d: i32,
  stride: usize,
  diagonal: usize,
  off: usize,
  betas: usize,
  w: usize,
): void {
  for (let k = 0; k < d; k++) {
    const row = a + <usize>k * stride;
    store<f64>(diagonal + <usize>k * 8, load<f64>(row + <usize>k * 8));
    if (k === d - 1) break;
    const n = d - k - 1;
    const v = row + <usize>(k + 1) * 8;
    const first = load<f64>(v);
    const square = dot(v, v, n);
    const rest = dot(v + 8, v + 8, n - 1);
    if (rest < 1e-280) {
      store<f64>(off + <usize>k * 8, first);
      store<f64>(betas + <usize>k * 8, 0);
      continue;
    }
    const alpha = first > 0 ? -sqrt(square) : sqrt(square);
    const beta = 1 / (square - alpha * first);
    store<f64>(off + <usize>k * 8, alpha);
    store<f64>(betas + <usize>k * 8, beta);
    store<f64>(v, first - alpha);
    const block = row + stride + <usize>(k + 1) * 8;
    for (let i = 0; i < n; i++)
      store<f64>(w + <usize>i * 8, beta * dot(block + <usize>i * stride, v, n));
    addMultiple(w, -0.5 * beta * dot(v, w, n), v, n);
    for (let i = 0; i < n; i++) {
      const line = block + <usize>i * stride;
      addMultiple(line, -load<f64>(v + <usize>i * 8), w, n);
      addMultiple(line, -load<f64>(w + <usize>i * 8), v, n);
    }
  }
}

/** Writes Qᵀ of `tridiagonalize` into z, whose entries are 0. */
function accumulate(a: usize, d: i32, stride: usize, betas: usize, z: usize): void {
  for (let i = 0; i < d; i++) store<f64>(z + <usize>i * (stride + 8), 1);
  for (let k = d - 2; k >= 0; k--) {
    const beta = load<f64>(betas + <usize>k * 8);
    if (beta === 0) continue;
    const start = <usize>(k + 1) * 8;
    const v = a + <usize>k * stride + start;
    const n = d - k - 1;
    for (let i = k + 1; i < d; i++) {
      const row = z + <usize>i * stride + start;
      addMultiple(row, -beta * dot(row, v, n), v, n);
    }
  }
}

/**
 * Rotations that wait for their turn: a sweep is its first row and its length, then cosines and
 * sines.
 */
const WAITING: i32 = 16384;
const STRIP: i32 = 16;

/**
 * Applies sweeps of rotations to the rows of z, 16 columns at a time, so that they stay in the
 * cache.
 */
function rotate(sweeps: usize, end: usize, z: usize, stride: usize): void {
  for (let strip: usize = 0; strip < stride; strip += STRIP * 8)
    for (let at = sweeps; at < end; ) {
      const count = load<i32>(at, 4);
      let row = z + strip + <usize>(load<i32>(at) + 1) * stride;
      let y0 = v128.load(row);
      let y1 = v128.load(row, 16);
      let y2 = v128.load(row, 32);
      let y3 = v128.load(row, 48);
      let y4 = v128.load(row, 64);
      let y5 = v128.load(row, 80);
      let y6 = v128.load(row, 96);
      let y7 = v128.load(row, 112);
      at += 8;
      for (let i = 0; i < count; i++, at += 16) {
        const c = v128.load_splat<f64>(at);
        const s = v128.load_splat<f64>(at, 8);
        const above = row - stride;
        let x = v128.load(above);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y0)));
        y0 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y0));
        x = v128.load(above, 16);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y1)), 16);
        y1 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y1));
        x = v128.load(above, 32);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y2)), 32);
        y2 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y2));
        x = v128.load(above, 48);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y3)), 48);
        y3 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y3));
        x = v128.load(above, 64);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y4)), 64);
        y4 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y4));
        x = v128.load(above, 80);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y5)), 80);
        y5 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y5));
        x = v128.load(above, 96);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y6)), 96);
        y6 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y6));
        x = v128.load(above, 112);
        v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y7)), 112);
        y7 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y7));
        row = above;
      }
      v128.store(row, y0);
      v128.store(row, y1, 16);
      v128.store(row, y2, 32);
      v128.store(row, y3, 48);
      v128.store(row, y4, 64);
      v128.store(row, y5, 80);
      v128.store(row, y6, 96);
      v128.store(row, y7, 112);
    }
}

/** The largest magnitude of T's entries. */
function largestOf(values: usize, off: usize, d: i32): f64 {
  let largest: f64 = 0;
  for (let i: usize = 0; i < <usize>d * 8; i += 8)
    largest = max(largest, max(abs(load<f64>(values + i)), abs(load<f64>(off + i))));
  return largest;
}

/** The end of the block from `start` on that no negligible entry of the off-diagonal divides. */
function blockEnd(off: usize, start: i32, d: i32, negligible: f64): i32 {
  let m = start;
  for (; m < d - 1; m++) {
    if (abs(load<f64>(off + <usize>m * 8)) <= negligible) break;
  }
  return m;
}

/**
 * One implicit QL sweep over rows l … m of T; writes its rotations to `to` and returns how many
 * there are.
 */
function sweep(values: usize, off: usize, l: i32, m: i32, to: usize): i32 {
  const first = load<f64>(values + <usize>l * 8);
  let g = (load<f64>(values + <usize>(l + 1) * 8) - first) / (2 * load<f64>(off + <usize>l * 8));
  const root = sqrt(g * g + 1);
  g =
    load<f64>(values + <usize>m * 8) -
    first +
    load<f64>(off + <usize>l * 8) / (g + copysign(root, g));
  let s: f64 = 1;
  let c: f64 = 1;
  let p: f64 = 0;
  let count = 0;
  for (let i = m - 1; i >= l; i--) {
    const at = <usize>i * 8;
    const f = s * load<f64>(off + at);
    const b = c * load<f64>(off + at);
    const r = sqrt(f * f + g * g);
    store<f64>(off + at, r, 8);
    if (r === 0) {
      store<f64>(values + at, load<f64>(values + at, 8) - p, 8);
      store<f64>(off + <usize>m * 8, 0);
      return count;
    }
    s = f / r;
    c = g / r;
    g = load<f64>(values + at, 8) - p;
    const q = (load<f64>(values + at) - g) * s + 2 * c * b;
    p = s * q;
    store<f64>(values + at, g + p, 8);
    g = c * q - b;
    store<f64>(to + <usize>count * 16, c);
    store<f64>(to + <usize>count * 16, s, 8);
    count++;
  }
  store<f64>(values + <usize>l * 8, load<f64>(values + <usize>l * 8) - p);
  store<f64>(off + <usize>l * 8, g);
  store<f64>(off + <usize>m * 8, 0);
  return count;
}

/** Bytes of scratch memory that `eigen` needs beside its matrices. */
export function eigenScratch(d: i32): usize {
  return <usize>(3 * (d + 1)) * 8 + <usize>(WAITING + d) * 24;
}

/**
 * Eigenvalues, unsorted, of a symmetric matrix [d, d] of numbers up to about 1, and its
 * eigenvectors as the rows of z, which is 0 before. Rows are `stride` bytes apart, a multiple of
 * 128. The matrix is overwritten. False where QL does not converge. Source: Golub and Van Loan,
 * Matrix Computations, 8.3.
 */
export function eigen(
  a: usize,
  z: usize,
  values: usize,
  scratch: usize,
  d: i32,
  stride: usize,
): bool {
  const off = scratch;
  const betas = off + <usize>(d + 1) * 8;
  const w = betas + <usize>(d + 1) * 8;
  const sweeps = w + <usize>(d + 1) * 8;
  tridiagonalize(a, d, stride, values, off, betas, w);
  store<f64>(off + <usize>(d - 1) * 8, 0);
  accumulate(a, d, stride, betas, z);
  const negligible = 0.5 * f64.EPSILON * largestOf(values, off, d);
  let end = sweeps;
  for (let l = 0; l < d; l++)
    for (let attempt = 0; ; attempt++) {
      const m = blockEnd(off, l, d, negligible);
      if (m === l) break;
      if (attempt === 60) return false;
      const count = sweep(values, off, l, m, end + 8);
      if (count > 0) {
        store<i32>(end, m - 1);
        store<i32>(end, count, 4);
        end += 8 + <usize>count * 16;
      }
      if (end > sweeps + WAITING * 16) {
        rotate(sweeps, end, z, stride);
        end = sweeps;
      }
    }
  rotate(sweeps, end, z, stride);
  return true;
}

// ---- inverse

/**
 * The inverse of a matrix [d, d] in its place, by Gauss and Jordan with row pivots; false where a
 * pivot is 0.
 */
export function invert(a: usize, pivots: usize, d: i32): bool {
  const stride = <usize>d * 8;
  for (let k = 0; k < d; k++) {
    const row = a + <usize>k * stride;
    let best = k;
    for (let i = k + 1; i < d; i++)
      if (
        abs(load<f64>(a + <usize>i * stride + <usize>k * 8)) >
        abs(load<f64>(a + <usize>best * stride + <usize>k * 8))
      )
        best = i;
    store<i32>(pivots + <usize>k * 4, best);
    const other = a + <usize>best * stride;
    for (let j: usize = 0; best !== k && j < stride; j += 8) {
      const kept = load<f64>(row + j);
      store<f64>(row + j, load<f64>(other + j));
      store<f64>(other + j, kept);
    }
    const pivot = load<f64>(row + <usize>k * 8);
    if (pivot === 0) return false;
    store<f64>(row + <usize>k * 8, 1);
    for (let j: usize = 0; j < stride; j += 8) store<f64>(row + j, load<f64>(row + j) / pivot);
    for (let i = 0; i < d; i++) {
      if (i === k) continue;
      const line = a + <usize>i * stride;
      const factor = load<f64>(line + <usize>k * 8);
      store<f64>(line + <usize>k * 8, 0);
      if (factor !== 0) addMultiple(line, -factor, row, d);
    }
  }
  for (let k = d - 1; k >= 0; k--) {
    const other = load<i32>(pivots + <usize>k * 4);
    if (other === k) continue;
    for (let i = 0; i < d; i++) {
      const line = a + <usize>i * stride;
      const kept = load<f64>(line + <usize>k * 8);
      store<f64>(line + <usize>k * 8, load<f64>(line + <usize>other * 8));
      store<f64>(line + <usize>other * 8, kept);
    }
  }
  return true;
}
