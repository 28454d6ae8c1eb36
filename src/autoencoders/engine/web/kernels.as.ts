// The web engine's arithmetic in AssemblyScript: it works in place in the heap of tfjs's wasm
// backend. Plain 128-bit SIMD without fused multiply-adds, so that every machine gives the same
// bits. Pointers and strides are in bytes.

// ---- products

/**
 * Columns of a packed panel, rows of a tile, and the terms that are added before C is touched
 * again.
 */
const PANEL: i32 = 8;
const TILE: i32 = 6;
const DEPTH: i32 = 256;
/** Rows of A that stay in the second-level cache while the panels of B pass by. */
const BLOCK: i32 = 96;

/**
 * Packs rows from … from + k of B [·, n] into panels of 8 columns, padded with zeros; B is [n, ·]
 * if transposed.
 */
function pack(
  b: usize,
  to: usize,
  from: i32,
  k: i32,
  n: i32,
  rowStride: usize,
  transposed: bool,
): void {
  for (let j = 0; j < n; j += PANEL) {
    const width = min(PANEL, n - j);
    for (let i = from; i < from + k; i++, to += 32) {
      if (!transposed && width === PANEL) {
        const row = b + <usize>i * rowStride + <usize>j * 4;
        v128.store(to, v128.load(row));
        v128.store(to, v128.load(row, 16), 16);
        continue;
      }
      for (let q = 0; q < PANEL; q++) {
        const row = transposed ? j + q : i;
        const column = transposed ? i : j + q;
        const value = q < width ? load<f32>(b + <usize>row * rowStride + <usize>column * 4) : 0;
        store<f32>(to + <usize>q * 4, value);
      }
    }
  }
}

function put(c: usize, low: v128, high: v128, add: bool): void {
  v128.store(c, add ? f32x4.add(v128.load(c), low) : low);
  v128.store(c, add ? f32x4.add(v128.load(c, 16), high) : high, 16);
}

/**
 * C[rows ≤ 6, 8] = or += A[rows, k] · panel[k, 8]. Where rows are missing, the last one is computed
 * again and not stored.
 */
