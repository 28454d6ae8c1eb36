/** A whole number in raised digits. */
export const raised = (power: number): string =>
  [...String(power)].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]).join("");

/** The least and the greatest of any number of values. */
export function extent(values: ArrayLike<number>): [least: number, greatest: number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]);
    greatest = Math.max(greatest, values[i]);
  }
  return [least, greatest];
}

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

const digitsOfTicks = [[1], [1, 2, 5], [1, 2, 3, 5, 7], [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]];

/** Round numbers between the least and the greatest: `digits` times the powers of ten. */
export function roundTicks(least: number, greatest: number, digits: readonly number[]): number[] {
  const first = Math.floor(Math.log10(least));
  return Array.from({ length: Math.floor(Math.log10(greatest)) - first + 1 }, (_, i) => first + i)
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= least * 0.999 && value <= greatest * 1.001);
}

/** Whole decades where there are three or more, else finer steps; at most nine. */
export function logTicks(values: readonly number[]): number[] {
  const [least, greatest] = extent(values);
  const choices = digitsOfTicks.map((digits) => roundTicks(least, greatest, digits));
  const ticks = choices.find((choice) => choice.length >= 3) ?? choices[choices.length - 1];
  if (ticks.length === 0) return [least];
  const every = Math.ceil(ticks.length / 9);
  return ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
}

/**
 * 1, 2 and 5 times the powers of ten that lie between the least and the greatest of some positive
 * numbers.
 */
export const roundNumbers = (values: readonly number[]): number[] =>
  roundTicks(...extent(values), [1, 2, 5]);
