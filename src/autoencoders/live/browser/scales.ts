import { multiples, roundStep, ticksWithin } from "../../plot/ticks";

/** A scale from values to places, with the values at its ticks. */
export interface Scale {
  (value: number): number;
  ticks: number[];
}

const clean = (value: number) => Number(value.toPrecision(8));

/** Ticks of a logarithmic axis: decades, or 1, 2 and 5 of each where those are fewer than three. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const every = Math.ceil(powers.length / 6);
  const inside = (value: number) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const decades = powers.filter((power) => (power - last) % every === 0).map((p) => 10 ** p);
  if (decades.filter(inside).length >= 3) return decades.filter(inside).map(clean);
  const finer = powers.flatMap((power) => [1, 2, 5].map((m) => clean(m * 10 ** power)));
  return finer.filter(inside);
}

/** A logarithmic scale from [low, high], widened to the next 1, 2 or 5, to [from, to]. */
export function logScale(low: number, high: number, [from, to]: [number, number]): Scale {
  const round = (value: number, up: boolean) => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    const steps = [1, 2, 5, 10].map((m) => m * power);
    const fits = (step: number) => (up ? step >= value * (1 - 1e-9) : step <= value * (1 + 1e-9));
    return clean(up ? steps.find(fits)! : steps.filter(fits).pop()!);
  };
  const first = round(low, false);
  const last = Math.max(round(high, true), 2 * first);
  const share = (value: number) =>
    Math.log(Math.max(value, first) / first) / Math.log(last / first);
  const ticks = logTicks(first, last);
  return Object.assign((value: number) => from + (to - from) * share(value), { ticks });
}

/** A linear scale from [low, high], widened to round numbers, to [from, to]. */
export function linearScale(low: number, high: number, [from, to]: [number, number]): Scale {
  const step = roundStep((high - low || 1) / 4);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = multiples(first, last - first + 1, step);
  const share = (value: number) => (value - first * step) / ((last - first) * step);
  return Object.assign((value: number) => from + (to - from) * share(value), { ticks });
}

const NUMBER = /^\D*?([-−+]?(?:\d[\d,\u202f]*)?\.?\d+(?:e[-+]?\d+)?)\D*$/i;

/** Number in a frame's label, such as 0.1 in "λ = 0.1"; undefined where there is not just one. */
function numberIn(label: string): number | undefined {
  const found = NUMBER.exec(label.trim());
  const value = found ? Number(found[1].replace(/[,\u202f]/g, "").replace("−", "-")) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Places of frames along an axis, as shares of its length, with labeled ticks. */
export interface Places {
  at: number[];
  ticks: { at: number; text: string }[];
}

const gapOf = (at: readonly number[]) => Math.min(...at.slice(1).map((v, i) => v - at[i]));

/**
 * Places of frames by the numbers of their labels, linear or logarithmic, where that keeps
 * neighbors apart; else evenly, with a tick for each frame.
 */
export function placesOf(labels: readonly string[]): Places {
  const values = labels.map(numberIn);
  const numbers = values.filter((value) => value !== undefined);
  const rises = numbers.every((value, i) => i === 0 || value > numbers[i - 1]);
  const [low, high] = [numbers[0], numbers[numbers.length - 1]];
  const isWide = high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-99);
  if (numbers.length === labels.length && rises && isWide) {
    const share = (value: number) => (value - low) / (high - low);
    const linear = numbers.map(share);
    if (gapOf(linear) >= 0.2 / (labels.length - 1)) {
      return { at: linear, ticks: within(ticksWithin(low, high), share) };
    }
    const logShare = (value: number) => Math.log(value / low) / Math.log(high / low);
    const log = numbers.map(logShare);
    if (low > 0 && gapOf(log) >= gapOf(linear))
      return { at: log, ticks: within(logTicks(low, high), logShare) };
  }
  const at = labels.map((_, i) => i / Math.max(1, labels.length - 1));
  const every = Math.ceil(labels.length / 7);
  const last = labels.length - 1;
  const ticks = labels.map((text, i) => ({ at: at[i], text }));
  return { at, ticks: ticks.filter((_, i) => (last - i) % every === 0) };
}

const within = (ticks: readonly number[], share: (value: number) => number): Places["ticks"] =>
  ticks
    .map((tick) => ({ at: share(tick), text: tick.toLocaleString("en").replace("-", "−") }))
    .filter(({ at }) => at > -1e-9 && at < 1 + 1e-9);