function tile(
  a: usize,
  rowStride: usize,
  columnStride: usize,
  panel: usize,
  k: i32,
  c: usize,
  cStride: usize,
  rows: i32,
  add: bool,
): void {
  let a0 = a;
  let a1 = a + rowStride * min(1, rows - 1);
  let a2 = a + rowStride * min(2, rows - 1);
  let a3 = a + rowStride * min(3, rows - 1);
  let a4 = a + rowStride * min(4, rows - 1);
  let a5 = a + rowStride * min(5, rows - 1);
  let c00 = f32x4.splat(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00;
  let c30 = c00,
    c31 = c00,
    c40 = c00,
    c41 = c00,
    c50 = c00,
    c51 = c00;
  for (const end = panel + <usize>k * 32; panel < end; panel += 32) {
    const low = v128.load(panel);
    const high = v128.load(panel, 16);
    let x = v128.load_splat<f32>(a0);
    c00 = f32x4.add(c00, f32x4.mul(x, low));
    c01 = f32x4.add(c01, f32x4.mul(x, high));
    x = v128.load_splat<f32>(a1);
    c10 = f32x4.add(c10, f32x4.mul(x, low));
    c11 = f32x4.add(c11, f32x4.mul(x, high));
    x = v128.load_splat<f32>(a2);
    c20 = f32x4.add(c20, f32x4.mul(x, low));
    c21 = f32x4.add(c21, f32x4.mul(x, high));
    x = v128.load_splat<f32>(a3);
    c30 = f32x4.add(c30, f32x4.mul(x, low));
    c31 = f32x4.add(c31, f32x4.mul(x, high));
    x = v128.load_splat<f32>(a4);
    c40 = f32x4.add(c40, f32x4.mul(x, low));
    c41 = f32x4.add(c41, f32x4.mul(x, high));
    x = v128.load_splat<f32>(a5);
    c50 = f32x4.add(c50, f32x4.mul(x, low));
    c51 = f32x4.add(c51, f32x4.mul(x, high));
    a0 += columnStride;
    a1 += columnStride;
    a2 += columnStride;
    a3 += columnStride;
    a4 += columnStride;
    a5 += columnStride;
  }
  put(c, c00, c01, add);
  if (rows > 1) put(c + cStride, c10, c11, add);
  if (rows > 2) put(c + 2 * cStride, c20, c21, add);
  if (rows > 3) put(c + 3 * cStride, c30, c31, add);
  if (rows > 4) put(c + 4 * cStride, c40, c41, add);
  if (rows > 5) put(c + 5 * cStride, c50, c51, add);
}

/** Bytes of scratch memory that `product` needs. */
export function productScratch(k: i32, n: i32): usize {
  return <usize>(min(k, DEPTH) * ((n + PANEL - 1) / PANEL) * PANEL) * 4 + TILE * PANEL * 4;
}

/** C [m, n] = A B in float32, for A [m, k] ([k, m] if aT) and B [k, n] ([n, k] if bT). */
export function product(
  a: usize,
  b: usize,
  c: usize,
  scratch: usize,
  m: i32,
  k: i32,
  n: i32,
  aT: bool,
  bT: bool,
): void {
  const rowStride = <usize>(aT ? 4 : 4 * k);
  const columnStride = <usize>(aT ? 4 * m : 4);
  const cStride = <usize>n * 4;
  const edge = scratch; // a tile of C where fewer than 8 columns are left
  const panels = scratch + TILE * PANEL * 4;
  if (k === 0) memory.fill(c, 0, cStride * m);
  for (let from = 0; from < k; from += DEPTH) {
    const depth = min(DEPTH, k - from);
    pack(b, panels, from, depth, n, <usize>(bT ? k : n) * 4, bT);
    for (let top = 0; top < m; top += BLOCK) {
      const bottom = min(top + BLOCK, m);
      for (let j = 0; j < n; j += PANEL) {
        const panel = panels + <usize>j * depth * 4;
        const width = min(PANEL, n - j);
        for (let i = top; i < bottom; i += TILE) {
          const from_a = a + <usize>i * rowStride + <usize>from * columnStride;
          const to = c + <usize>i * cStride + <usize>j * 4;
          const rows = min(TILE, bottom - i);
          if (width === PANEL) {
            tile(from_a, rowStride, columnStride, panel, depth, to, cStride, rows, from > 0);
            continue;
          }
          tile(from_a, rowStride, columnStride, panel, depth, edge, PANEL * 4, rows, false);
          for (let r = 0; r < rows; r++)
            for (let q = 0; q < width; q++) {
              const at = to + <usize>r * cStride + <usize>q * 4;
              const value = load<f32>(edge + <usize>(r * PANEL + q) * 4);
              store<f32>(at, from > 0 ? load<f32>(at) + value : value);
            }
        }
      }
    }
  }
}

// ---- sums, in float64

function total(x: v128, y: v128): f64 {
  const sum = f64x2.add(x, y);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/** Sum of n numbers. */
function sumOf(x: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = even;
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16) {
    const four = v128.load(x);
    even = f64x2.add(even, low(four));
    odd = f64x2.add(odd, high(four));
  }
  let sum = total(even, odd);
  for (; i < n; i++, x += 4) sum += <f64>load<f32>(x);
  return sum;
}

/** out[i] = Σⱼ x[i, j] / divisor, x [rows, columns]. */
export function sumRows(x: usize, out: usize, rows: i32, columns: i32, divisor: f64): void {
  for (let i = 0; i < rows; i++, x += <usize>columns * 4, out += 4)
    store<f32>(out, <f32>(sumOf(x, columns) / divisor));
}

/** out[j] = Σᵢ x[i, j] / divisor, x [rows, columns]. */
export function sumColumns(x: usize, out: usize, rows: i32, columns: i32, divisor: f64): void {
  const stride = <usize>columns * 4;
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    let s0 = f64x2.splat(0),
      s1 = s0,
      s2 = s0,
      s3 = s0;
    let at = x + <usize>j * 4;
    for (let i = 0; i < rows; i++, at += stride) {
      const left = v128.load(at);
      const right = v128.load(at, 16);
      s0 = f64x2.add(s0, low(left));
      s1 = f64x2.add(s1, high(left));
      s2 = f64x2.add(s2, low(right));
      s3 = f64x2.add(s3, high(right));
    }
    const by = f64x2.splat(divisor);
    const to = out + <usize>j * 4;
    v128.store64_lane(to, f32x4.demote_f64x2_zero(f64x2.div(s0, by)), 0);
    v128.store64_lane(to + 8, f32x4.demote_f64x2_zero(f64x2.div(s1, by)), 0);
    v128.store64_lane(to + 16, f32x4.demote_f64x2_zero(f64x2.div(s2, by)), 0);
    v128.store64_lane(to + 24, f32x4.demote_f64x2_zero(f64x2.div(s3, by)), 0);
  }
  for (; j < columns; j++) {
    let sum: f64 = 0;
    for (let i = 0, at = x + <usize>j * 4; i < rows; i++, at += stride) sum += <f64>load<f32>(at);
    store<f32>(out + <usize>j * 4, <f32>(sum / divisor));
  }
}

/** ½ Σ x² over n numbers. */
export function halfSquares(x: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = even;
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16) {
    const four = v128.load(x);
    const a = low(four);
    const b = high(four);
    even = f64x2.add(even, f64x2.mul(a, a));
    odd = f64x2.add(odd, f64x2.mul(b, b));
  }
  let sum = total(even, odd);
  for (; i < n; i++, x += 4) {
    const value = <f64>load<f32>(x);
    sum += value * value;
  }
  return 0.5 * sum;
}

// ---- optimizers, by TensorFlow's formulas

/**
 * Sets numbers below float32's smallest normal one to 0: arithmetic with denormals is a hundred
 * times slower.
 */
