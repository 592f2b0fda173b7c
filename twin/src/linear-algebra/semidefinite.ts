import { TwinError } from "../errors.ts";
import { Matrix } from "./matrix.ts";
import { requireSymmetric } from "./symmetric.ts";

/** A pivot within so much of 0, as a share of its diagonal entry, may be what rounding made of 0 before the matrix came here. */
const ROUNDING = 1e-10;

/**
 * Lower-triangular L with S = L Lᵀ for symmetric positive *semi*-definite S: a direction without variance is a column of
 * zeros. Process noise often has such directions (a slope that never changes), so Cholesky's strict rule is too strict.
 *
 * @throws {TwinError} NOT_POSITIVE_SEMIDEFINITE names the pivot; BAD_SHAPE; NOT_FINITE; NOT_SYMMETRIC.
 * @see Higham (1990), "Analysis of the Cholesky decomposition of a semi-definite matrix", §1.
 */
export function semidefiniteFactor(matrix: Matrix, name: string): Matrix {
  requireSymmetric(matrix, name);
  const factor = new Matrix(matrix.rows, matrix.rows);
  const failed = semidefiniteFactorInto(factor, matrix);
  if (failed < 0) return factor;
  throw new TwinError(
    "NOT_POSITIVE_SEMIDEFINITE",
    `${name} has a direction of negative variance: pivot ${failed} is ${factor.get(failed, failed)}`,
    "variances are ≥ 0 and correlations lie in [−1, 1]: check the entry's row and column",
  );
}

/**
 * `semidefiniteFactor` into room that exists, of a matrix that is symmetric and finite, as the caller knows.
 * @returns −1; or the row of a pivot that is negative beyond rounding, or 0 with a row that depends on it all the same: the
 *   matrix is no covariance, the pivot stands in its place, and `factor` is spoilt.
 */
export function semidefiniteFactorInto(factor: Matrix, matrix: Matrix): number {
  const size = matrix.rows;
  for (let column = 0; column < size; column++) {
    const scale = Math.abs(matrix.get(column, column));
    const pivot = remainder(matrix, factor, column, column);
    factor.set(column, column, pivot);
    if (!(pivot >= -ROUNDING * scale)) return column;
    const dependent = pivot <= 8 * size * Number.EPSILON * scale;
    const root = dependent ? 0 : Math.sqrt(pivot);
    for (let row = column + 1; row < size; row++) {
      const rest = remainder(matrix, factor, row, column);
      const limit = Math.sqrt(ROUNDING * scale * Math.abs(matrix.get(row, row)));
      if (dependent && !(Math.abs(rest) <= limit)) return column;
      factor.set(row, column, dependent ? 0 : rest / root);
      factor.set(column, row, 0);
    }
    factor.set(column, column, root);
  }
  return -1;
}

function remainder(matrix: Matrix, factor: Matrix, row: number, column: number): number {
  let rest = matrix.get(row, column);
  for (let inner = 0; inner < column; inner++) rest -= factor.get(row, inner) * factor.get(column, inner);
  return rest;
}
