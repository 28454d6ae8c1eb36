// TensorFlow's StatelessRandomUniform and StatelessRandomNormal in AssemblyScript, under the rules
// of kernels.as.ts.

/**
 * Philox 4×32-10: four words at `out` for those of a counter and a key. Source: Salmon et al.
 * (2011).
 */
function philox(out: usize, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round++) {
    const left = <u64>0xd2511f53 * <u64>c0;
    const right = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(right >> 32) ^ c1 ^ k0;
    c1 = <u32>right;
    c2 = <u32>(left >> 32) ^ c3 ^ k1;
    c3 = <u32>left;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(out, c0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/** The number in [0, 1) whose 23 digits are the lower bits of a word. */
function unit(word: u32): f32 {
  return reinterpret<f32>((word & 0x7fffff) | 0x3f800000) - 1;
}

/**
 * ln x for a normal x above 0, by the series of artanh((m − 1) / (m + 1)) for a mantissa m near 1.
 */
function logarithm(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let exponent = <i32>(bits >> 52) - 1023;
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  const series =
    1 + t * (1 / 3.0 + t * (1 / 5.0 + t * (1 / 7.0 + t * (1 / 9.0 + t * (1 / 11.0 + t / 13.0)))));
  return 2 * s * series + <f64>exponent * Math.LN2;
}

/** sin x for |x| ≤ π/4. */
function sine(x: f64): f64 {
  const t = x * x;
  return (
    x *
    (1 +
      t *
        (-1 / 6.0 +
          t * (1 / 120.0 + t * (-1 / 5040.0 + t * (1 / 362880.0 - t * (1 / 39916800.0))))))
  );
}

/** cos x for |x| ≤ π/4. */
function cosine(x: f64): f64 {
  const t = x * x;
  return (
    1 +
    t *
      (-1 / 2.0 +
        t *
          (1 / 24.0 +
            t * (-1 / 720.0 + t * (1 / 40320.0 + t * (-1 / 3628800.0 + t / 479001600.0)))))
  );
}

/** Box and Muller's transform of two words: r sin α and r cos α for r = √(−2 ln u), α = 2πv. */
function toNormal(at: usize): void {
  const u = <f64>max(unit(load<u32>(at)), <f32>1e-7);
  const turns = <f64>unit(load<u32>(at, 4)) * 4;
  const radius = sqrt(-2 * logarithm(u));
  const quarter = nearest(turns);
  const angle = (turns - quarter) * (Math.PI / 2);
  const s = <f32>(radius * sine(angle));
  const c = <f32>(radius * cosine(angle));
  const turned = <i32>quarter & 3;
  const sinus = turned === 0 ? s : turned === 1 ? c : turned === 2 ? -s : -c;
  const cosinus = turned === 0 ? c : turned === 1 ? -s : turned === 2 ? -c : s;
  store<f32>(at, sinus);
  store<f32>(at, cosinus, 4);
}

/**
 * Writes n numbers of the draw with these seeds, and up to three beyond them; normal ones, or
 * uniform from [0, 1).
 */
export function draw(out: usize, n: i32, seed0: i32, seed1: i32, normal: bool): void {
  philox(out, seed0, seed0 >> 31, seed1, seed1 >> 31, 0x3ec8f720, 0x02461e29);
  const k0 = load<u32>(out);
  const k1 = load<u32>(out, 4);
  const c2 = load<u32>(out, 8);
  const c3 = load<u32>(out, 12);
  for (let i = 0; i < n; i += 4, out += 16) {
    philox(out, i / 4, 0, c2, c3, k0, k1);
    if (normal) {
      toNormal(out);
      toNormal(out + 8);
    } else for (let j: usize = 0; j < 16; j += 4) store<f32>(out + j, unit(load<u32>(out + j)));
  }
}
