/** A line that `claim(…)` printed, or the first line of its error. */
export interface Claim {
  text: string;
  measured: string;
  bound: string;
  margin: string;
  holds: boolean;
}

const LINE =
  /^claim (holds|does not hold) \| (.*) \| measured ([^|]+) \| ((?:below|above) [^|]+|within \[[^|]+\]) \| margin ([^|]+)$/;
const LONG = /^within \[(-?[\d.]+(?:e[-+]?\d+)?), (-?[\d.]+(?:e[-+]?\d+)?)\]$/;

const TINY = /(?<![\d.])0\.0000\d+/g;

/**
 * A bound as the exporter writes it: tiny numbers with an exponent, an interval of many digits by
 * its middle and half its length.
 */
function readableBound(bound: string): string {
  const ends = LONG.exec(bound);
  if (!ends || bound.length <= 26)
    return bound.replace(TINY, (tiny) => Number(tiny).toExponential());
  const [low, high] = [Number(ends[1]), Number(ends[2])];
  const middle = Number(((low + high) / 2).toPrecision(6));
  return `within ${middle} ± ${Number(((high - low) / 2).toPrecision(2))}`;
}

export function parseClaim(line: string): Claim | undefined {
  const found = LINE.exec(line.trim().split("\n")[0]!);
  if (!found) return undefined;
  const [, verdict, text, measured, bound, margin] = found.map((one) => one.trim());
  return {
    text: text!,
    measured: measured!,
    bound: readableBound(bound!),
    margin: margin!,
    holds: verdict === "holds",
  };
}
