import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { spanRotate } from "./spans.ts";

export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Column j belongs to value j; orthonormal. */
  readonly vectors: Matrix;
}

const SWEEPS = 50;

/**
 * A = V diag(λ) Vᵀ for symmetric A, by cyclic Jacobi rotations. Reads the lower triangle only.
 *
 * A rotation is left out once |a_pq| ≤ ε √|a_pp a_qq|: of a positive definite matrix that is well-conditioned up to the
 * scale of its variables, small eigenvalues then keep their own digits and not only those of the largest.
 *
 * @throws {TwinError} NOT_FINITE; BAD_SHAPE; NO_CONVERGENCE after 50 sweeps (6–10 are usual).
 * @see Golub & Van Loan (2013), §8.5; Demmel & Veselić (1992), SIAM J. Matrix Anal. Appl. 13(4).
 */
export function symmetricEigen(matrix: Matrix): SymmetricEigen {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${size} × ${matrix.columns}`, "a square matrix");
  requireFinite(matrix, "the symmetric matrix");
  const work = mirrored(matrix);
  const transposedVectors = Matrix.identity(size);
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    if (!sweepOnce(work, transposedVectors)) return ascending(work.diagonal(), transposedVectors);
  throw new TwinError(
    "NO_CONVERGENCE",
    `the eigenvalues of a ${size} × ${size} matrix did not settle in ${SWEEPS} sweeps`,
    "expected entries within ± 1e150: scale the variables to comparable units",
  );
}

/** Turns every pair once; false when none needed it. */
function sweepOnce(work: Matrix, transposedVectors: Matrix): boolean {
  const size = work.rows;
  let turned = false;
  for (let first = 0; first < size - 1; first++) {
    for (let second = first + 1; second < size; second++) {
      const off = work.get(first, second);
      const scale =
        Math.sqrt(Math.abs(work.get(first, first))) * Math.sqrt(Math.abs(work.get(second, second)));
      if (off === 0 || Math.abs(off) <= Number.EPSILON * scale) continue;
      turned = rotate(work, transposedVectors, first, second, off) || turned;
    }
  }
  return turned;
}

/** Annihilates a_pq; false when the entry is too small to change either diagonal entry by its last bit, and is dropped. */
function rotate(
  work: Matrix,
  transposedVectors: Matrix,
  first: number,
  second: number,
  off: number,
): boolean {
  const size = work.rows;
  const low = work.get(first, first);
  const high = work.get(second, second);
  const ratio = (high - low) / (2 * off);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  spanRotate(work.data, first * size, second * size, cosine, tangent * cosine, size);
  spanRotate(transposedVectors.data, first * size, second * size, cosine, tangent * cosine, size);
  const newLow = low - tangent * off;
  const newHigh = high + tangent * off;
  for (let other = 0; other < size; other++) {
    work.set(other, first, work.get(first, other));
    work.set(other, second, work.get(second, other));
  }
  work.set(first, first, newLow);
  work.set(second, second, newHigh);
  work.set(first, second, 0);
  work.set(second, first, 0);
  return newLow !== low || newHigh !== high;
}

function mirrored(matrix: Matrix): Matrix {
  const work = matrix.copy();
  for (let row = 0; row < work.rows; row++)
    for (let column = 0; column < row; column++) work.set(column, row, work.get(row, column));
  return work;
}

function ascending(values: Float64Array, transposedVectors: Matrix): SymmetricEigen {
  const order = Array.from(values, (_, index) => index).sort(
    (left, right) => (values[left] as number) - (values[right] as number),
  );
  const vectors = new Matrix(values.length, values.length);
  order.forEach((from, to) => {
    for (let row = 0; row < values.length; row++) vectors.set(row, to, transposedVectors.get(from, row));
  });
  return { values: Float64Array.from(order, (index) => values[index] as number), vectors };
}
