import { inverse, Matrix } from "ml-matrix";
import { exercise } from "./exercise";

const gram = (W2: Matrix) => W2.mmul(W2.transpose());
const projector = (W2: Matrix) =>
  W2.transpose()
    .mmul(inverse(gram(W2)))
    .mmul(W2);
const unitRows = (W2: Matrix) =>
  new Matrix(W2.to2DArray().map((row) => row.map((entry) => entry / Math.hypot(...row))));

/** The orthogonal projection onto the rows of a decoder, x ↦ xP: P = W₂ᵀ (W₂ W₂ᵀ)⁻¹ W₂. */
export const projectorOfDecoder = exercise<(W2: Matrix) => Matrix>({
  name: "04 projector of a decoder",
  given: ["W2"],
  cases: () => [
    [
      new Matrix([
        [1, 0, 0],
        [0, 1, 0],
      ]),
    ],
    [new Matrix([[3, 4]])],
    [
      new Matrix([
        [1, 1, 0],
        [0, 1, 1],
      ]),
    ],
    [
      new Matrix([
        [2, 0, 1, 0],
        [1, 1, 1, 1],
      ]),
    ],
  ],
  answer: projector,
  lesson: "A W2 in place of W2, A invertible, gives the same P: only the subspace counts",
  mistakes: {
    "this is right only for orthonormal rows; two rows may overlap, and their lengths are free": (
      W2,
    ) => W2.transpose().mmul(W2),
    "this makes the rows unit, but they still overlap": (W2) =>
      unitRows(W2).transpose().mmul(unitRows(W2)),
    "this multiplies by W2 W2ᵀ where its inverse belongs": (W2) =>
      W2.transpose().mmul(gram(W2)).mmul(W2),
    "this is the best encoder, W2ᵀ(W2 W2ᵀ)⁻¹; the decoder comes after it": (W2) =>
      W2.transpose().mmul(inverse(gram(W2))),
    "this is W2 W2ᵀ, k × k; a point x has d numbers": gram,
    "this is what the projection takes away, I − P": (W2) =>
      Matrix.eye(W2.columns).sub(projector(W2)),
  },
});
