import { raised } from "../../plot/ticks";

export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** A number with a true minus, and a power of ten where it is far from 1. */
export function readable(value: number, digits = 3): string {
  const size = Math.abs(value);
  const isFar = size !== 0 && (size < 1e-3 || size >= 1e5);
  const text = isFar ? value.toExponential(Math.max(0, digits - 2)) : value.toPrecision(digits);
  const [factor, power] = text.split("e");
  return factor.replace("-", "−") + (power ? ` × 10${raised(Number(power))}` : "");
}
