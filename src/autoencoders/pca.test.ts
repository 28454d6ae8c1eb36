import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { assertClose, assertLeaves, assertRefuses, fixture, matrix } from "./fixtures/fixtures";
import { squaredError } from "./losses";
import { pca, principalAngles } from "./pca";
import { random } from "./random";

const numbers = fixture("pca");
const x: number[][] = numbers.x;

for (const [kind, data] of [
  ["a Matrix", new Matrix(x)],
  ["a tensor", matrix(x)],
] as const) {
  test(`pca of ${kind}: mean, components, eigenvalues and shares equal scikit-learn's`, () => {
    const { mean, components, eigenvalues, explainedVarianceRatio } = pca(data);
    assertClose(mean, numbers.mean, 1e-13);
    assertClose(eigenvalues, numbers.eigenvalues, 1e-12, 0);
    assertClose(explainedVarianceRatio, numbers.explainedVarianceRatio, 1e-12, 0);
    for (const [j, expected] of (numbers.components as number[][]).entries()) {
      const found = components.getColumn(j);
      const sign = Math.sign(found.reduce((sum, v, i) => sum + v * expected[i], 0));
      assertClose(
        found,
        expected.map((v) => sign * v),
        1e-9,
        1,
      );
    }
  });

  test(`pca of ${kind}, not centered: eigenvalues of the second moment, no mean`, () => {
    const { mean, eigenvalues } = pca(data, 6, { center: false });
    assertClose(eigenvalues, numbers.uncentredEigenvalues, 1e-11, 0);
    assertClose(mean, [0, 0, 0, 0, 0, 0]);
  });

  test(`pca of ${kind}: codes and reconstructions are of the same kind, and scikit-learn's numbers`, () => {
    const p = pca(data, 2);
    const [code, reconstruction] = [p.encode(data), p.reconstruct(data)];
    for (const table of [code, reconstruction, p.decode(code)])
      assert.equal(table instanceof Matrix, data instanceof Matrix);
    const flat = (t: Matrix | tf.Tensor) => (t instanceof tf.Tensor ? t : t.to1DArray());
    assertClose(flat(reconstruction), numbers.reconstruct2.flat(), 1e-5, 1);
    assertClose(flat(p.decode(code)), flat(reconstruction), 1e-6, 1);
    assertClose(flat(pca(data).reconstruct(data, 2)), flat(reconstruction), 1e-5, 1);
  });
}

test("components are orthonormal, and the entry of largest magnitude of each is positive", () => {
  const { components } = pca(new Matrix(x));
  const product = components.transpose().mmul(components);
  assertClose(product.to1DArray(), Matrix.eye(6).to1DArray(), 1e-13, 1);
  for (let j = 0; j < 6; j++) {
    const column = components.getColumn(j);
    assert.equal(Math.max(...column), Math.max(...column.map(Math.abs)));
  }
});

test("the squared error of PCA-k is the sum of the eigenvalues it leaves out", () => {
  const data = matrix(x);
  const { eigenvalues } = pca(data);
  for (let k = 1; k < 6; k++) {
    const left = eigenvalues.slice(k).reduce((sum, v) => sum + v, 0);
    assertClose(squaredError(data, pca(data, k).reconstruct(data)), left, 1e-4, 1e-2);
  }
});

test("shifting the data moves only the mean, permuting the rows nothing", () => {
  const rows = fc.array(
    fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 3 }),
    {
      minLength: 4,
      maxLength: 9,
    },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: -1000, max: 1000 }), (table, shift) => {
      const p = pca(new Matrix(table));
      const moved = pca(new Matrix(table).add(shift));
      assertClose(moved.eigenvalues, p.eigenvalues, 1e-9, 100);
      assertClose(
        moved.mean,
        p.mean.map((v) => v + shift),
        1e-12,
        1,
      );
      assertClose(pca(new Matrix([...table].reverse())).eigenvalues, p.eigenvalues, 1e-9, 100);
    }),
    { numRuns: 60 },
  );
});

test("fewer examples than dimensions leave eigenvalues of 0 and a full orthonormal basis", () => {
  const { components, eigenvalues } = pca(
    matrix([
      [1, 2, 3, 4],
      [2, 0, 1, 1],
    ]),
  );
  assert.equal(eigenvalues.length, 4);
  assertClose(eigenvalues.slice(1), [0, 0, 0], 1e-12, 1);
  assert.ok(eigenvalues.every((v) => v >= 0));
  assertClose(
    components.transpose().mmul(components).to1DArray(),
    Matrix.eye(4).to1DArray(),
    1e-12,
    1,
  );
});

/** Random rows [n, d] float32 whose column j is scaled by `scale(j)`. */
function rowsOfScale(n: number, d: number, scale: (j: number) => number): tf.Tensor2D {
  const scales = tf.tensor1d(Float32Array.from({ length: d }, (_, j) => scale(j)));
  const rows = tf.tidy(() => random(5).normal([n, d]).mul(scales).add(0.5)) as tf.Tensor2D;
  scales.dispose();
  return rows;
}

