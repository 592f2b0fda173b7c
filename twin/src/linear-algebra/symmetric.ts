import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { type Matrix, shapeError } from "./matrix.ts";

/** Opposite entries may differ by so much of √(|P_ii P_jj|): rounding, or a covariance that was written with eight digits. */
const LOPSIDED = 1e-8;

/**
 * For interfaces that take a covariance.
 * @param name what the caller calls it: "the start covariance".
 * @throws {TwinError} BAD_SHAPE, NOT_FINITE, NOT_SYMMETRIC.
 */
export function requireSymmetric(matrix: Matrix, name: string): void {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${name} is ${size} × ${matrix.columns}`, "a square matrix");
  requireFinite(matrix, name);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const difference = Math.abs(matrix.get(row, column) - matrix.get(column, row));
      if (difference === 0 || difference <= LOPSIDED * magnitude(matrix, row, column)) continue;
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

/** Whether nothing but zeros lies below the diagonal of a symmetric matrix. */
export function isDiagonal(matrix: Matrix): boolean {
  for (let row = 0; row < matrix.rows; row++)
    for (let column = 0; column < row; column++) if (matrix.get(row, column) !== 0) return false;
  return true;
}
