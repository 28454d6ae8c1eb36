import type { Experiment } from "./experiment";

const multiplyAddsPerSecond = 2e10; // one core, small batches
const start = 1.5; // seconds to start Node and read the data

function weights(e: Experiment): number {
  if ("widths" in e)
    return e.widths.slice(1).reduce((sum, width, i) => sum + width * e.widths[i], 0);
  if (e.variant === "convolutional")
    return 2 * (196 * 9 * e.channels + 49 * 18 * e.channels ** 2 + 98 * e.channels * e.code);
  return e.variant === "pca" ? 784 * e.k : e.variant === "random" ? 784 * e.units : 0;
}

function codeSize(e: Experiment): number {
  if ("widths" in e) return e.widths[(e.widths.length - 1) / 2];
  return "code" in e ? e.code : "k" in e ? e.k : "units" in e ? e.units : 784;
}

/**
 * About how many seconds an experiment takes on one core, from its multiplications; a sweep
 * corrects it by what it has measured.
 */
export function estimatedSeconds(e: Experiment): number {
  const rows = e.data.split === "tune" ? 55_000 : 60_000;
  const known = Math.min(e.data.limit ?? rows, rows);
  const asked = e.data.split === "tune" ? 5_000 : 10_000;
  const training =
    "epochs" in e ? 3 * e.epochs * known * weights(e) : e.variant === "pca" ? known * 784 * 784 : 0;
  const perMetric: Record<string, number> = {
    neighborAll: known * asked * codeSize(e),
    neighbor1000: 1000 * asked * codeSize(e),
    probeAll: 200 * 10 * known * codeSize(e),
    probe1000: 200 * 10 * 1000 * codeSize(e),
  };
  const measuring = e.metrics.map((name) => perMetric[name] ?? asked * weights(e));
  return start + measuring.reduce((sum, one) => sum + one, training) / multiplyAddsPerSecond;
}
