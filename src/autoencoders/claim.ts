import { requireNumber } from "./preconditions";

/**
 * Interval that must contain a measured value: in [lo, hi], ends included, or strictly on one side
 * of a bound.
 */
export type Bound = { within: readonly [number, number] } | { below: number } | { above: number };

/**
 * 4 significant digits, in scientific form below 0.001 and from 100,000 on; whole numbers below
 * 1,000,000 in full.
 */
export function readable(value: number): string {
  if (typeof value !== "number")
    throw new TypeError(
      `value must be a number, got ${typeof value}; read a scalar tensor with .arraySync()`,
    );
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞");
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value === 0 ? 0 : value);
  const size = Math.abs(Number(value.toPrecision(4)));
  if (size < 1e-3 || size >= 1e5) {
    const [mantissa, exponent] = value.toExponential(3).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  return String(Number(value.toPrecision(4)));
}

// Bounds are what the author wrote, so they keep all their digits but the last ones of float64,
// which a sum leaves behind.
const bound = (value: number) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(12))) : readable(value);

interface Verdict {
  holds: boolean;
  margin: number;
  range: string;
}

const number = (value: number, name: string) => {
  if (typeof value !== "number" || Number.isNaN(value)) requireNumber(value, name, "a number");
};

function judge(measured: number, expected: Bound): Verdict {
  const given = expected !== null && typeof expected === "object" ? Object.keys(expected) : [];
  if (given.length !== 1 || !["within", "below", "above"].includes(given[0])) {
    throw new TypeError(
      `a claim must have one of { within: [lo, hi] }, { below } or { above }, got { ${given.join(", ")} }`,
    );
  }
  if ("below" in expected) {
    number(expected.below, "below");
    return {
      holds: measured < expected.below,
      margin: expected.below - measured,
      range: `below ${bound(expected.below)}`,
    };
  }
  if ("above" in expected) {
    number(expected.above, "above");
    return {
      holds: measured > expected.above,
      margin: measured - expected.above,
      range: `above ${bound(expected.above)}`,
    };
  }
  if (!Array.isArray(expected.within) || expected.within.length !== 2)
    throw new TypeError("within must be [lo, hi]");
  const [lo, hi] = expected.within;
  number(lo, "within[0]");
  number(hi, "within[1]");
  if (lo > hi)
    throw new RangeError(`within must be [lo, hi] with lo ≤ hi, got [${lo}, ${hi}]; exchange them`);
  return {
    holds: measured >= lo && measured <= hi,
    margin: Math.min(measured - lo, hi - measured),
    range: `within [${bound(lo)}, ${bound(hi)}]`,
  };
}

/** Explains a failed claim to a reader who changed a line, or the seed. */
const whatItMeans = () =>
  (process.env.AE_SEED ?? "1") === "1"
    ? "The bound is the committed chapter's. If you changed a line, this is its effect; the cells below still run."
    : `Outside the spread: seeds 1 to 8 gave the values in data/claims.csv, this is seed ${process.env.AE_SEED}; the cells below still run.`;

/**
 * Checks a statement of the prose by its number, and prints one line: the statement, the value, the
 * bound, the margin.
 *
 * The margin is the distance to the (nearer) bound, negative where the claim does not hold. `below`
 * and `above` are strict, `within` includes its ends. NaN never holds. Throws a `ClaimError` with
 * the same columns where the claim does not hold and, on a second line, what that means to a
 * reader; and a TypeError or RangeError where the claim itself is malformed.
 */
export function claim(text: string, measured: number, expected: Bound): void {
  if (typeof text !== "string" || text.trim() === "")
    throw new TypeError("text must say what is claimed, got an empty text");
  if (typeof measured !== "number") {
    throw new TypeError(
      `measured must be a number, got ${typeof measured}; read a scalar tensor with .arraySync()`,
    );
  }
  const { holds, margin, range } = judge(measured, expected);
  const oneLine = text.replace(/\s+/g, " ").replaceAll("|", "∣").trim();
  const measuring = process.env.AE_CLAIMS === "measure"; // over seeds, where a bound is not judged
  const columns = `${oneLine} | measured ${measuring ? Number(measured.toPrecision(9)) : readable(measured)} | ${range} | margin ${readable(margin)}`;
  if (!holds && !measuring) {
    const error = new ClaimError(`claim does not hold | ${columns}\n${whatItMeans()}`);
    Error.captureStackTrace?.(error, claim);
    throw error;
  }
  process.stdout.write(`claim ${holds ? "holds" : "does not hold"} | ${columns}\n`);
}

const kernel = (globalThis as Record<symbol, unknown>)[Symbol.for("jupyter.kernel")] as
  | { alwaysShown?: Set<string> }
  | undefined;
for (const line of ["claim holds | ", "claim does not hold | "]) kernel?.alwaysShown?.add(line);

const endsItsCellAlone = Symbol.for("jupyter.endsItsCellAlone");

/**
 * Error that `claim` throws if a claim does not hold. In a notebook the cell ends there, and the
 * cells after it run.
 */
export class ClaimError extends Error {
  override name = "ClaimError";
  /** Our kernel's word for an error after which "Run All Cells" goes on. */
  get [endsItsCellAlone](): true {
    return true;
  }
}
