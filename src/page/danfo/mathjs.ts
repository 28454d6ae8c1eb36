/** The functions of mathjs that danfo calls, in place of its 0.9 MB. */

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** Throws on no values, as mathjs does. */
function requireValues(values: readonly number[]): void {
  if (values.length === 0) throw new Error("Cannot calculate a statistic of an empty array");
}

export function mean(values: readonly number[]): number {
  requireValues(values);
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** The unbiased variance, divided by n − 1; 0 of one value. */
export function variance(values: readonly number[]): number {
  if (values.length === 1) return 0;
  const center = mean(values);
  return values.reduce((sum, v) => sum + (v - center) ** 2, 0) / (values.length - 1);
}

export const std = (values: readonly number[]): number => Math.sqrt(variance(values));

export function median(values: readonly number[]): number {
  requireValues(values);
  const order = sorted(values);
  const half = order.length >> 1;
  return order.length % 2 === 1 ? order[half]! : (order[half - 1]! + order[half]!) / 2;
}

/** The values that occur most often, in their order. */
export function mode<T>(values: readonly T[]): T[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].filter(([, count]) => count === most).map(([value]) => value);
}