test("pca(x, k) of a large table has the first k numbers of pca(x), whatever the spectrum", () => {
  const d = 320;
  for (const [kind, scale] of [
    ["falling", (j) => 0.9 ** j],
    ["falling slowly", (j) => 1 / Math.sqrt(1 + j)],
    ["flat", () => 1],
    ["of rank 4", (j) => (j < 4 ? 4 - j : 0)],
    ["of zeros", () => 0],
  ] as [string, (j: number) => number][]) {
    const table = rowsOfScale(500, d, scale);
    for (const center of [true, false]) {
      const all = pca(table, d, { center });
      const deviations = Matrix.sub(
        new Matrix(table.arraySync()),
        Matrix.ones(500, 1).mmul(Matrix.rowVector(all.mean)),
      );
      for (const k of [1, 7, 20]) {
        const what = `${kind}, centered ${center}, k = ${k}`;
        const p = assertLeaves(0, () => pca(table, k, { center }));
        assert.equal(p.eigenvalues.length, k);
        assert.deepEqual([p.components.rows, p.components.columns], [d, k]);
        const bound = 1e-10 * all.eigenvalues[0];
        for (let j = 0; j < k; j++) {
          assert.ok(Math.abs(p.eigenvalues[j] - all.eigenvalues[j]) <= bound, what);
          const v = p.components.getColumnVector(j);
          const image = deviations.transpose().mmul(deviations.mmul(v)).div(500);
          assert.ok(image.sub(v.mul(p.eigenvalues[j])).norm() <= 1.1 * bound, what);
        }
        assertClose(p.explainedVarianceRatio, all.explainedVarianceRatio.subarray(0, k), 1e-10, 1);
      }
    }
    table.dispose();
  }
});

test("a table whose last row is no byte is not rounded to one, and numbers near float32's largest stay finite", () => {
  const bytes = tf.tidy(() =>
    tf.randomUniform([2000, 80], 0, 1, "float32", 3).mul(255).round().div(255),
  ) as tf.Tensor2D;
  const last = bytes.slice([1999, 0], [1, 80]).add(1e-3);
  const mixed = bytes.slice([0, 0], [1999, 80]).concat(last) as tf.Tensor2D;
  assertClose(pca(mixed).eigenvalues, pca(new Matrix(mixed.arraySync())).eigenvalues, 1e-10, 0);
  const huge = bytes.mul(1e38) as tf.Tensor2D;
  assert.ok(pca(huge).eigenvalues.every(Number.isFinite));
  tf.dispose([bytes, last, mixed, huge]);
});

test("bytes in any number of columns have the eigenvalues of a float64 Matrix of them", () => {
  for (const d of [60, 80, 131]) {
    const bytes = tf.tidy(() =>
      tf.randomUniform([3000, d], 0, 256, "float32", d).floor(),
    ) as tf.Tensor2D;
    const table = bytes.div(255) as tf.Tensor2D;
    const expected = pca(new Matrix(bytes.arraySync()).div(255));
    const p = assertLeaves(0, () => pca(table));
    assertClose(p.mean, expected.mean, 1e-12, 0);
    assertClose(p.eigenvalues, expected.eigenvalues, 1e-11, 0);
    tf.dispose([bytes, table]);
  }
});

test("the sums of 200,000 rows of the darkest and the brightest bytes do not overflow", () => {
  const n = 200_000;
  const dark = tf.tidy(() => tf.zeros([n - 1, 10]).concat(tf.ones([1, 10]))) as tf.Tensor2D;
  const bright = tf.sub(1, dark) as tf.Tensor2D;
  for (const [table, mean] of [
    [dark, 1 / n],
    [bright, 1 - 1 / n],
  ] as const) {
    const p = assertLeaves(0, () => pca(table, 1));
    assertClose(p.mean, new Array(10).fill(mean), 1e-15, 1);
    assertClose(p.eigenvalues, [(10 / n) * (1 - 1 / n)], 1e-9, 0);
  }
  tf.dispose([dark, bright]);
});

