import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { leadingEigen, symmetricEigen } from "./index";

/** A matrix with these eigenvalues: Λ between several random reflections 1 − 2uuᵀ. */
function withSpectrum(eigenvalues: number[], seed: number): Float64Array {
  const d = eigenvalues.length;
  const matrix = new Float64Array(d * d);
  eigenvalues.forEach((value, i) => {
    matrix[i * (d + 1)] = value;
  });
  let state = seed;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  for (let turn = 0; turn < 3; turn++) {
    const u = Float64Array.from({ length: d }, draw);
    const norm = Math.hypot(...u);
    const v = u.map((entry) => entry / norm);
    const av = v.map((_, i) => v.reduce((sum, entry, j) => sum + matrix[i * d + j] * entry, 0));
    const vav = v.reduce((sum, entry, i) => sum + entry * av[i], 0);
    for (let i = 0; i < d; i++)
      for (let j = i; j < d; j++) {
        const moved = 4 * vav * v[i] * v[j] - 2 * (v[i] * av[j] + av[i] * v[j]);
        matrix[i * d + j] += moved;
        matrix[j * d + i] = matrix[i * d + j];
      }
  }
  return matrix;
}

/** Asserts residuals, orthonormal vectors and the eigenvalues that were built in. */
function assertLeading(matrix: Float64Array, expected: number[], k: number): number {
  const d = expected.length;
  const { values, vectors } = leadingEigen(matrix, d, k);
  const width = values.length;
  assert.ok(width === k || width === d, `${width} pairs`);
  const sorted = [...expected].sort((a, b) => b - a);
  const largest = sorted[0];
  const column = (j: number) => Float64Array.from({ length: d }, (_, i) => vectors[i * width + j]);
  const columns = Array.from({ length: k }, (_, j) => column(j));
  columns.forEach((v, j) => {
    assert.ok(Math.abs(values[j] - sorted[j]) <= 1e-10 * largest, `eigenvalue ${j}: ${values[j]}`);
    const residual = v.map(
      (entry, i) =>
        v.reduce((sum, other, l) => sum + matrix[i * d + l] * other, 0) - values[j] * entry,
    );
    assert.ok(Math.hypot(...residual) <= 1.01e-10 * largest, `residual ${j}`);
    for (let l = 0; l <= j; l++) {
      const product = v.reduce((sum, entry, i) => sum + entry * columns[l][i], 0);
      assert.ok(Math.abs(product - (l === j ? 1 : 0)) <= 1e-11, `${j}, ${l}: ${product}`);
    }
  });
  return width;
}

/** Spectra of the kinds that data have: d eigenvalues in any unit, in no order. */
const spectrum = fc
  .record({
    d: fc.integer({ min: 256, max: 290 }),
    decay: fc.constantFrom<(i: number) => number>(
      (i) => 0.8 ** i,
      (i) => 1 / (1 + i) ** 2,
      (i) => 1 / Math.sqrt(1 + i),
      (i) => (i < 3 ? 1e6 : 1 - i / 1000), // spikes on a plateau
      (i) => 0.5 ** Math.floor(i / 4), // ties of 4
      (i) => 0.5 ** Math.floor(i / 12), // ties of more than a block
      (i) => (i < 5 ? 5 - i : 0), // rank 5
      () => 1,
    ),
    unit: fc.constantFrom(1e-30, 1, 1e30),
  })
  .map(({ d, decay, unit }) => Array.from({ length: d }, (_, i) => unit * decay(i)));

test("the leading pairs of any spectrum have residuals up to 1e-10 λ₁, orthonormal vectors, and are the largest", () => {
  fc.assert(
    fc.property(spectrum, fc.integer({ min: 1, max: 16 }), fc.nat(1e6), (values, k, seed) => {
      assertLeading(withSpectrum(values, seed), values, k);
    }),
    { numRuns: 40 },
  );
});

test("an eigenvalue with more copies than a block has vectors is found in all of them", () => {
  const values = Array.from({ length: 300 }, (_, i) => (i < 14 ? 2 : 0.8 ** i));
  for (const k of [9, 13, 14, 16]) assertLeading(withSpectrum(values, k), values, k);
});

test("few pairs of a falling spectrum come without the others, and are the same bits each time", () => {
  const values = Array.from({ length: 400 }, (_, i) => 0.9 ** i);
  const matrix = withSpectrum(values, 1);
  for (const k of [1, 8, 25]) assert.equal(assertLeading(matrix, values, k), k);
  assert.deepEqual(leadingEigen(matrix, 400, 8), leadingEigen(matrix, 400, 8));
});

test("many pairs, a narrow matrix and one of zeros go to the full solver", () => {
  const values = Array.from({ length: 260 }, (_, i) => 0.9 ** i);
  const matrix = withSpectrum(values, 2);
  for (const k of [17, 259, 260])
    assert.deepEqual(leadingEigen(matrix, 260, k), symmetricEigen(matrix, 260));
  const narrow = withSpectrum([3, 1, 2], 3);
  assert.equal(assertLeading(narrow, [3, 1, 2], 1), 3);
  const zeros = new Array(260).fill(0);
  assert.equal(assertLeading(new Float64Array(260 ** 2), zeros, 3), 260);
});
