import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { semidefiniteCholesky } from "./cholesky";

const distance = (a: Matrix, b: Matrix) => Math.max(...Matrix.sub(a, b).to1DArray().map(Math.abs));

test("RᵀR is A for any Gram matrix, of full rank or not", () => {
  const entries = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
    minLength: 12,
    maxLength: 12,
  });
  fc.assert(
    fc.property(entries, fc.constantFrom(2, 3, 4, 6), (values, rows) => {
      const x = Matrix.from1DArray(rows, 12 / rows, values);
      const a = x.transpose().mmul(x);
      const r = semidefiniteCholesky(a);
      assert.ok(distance(r.transpose().mmul(r), a) < 1e-4);
    }),
  );
});

test("R is upper triangular and Cholesky's own factor of a definite matrix", () => {
  assert.ok(
    distance(
      semidefiniteCholesky(
        new Matrix([
          [4, 2],
          [2, 5],
        ]),
      ),
      new Matrix([
        [2, 1],
        [0, 2],
      ]),
    ) < 1e-15,
  );
});

test("a matrix with a negative eigenvalue, or not square, is refused", () => {
  assert.throws(
    () =>
      semidefiniteCholesky(
        new Matrix([
          [1, 2],
          [2, 1],
        ]),
      ),
    /positive semidefinite/,
  );
  assert.throws(
    () => semidefiniteCholesky(Matrix.diag([1, -1e-7])),
    /got the pivot -1e-7 in row 1/,
  );
  assert.deepEqual(semidefiniteCholesky(Matrix.diag([1, -1e-9])).to2DArray(), [
    [1, 0],
    [0, 0],
  ]); // what rounding leaves of a 0
  assert.throws(() => semidefiniteCholesky(new Matrix([[1, 2]])), /square/);
});