test("pca refuses what is no table, k out of range and numbers that are not finite, and leaks nothing", () => {
  const data = matrix(x);
  assertRefuses(() => pca(data, 7), /^k must be an integer from 1 to 6, got 7/);
  assertRefuses(() => pca(data, 0), /^k must be an integer from 1 to 6, got 0/);
  assertRefuses(() => pca(data, 1.5), /^k must be an integer/);
  assertRefuses(
    () => pca(new Matrix([[1, Number.NaN]])),
    /x must hold finite numbers, got NaN at row 0, column 1/,
  );
  const wrong = [
    matrix([
      [1, 2],
      [Number.POSITIVE_INFINITY, 0],
    ]),
    tf.fill([4, 2000], Number.NaN),
    tf.tensor1d([1, 2]),
    tf.zeros([0, 3]),
  ];
  assertRefuses(() => pca(wrong[0]), /x must hold finite numbers, got Infinity at row 1, column 0/);
  assertRefuses(() => pca(wrong[1]), /x must hold finite numbers, got NaN at row 0, column 0/);
  assertRefuses(() => pca(wrong[2]), /x must be a matrix, got shape \[2\]/);
  assertRefuses(() => pca(wrong[3]), /x must hold at least one row and one column/);
  assertRefuses(() => pca(new Matrix(0, 3)), /x must hold at least one row/);
  assertRefuses(() => pca([[1, 2]] as never), /x must be a tensor, got an array of 1/);
  const p = pca(data, 2);
  const narrow = matrix([[1, 2, 3]]);
  assertRefuses(
    () => p.encode(narrow),
    /x must have 6 columns, as this PCA has, got shape \[1, 3\]/,
  );
  assertRefuses(
    () => p.decode(narrow),
    /h must have 1 to 2 columns, as this PCA has, got shape \[1, 3\]/,
  );
  assertRefuses(() => p.encode(data, 3), /j must be an integer from 1 to 2, got 3/);
  assertLeaves(1, () => p.encode(data));
  assertLeaves(1, () => p.reconstruct(data));
});

test("principalAngles equal SciPy's subspace_angles, in both orders", () => {
  const { a, b, radians } = numbers.angles;
  assertClose(principalAngles(new Matrix(a), new Matrix(b)), radians, 1e-12);
  assertClose(principalAngles(matrix(b), matrix(a)), radians, 1e-12);
});

test("an angle of a known size is found from π/2 down to 1e-15", () => {
  for (const angle of [
    0,
    1e-15,
    1e-12,
    1e-9,
    1e-8,
    1e-6,
    0.01,
    0.7,
    Math.PI / 4,
    0.9,
    1.5,
    Math.PI / 2,
  ]) {
    const a = new Matrix([
      [1, 0],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
    const b = new Matrix([
      [Math.cos(angle), 0],
      [0, 1],
      [Math.sin(angle), 0],
      [0, 0],
    ]);
    const [largest, smallest] = principalAngles(a, b);
    assert.ok(Math.abs(largest - angle) <= 1e-15 + 2e-16 * angle, `${angle}: ${largest}`);
    assert.ok(smallest < 1e-15);
  }
});

test("principal angles do not change with the basis, its scale, or a rotation of the space", () => {
  const table = (seed: number, d: number, k: number) =>
    new Matrix(random(seed).normal<tf.Rank.R2>([d, k]).arraySync() as number[][]);
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      (seed, p, q) => {
        const [a, b] = [table(seed, 7, p), table(seed + 1, 7, q)];
        const angles = principalAngles(a, b);
        assert.equal(angles.length, Math.min(p, q));
        for (let i = 1; i < angles.length; i++) assert.ok(angles[i] <= angles[i - 1]);
        assertClose(principalAngles(a.mmul(table(seed + 2, p, p)), b), angles, 1e-7, 1);
        assertClose(principalAngles(Matrix.mul(a, 1e-30), Matrix.mul(b, 1e30)), angles, 1e-12, 1);
        const turn = pca(table(seed + 3, 9, 7)).components;
        assertClose(principalAngles(turn.mmul(a), turn.mmul(b)), angles, 1e-12, 1);
        assertClose(principalAngles(a, a), new Array(p).fill(0), 1e-14, 1);
      },
    ),
    { numRuns: 40 },
  );
});

test("principalAngles refuses tables of different height, wide ones and dependent columns", () => {
  const a = new Matrix([
    [1, 0],
    [0, 1],
    [0, 0],
  ]);
  assertRefuses(
    () => principalAngles(a, new Matrix([[1], [2]])),
    /a and b must have the same number of rows, got shapes \[3, 2\] and \[2, 1\]/,
  );
  assertRefuses(
    () =>
      principalAngles(
        a,
        new Matrix([
          [1, 2],
          [2, 4],
          [3, 6],
        ]),
      ),
    /b must have linearly independent columns, got rank 1 of 2/,
  );
  assertRefuses(
    () => principalAngles(new Matrix([[0], [0], [0]]), a),
    /a must have linearly independent columns, got rank 0 of 1/,
  );
  assertRefuses(
    () => principalAngles(new Matrix([[1, 2, 3]]), new Matrix([[1]])),
    /a must have no more columns than rows, .* a decoder goes in as W2ᵀ/,
  );
  assertRefuses(
    () => principalAngles(a, new Matrix([[1], [Number.NaN], [0]])),
    /b must hold finite numbers, got NaN at row 1, column 0/,
  );
});
