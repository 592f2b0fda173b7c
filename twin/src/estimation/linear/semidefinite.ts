import { TwinError } from "../../errors.ts";
import { requireFinite } from "../../linear-algebra/finite.ts";
import { Matrix, shapeError } from "../../linear-algebra/matrix.ts";

/** A pivot below this share of its diagonal entry is what rounding leaves of 0. */
const ROUNDING = 1e-12;

/**
 * Lower-triangular L with S = L Lᵀ for symmetric positive *semi*-definite S: a direction without variance is a column of
 * zeros. Process noise often has such directions (a slope that never changes), so Cholesky's strict rule is too strict.
 *
 * @throws {TwinError} NOT_POSITIVE_SEMIDEFINITE names the pivot; BAD_SHAPE; NOT_FINITE; NOT_SYMMETRIC.
 * @see Higham (1990), "Analysis of the Cholesky decomposition of a semi-definite matrix", §1.
 */
export function semidefiniteFactor(matrix: Matrix, name: string): Matrix {
  requireSymmetric(matrix, name);
  const size = matrix.rows;
  const factor = new Matrix(size, size);
  for (let column = 0; column < size; column++) {
    const scale = matrix.get(column, column);
    const pivot = scale - squaresBefore(factor, column);
    if (!(pivot >= -ROUNDING * Math.abs(scale)) || scale < 0) throw notSemidefinite(name, column, pivot);
    const positive = pivot > ROUNDING * scale;
    const root = Math.sqrt(positive ? pivot : 0);
    factor.set(column, column, root);
    for (let row = column + 1; row < size; row++) {
      let rest = matrix.get(row, column);
      for (let inner = 0; inner < column; inner++) rest -= factor.get(row, inner) * factor.get(column, inner);
      if (positive) factor.set(row, column, rest / root);
      else if (rest * rest > 4 * ROUNDING * scale * matrix.get(row, row))
        throw notSemidefinite(name, column, pivot);
    }
  }
  return factor;
}

function squaresBefore(factor: Matrix, row: number): number {
  let sum = 0;
  for (let inner = 0; inner < row; inner++) sum += factor.get(row, inner) ** 2;
  return sum;
}

/** @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC. */
export function requireSymmetric(matrix: Matrix, name: string): void {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${name} is ${size} × ${matrix.columns}`, "a square matrix");
  requireFinite(matrix, name);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const difference = Math.abs(matrix.get(row, column) - matrix.get(column, row));
      if (difference > 1e-8 * Math.abs(matrix.get(row, column)) + 1e-12 * magnitude(matrix, row, column))
        throw new TwinError(
          "NOT_SYMMETRIC",
          `${name} has ${matrix.get(row, column)} in row ${row}, column ${column} but ${matrix.get(column, row)} opposite`,
          "a covariance is symmetric: give both triangles the same numbers",
        );
    }
  }
}

const magnitude = (matrix: Matrix, row: number, column: number): number =>
  Math.sqrt(Math.abs(matrix.get(row, row))) * Math.sqrt(Math.abs(matrix.get(column, column)));

const notSemidefinite = (name: string, index: number, pivot: number): TwinError =>
  new TwinError(
    "NOT_POSITIVE_SEMIDEFINITE",
    `${name} has a direction of negative variance: pivot ${index} is ${pivot}`,
    "variances are ≥ 0 and correlations lie in [−1, 1]: check the entry's row and column",
  );