function flushed(x: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(1.1754943508222875e-38)));
}

function flush(x: f32): f32 {
  return abs(x) >= <f32>1.1754943508222875e-38 ? x : 0;
}

/**
 * m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), w ← w − rate · m / (√v + ε); numbers of ε and
 * rate are corrected.
 */
export function adam(
  w: usize,
  m: usize,
  v: usize,
  g: usize,
  n: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
): void {
  const rates = f32x4.splat(rate);
  const share1 = f32x4.splat(<f32>1 - beta1);
  const share2 = f32x4.splat(<f32>1 - beta2);
  const epsilons = f32x4.splat(epsilon);
  let i = 0;
  for (; i + 4 <= n; i += 4, w += 16, m += 16, v += 16, g += 16) {
    const slope = v128.load(g);
    let mean = v128.load(m);
    let square = v128.load(v);
    mean = flushed(f32x4.add(mean, f32x4.mul(f32x4.sub(slope, mean), share1)));
    square = flushed(
      f32x4.add(square, f32x4.mul(f32x4.sub(f32x4.mul(slope, slope), square), share2)),
    );
    v128.store(m, mean);
    v128.store(v, square);
    const step = f32x4.div(f32x4.mul(mean, rates), f32x4.add(f32x4.sqrt(square), epsilons));
    v128.store(w, f32x4.sub(v128.load(w), step));
  }
  for (; i < n; i++, w += 4, m += 4, v += 4, g += 4) {
    const slope = load<f32>(g);
    const mean = flush(load<f32>(m) + (slope - load<f32>(m)) * (<f32>1 - beta1));
    const square = flush(load<f32>(v) + (slope * slope - load<f32>(v)) * (<f32>1 - beta2));
    store<f32>(m, mean);
    store<f32>(v, square);
    store<f32>(w, load<f32>(w) - (mean * rate) / (sqrt<f32>(square) + epsilon));
  }
}

/** v ← μ v + g, w ← w − rate · v, or w − rate (g + μ v) by Nesterov. */
export function momentum(
  w: usize,
  v: usize,
  g: usize,
  n: i32,
  rate: f32,
  mu: f32,
  nesterov: bool,
): void {
  for (let i = 0; i < n; i++, w += 4, v += 4, g += 4) {
    const slope = load<f32>(g);
    const velocity = flush(mu * load<f32>(v) + slope);
    store<f32>(v, velocity);
    const step = nesterov ? slope * rate + velocity * mu * rate : velocity * rate;
    store<f32>(w, load<f32>(w) - step);
  }
}

/** w ← w − rate · g. */
export function descend(w: usize, g: usize, n: i32, rate: f32): void {
  for (let i = 0; i < n; i++, w += 4, g += 4) store<f32>(w, load<f32>(w) - rate * load<f32>(g));
}

// ---- numbers one by one

/**
 * out = max(a, b) or min(a, b) over n numbers, NaN where one is NaN; b has `period` numbers and
 * begins anew after them.
 */
export function extreme(a: usize, b: usize, out: usize, n: i32, period: i32, largest: bool): void {
  for (let from = 0; from < n; from += period) {
    let i = 0;
    let y = b;
    for (; i + 4 <= period; i += 4, a += 16, y += 16, out += 16) {
      const left = v128.load(a);
      const right = v128.load(y);
      v128.store(out, largest ? f32x4.max(left, right) : f32x4.min(left, right));
    }
    for (; i < period; i++, a += 4, y += 4, out += 4) {
      const left = load<f32>(a);
      const right = load<f32>(y);
      store<f32>(out, largest ? max(left, right) : min(left, right));
    }
  }
}

/** out = x between low and high, NaN where x is NaN. */
export function clip(x: usize, out: usize, n: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16, out += 16)
    v128.store(out, f32x4.min(f32x4.max(v128.load(x), lows), highs));
  for (; i < n; i++, x += 4, out += 4) store<f32>(out, min(max(load<f32>(x), low), high));
}

/** out = −1, 0, 1 or NaN. */
export function sign(x: usize, out: usize, n: i32): void {
  for (const end = x + <usize>n * 4; x < end; x += 4, out += 4) {
    const value = load<f32>(x);
    store<f32>(out, value > 0 ? 1 : value < 0 ? -1 : value);
  }
}

/** out = 1 where x is not 0, in bytes. */
export function isNonzero(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i++, x += 4, out++) store<u8>(out, load<f32>(x) !== 0 ? 1 : 0);
}

/** Copies the rows of x with these int32 indices; false, where one is outside of 0 … rows − 1. */
export function gatherRows(
  x: usize,
  indices: usize,
  out: usize,
  count: i32,
  rows: i32,
  width: usize,
): bool {
  for (let i = 0; i < count; i++, indices += 4, out += width) {
    const index = load<i32>(indices);
    if (<u32>index >= <u32>rows) return false;
    memory.copy(out, x + <usize>index * width, width);
  }
  return true;
}
