import { requireFunction, requireNumber } from "./preconditions";

/** A normal distribution by its mean and its standard deviation. */
export interface Gaussian {
  mean: number;
  sd: number;
}

/** p ln(p/q) with 0 ln 0 = 0 and p ln(p/0) = ∞. */
const term = (p: number, q: number) =>
  p === 0 ? 0 : q === 0 ? Number.POSITIVE_INFINITY : p * Math.log(p / q);

const tolerance = 1e-9;

function requireDistribution(p: ArrayLike<number>, name: string): void {
  if (typeof p?.length !== "number" || p.length === 0)
    throw new TypeError(`${name} must be an array of probabilities, got none`);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    requireNumber(p[i], `${name}[${i}]`, "a probability of at least 0", (v) => v >= 0);
    sum += p[i];
  }
  if (Math.abs(sum - 1) > tolerance)
    throw new RangeError(`${name} must sum to 1, got ${sum}; divide it by its sum`);
}

/**
 * Kullback–Leibler divergence of discrete distributions: ``D(p‖q) = Σᵢ pᵢ ln(pᵢ/qᵢ)``, in nats,
 * float64.
 *
 * ``0 ln 0 = 0``; ``∞`` where some ``qᵢ = 0 < pᵢ``. Throws if p and q have different lengths, an
 * entry is negative, or either does not sum to 1 within 1e-9.
 */
export function kl(p: ArrayLike<number>, q: ArrayLike<number>): number {
  requireDistribution(p, "p");
  requireDistribution(q, "q");
  if (p.length !== q.length)
    throw new RangeError(`p and q must have the same length, got ${p.length} and ${q.length}`);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += term(p[i], q[i]);
  return Math.max(sum, 0); // rounding alone can bring it below 0
}

/**
 * Divergence of Bernoulli distributions: ``D(p‖q) = p ln(p/q) + (1 − p) ln((1 − p)/(1 − q))``, in
 * nats, float64.
 *
 * ``∞`` where q is 0 or 1 and p is not the same. Throws unless both are from 0 to 1.
 */
export function klBernoulli(p: number, q: number): number {
  for (const [name, value] of Object.entries({ p, q }))
    requireNumber(value, name, "a probability from 0 to 1", (v) => v >= 0 && v <= 1);
  return Math.max(term(p, q) + term(1 - p, 1 - q), 0);
}

/**
 * Divergence of normal distributions: ``D(a‖b) = ln(s_b/s_a) + (s_a² + (m_a − m_b)²)/(2s_b²) − ½``,
 * in nats, float64.
 *
 * Throws unless both means are finite and both standard deviations above 0.
 */
export function klGaussian(a: Gaussian, b: Gaussian): number {
  for (const [name, g] of Object.entries({ a, b })) {
    if (g === null || typeof g !== "object")
      throw new TypeError(`${name} must be { mean, sd }, got ${typeof g}`);
    requireNumber(g.mean, `${name}.mean`, "a finite number");
    requireNumber(g.sd, `${name}.sd`, "a finite number above 0", (v) => v > 0);
  }
  const ratio = a.sd / b.sd;
  const shift = (a.mean - b.mean) / b.sd;
  // ½(r² − 1) − ln r with r = 1 + t, so that no digits are lost where a and b nearly agree
  const t = (a.sd - b.sd) / b.sd;
  const logRatio =
    ratio > 0 && ratio < Number.POSITIVE_INFINITY
      ? Math.log(ratio)
      : Math.log(a.sd) - Math.log(b.sd); // r itself may leave float64
  const spread =
    Math.abs(t) < 0.5 ? (t * (2 + t)) / 2 - Math.log1p(t) : (ratio * ratio - 1) / 2 - logRatio;
  return Math.max(spread + (shift * shift) / 2, 0);
}

// Gauss and Kronrod's pair of rules on [−1, 1] with 7 and 15 points (QUADPACK's qk15).
const nodes = [
  0.9914553711208126, 0.9491079123427585, 0.8648644233597691, 0.7415311855993945,
  0.5860872354676911, 0.4058451513773972, 0.20778495500789848, 0,
];
const kronrod = [
  0.022935322010529224, 0.06309209262997856, 0.10479001032225019, 0.14065325971552592,
  0.1690047266392679, 0.19035057806478542, 0.20443294007529889, 0.20948214108472782,
];
const gauss = [0.1294849661688697, 0.27970539148927664, 0.3818300505051189, 0.4179591836734694];

interface Piece {
  from: number;
  to: number;
  value: number;
  error: number;
}

function rule(f: (s: number) => number, from: number, to: number): Piece {
  const center = (from + to) / 2;
  const half = (to - from) / 2;
  let fine = 0;
  let coarse = 0;
  nodes.forEach((node, i) => {
    const values = node === 0 ? f(center) : f(center - half * node) + f(center + half * node);
    fine += kronrod[i] * values;
    if (i % 2 === 1) coarse += gauss[(i - 1) / 2] * values;
  });
  return { from, to, value: fine * half, error: Math.abs((fine - coarse) * half) };
}

const mostPieces = 2000;
const firstPieces = 16;

interface Integral {
  value: number;
  /** The ends of the pieces that it was summed from, rising. */
  cuts: number[];
}

