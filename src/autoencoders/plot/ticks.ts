/** The least of 1, 2, 5 times a power of ten that is not below. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find((m) => m * power >= least)! * power;
}

/** Multiples of a step, without the dust of floating point. */
export const multiples = (first: number, count: number, step: number): number[] =>
  Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(8)));

/** Round numbers within [low, high]: three or more of them. */
export function ticksWithin(low: number, high: number): number[] {
  for (const parts of [4, 8, 16]) {
    const step = roundStep((high - low || Math.abs(high) || 1) / parts);
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    if (count >= 3) return multiples(first, count, step);
  }
  return [low, high];
}
