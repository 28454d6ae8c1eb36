import { multiples, roundStep, roundTicks, ticksWithin } from "../../plot/ticks";

/** A scale from values to places, with the values at its ticks. */
export interface Scale {
  (value: number): number;
  ticks: number[];
}

const clean = (value: number) => Number(value.toPrecision(8));

/** Ticks of a logarithmic axis: decades, about six, or 1, 2 and 5 of each where they are few. */
function logTicks(low: number, high: number): number[] {
  const decades = roundTicks(low, high, [1]);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((last - first + 1) / 6);
  const some = decades.filter((tick) => (Math.round(Math.log10(tick)) - last) % every === 0);
  const found = [some, decades].find((ticks) => ticks.length >= 3);
  return found ?? roundTicks(low, high, [1, 2, 5]);
}

/** Shares of a linear axis over [low, high], widened to round numbers. */
function linear(low: number, high: number) {
  const step = roundStep((high - low || 1) / 4);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const share = (value: number) => (value - first * step) / ((last - first) * step);
  return { share, ticks: multiples(first, last - first + 1, step) };
}

/** Shares of a logarithmic axis over [low, high], widened to 1, 2 or 5 times a power of ten. */
function logarithmic(low: number, high: number) {
  const first = clean(1 / roundStep((1 - 1e-9) / low));
  const last = Math.max(clean(roundStep(high * (1 - 1e-9))), 2 * first);
  const share = (value: number) =>
    Math.log(Math.max(value, first) / first) / Math.log(last / first);
  return { share, ticks: logTicks(first, last) };
}

/** A scale from [low, high], widened to round numbers, to [from, to]. */
export function scaleOf(
  low: number,
  high: number,
  [from, to]: [number, number],
  log = false,
): Scale {
  const { share, ticks } = (log ? logarithmic : linear)(low, high);
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

const words = { maximumSignificantDigits: 8 };
const within = (ticks: readonly number[], share: (value: number) => number): Places["ticks"] =>
  ticks
    .map((tick) => ({ at: share(tick), text: tick.toLocaleString("en", words).replace("-", "−") }))
    .filter(({ at }) => at > -1e-9 && at < 1 + 1e-9);
