// A curve is { of, by, unit, points: [[x, y], …], fixed? }: `unit` of work against `by`, where
// `fixed` is the work at x = 0, if that can be measured.

/** Slope of the line of least squares through the logarithms of points: y ∝ xˢ. */
export function slope(points) {
  const logs = points.map((point) => point.map(Math.log));
  const mean = (i) => logs.reduce((sum, point) => sum + point[i], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const sum = (f) => logs.reduce((total, point) => total + f(point), 0);
  return sum(([u, v]) => (u - x) * (v - y)) / sum(([u]) => (u - x) ** 2);
}

/** Points above the fixed part; of times only those that noise of a tenth does not explain. */
export const above = ({ unit, points, fixed = 0 }) =>
  points.map(([x, y]) => [x, y - fixed]).filter(([, y]) => y > (unit === "MB" ? 0 : 0.1 * fixed));

/** Exponents of a curve above its fixed part: over all points, and between the last two. */
export function exponents(curve) {
  const points = above(curve);
  return points.length < 2
    ? { all: 0, end: 0 } // it never leaves the fixed part
    : { all: slope(points), end: slope(points.slice(-2)) };
}
