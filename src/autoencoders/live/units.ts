// Runs in Node and in the reader's browser: no DOM, no Node, no tensors.
import { base64 } from "../plot/base64";
import { mulberry32 } from "./random";

/**
 * Codes [n, m] of 0 or more as text: a byte an entry, base64, in units of each unit's largest entry
 * ÷ 255.
 */
export interface PackedCodes {
  n: number;
  m: number;
  bytes: string;
  peaks: number[];
  /** Value above which a unit counts as on. */
  on: number;
  seed: number;
}

/** Packs codes as bytes; an entry above 0 stays above 0. */
export function packCodes(
  rows: readonly ArrayLike<number>[],
  m: number,
): Pick<PackedCodes, "bytes" | "peaks"> {
  const peaks = Array.from({ length: m }, (_, j) =>
    Number(rows.reduce((most, h) => Math.max(most, h[j]), 0).toPrecision(5)),
  );
  const byteOf = (value: number, peak: number) =>
    value > 0 ? Math.max(1, Math.min(255, Math.round((255 * value) / peak))) : 0;
  const bytes = rows.flatMap((h) => peaks.map((peak, j) => byteOf(h[j], peak)));
  return { bytes: base64(Uint8Array.from(bytes)), peaks };
}

/** The first `count` of the items in random order. */
function sample<T>(items: readonly T[], count: number, next: () => number): T[] {
  const all = [...items];
  for (let i = 0; i < Math.min(count, all.length); i++) {
    const j = i + Math.floor(next() * (all.length - i));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.slice(0, count);
}

/** Questions that can be asked of packed codes, unit by unit. */
export function unitsOf({ n, m, bytes, peaks, on, seed }: PackedCodes) {
  const text = atob(bytes);
  const value = (i: number, unit: number) => (text.charCodeAt(i * m + unit) * peaks[unit]) / 255;
  const order = sample(
    Array.from({ length: m }, (_, unit) => unit),
    m,
    mulberry32(seed),
  );
  const active = (unit: number) =>
    Array.from({ length: n }, (_, i) => i).filter((i) => value(i, unit) > on);
  return {
    value,
    /** The code of sample i. */
    code: (i: number): Float64Array =>
      Float64Array.from({ length: m }, (_, unit) => value(i, unit)),
    /** Samples that turn the unit on. */
    active,
    /** Samples in the order of how much they excite the unit, ties in the order of the samples. */
    strongest: (unit: number, count: number) =>
      Array.from({ length: n }, (_, i) => i)
        .sort((a, b) => value(b, unit) - value(a, unit))
        .slice(0, count),
    /** Samples drawn at random among those that turn the unit on; another draw for every `turn`. */
    random: (unit: number, count: number, turn = 0) =>
      sample(active(unit), count, mulberry32(seed + 7919 * (unit + 1) + turn)),
    /** The i-th of the units in random order, around and around. */
    drawn: (i: number) => order[((i % m) + m) % m],
    /**
     * Samples with an entry above 0 in each of `bins` equal stretches from 0 to the unit's peak.
     */
    histogram: (unit: number, bins: number) => {
      const counts = new Array<number>(bins).fill(0);
      for (let i = 0; i < n; i++) {
        const share = value(i, unit) / peaks[unit];
        if (share > 0) counts[Math.min(bins - 1, Math.floor(bins * share))]++;
      }
      return counts;
    },
  };
}
