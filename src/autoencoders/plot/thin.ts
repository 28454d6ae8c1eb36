/**
 * Indices that keep the extremes of every stretch of y, so that a curve of `most` points or so
 * shows the same spikes.
 */
export function thin(y: ArrayLike<number>, most = 800): number[] {
  if (y.length <= most) return Array.from({ length: y.length }, (_, i) => i);
  const kept = new Set([0, y.length - 1]);
  const width = (2 * y.length) / most;
  for (let start = 0; start < y.length; start += width) {
    const from = Math.floor(start);
    let low = from;
    let high = from;
    for (let i = from; i < Math.min(y.length, Math.floor(start + width)); i++) {
      if (y[i] < y[low]) low = i;
      if (y[i] > y[high]) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}