/**
 * ∫ f between the first and the last of `cuts`, by adaptive bisection of the pieces between them.
 * Throws if it does not settle.
 */
function integrate(f: (s: number) => number, cuts: number[]): Integral {
  const pieces = cuts.slice(1).map((to, i) => rule(f, cuts[i], to));
  for (;;) {
    const value = pieces.reduce((sum, piece) => sum + piece.value, 0);
    const error = pieces.reduce((sum, piece) => sum + piece.error, 0);
    if (error <= 1e-12 + 1e-11 * Math.abs(value))
      return { value, cuts: [cuts[0], ...pieces.map(({ to }) => to)] };
    if (pieces.length >= mostPieces) {
      throw new RangeError(
        `the integral must settle, got ${value} ± ${error} after ${mostPieces} pieces; give densities that are smooth, or a smaller range`,
      );
    }
    let worst = 0;
    for (let i = 1; i < pieces.length; i++) if (pieces[i].error > pieces[worst].error) worst = i;
    const { from: a, to: b } = pieces[worst];
    pieces.splice(worst, 1, rule(f, a, (a + b) / 2), rule(f, (a + b) / 2, b));
  }
}

/** Mass that p may lose outside the range before the result would be misleading. */
const lostMass = 1e-4;
/**
 * Mass of p that counts as being where q is 0; less comes from densities that underflow in their
 * tails.
 */
const strayMass = 1e-9;

/**
 * Divergence of continuous distributions: ``D(p‖q) = ∫ p(s) ln(p(s)/q(s)) ds``, in nats, float64,
 * over [from, to].
 *
 * `p`, `q` are densities, functions of one number; `from` and `to` may be infinite
 * (``s = t/(1 − t²)`` is put in). ``∞`` where p has mass above 1e-9 on points where q is 0.
 * Adaptive Gauss–Kronrod quadrature, absolute error about 1e-11; up to 1e-6 where q underflows to 0
 * in a tail of p, and ``∞`` where it does so sooner. Throws if ``from ≥ to``, a density is negative
 * or not finite, p does not integrate to 1 within 1e-4 over the range, q integrates to more than
 * that, or an integral does not settle.
 */
export function klContinuous(
  p: (s: number) => number,
  q: (s: number) => number,
  range: readonly [number, number],
): number {
  requireFunction(p, "p", "of one number");
  requireFunction(q, "q", "of one number");
  if (!Array.isArray(range) || range.length !== 2) throw new TypeError("range must be [from, to]");
  const [from, to] = range;
  if (!(from < to))
    throw new RangeError(`[from, to] must have from < to, got [${from}, ${to}]; exchange them`);
  if (to - from === Number.POSITIVE_INFINITY && Number.isFinite(from) && Number.isFinite(to))
    throw new RangeError(
      `[from, to] must have a length that float64 holds, got [${from}, ${to}]; give infinite ends`,
    );
  const density = (f: (s: number) => number, name: string) => (s: number) => {
    const value = f(s);
    requireNumber(value, `${name}(${s})`, "a density, finite and at least 0", (v) => v >= 0);
    return value;
  };
  const [pAt, qAt] = [density(p, "p"), density(q, "q")];
  const { value: mass } = integrateOver(pAt, from, to);
  if (!(Math.abs(mass - 1) <= lostMass)) {
    throw new RangeError(
      `p must integrate to 1 over [${from}, ${to}], got ${mass}; give a wider range, or divide p by its integral`,
    );
  }
  const { value: other } = integrateOver(qAt, from, to);
  if (other > 1 + lostMass)
    throw new RangeError(
      `q must integrate to 1 at most over [${from}, ${to}], got ${other}; divide it by its integral`,
    );
  const onSupport = (s: number) => {
    const qs = qAt(s);
    return qs === 0 ? 0 : term(pAt(s), qs);
  };
  const { value, cuts } = integrateOver(onSupport, from, to);
  const stray = integrateOver((s) => (qAt(s) === 0 ? pAt(s) : 0), from, to, cuts); // the cuts are dense where q stops
  return stray.value > strayMass ? Number.POSITIVE_INFINITY : value;
}

const evenly = (from: number, to: number) =>
  Array.from({ length: firstPieces + 1 }, (_, i) =>
    i === firstPieces ? to : from + (i * (to - from)) / firstPieces,
  );

/**
 * ∫ f from … to, where either end may be infinite; `cuts` are those of an earlier integral over the
 * same range.
 */
function integrateOver(
  f: (s: number) => number,
  from: number,
  to: number,
  cuts?: number[],
): Integral {
  if (Number.isFinite(from) && Number.isFinite(to)) return integrate(f, cuts ?? evenly(from, to));
  const back = (s: number) => {
    if (!Number.isFinite(s)) return Math.sign(s);
    return (2 * s) / (Math.sqrt(1 + 4 * s * s) + 1);
  };
  const along = (t: number) => {
    const rest = 1 - t * t;
    const value = f(t / rest);
    return value === 0 ? 0 : (value * (1 + t * t)) / (rest * rest);
  };
  return integrate(along, cuts ?? evenly(back(from), back(to)));
}
