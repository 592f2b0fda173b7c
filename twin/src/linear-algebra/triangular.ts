import { TwinError } from "../errors.ts";
import { type Matrix, shapeError } from "./matrix.ts";
import { spanAdd } from "./spans.ts";

/** L⁻¹ B for lower-triangular L, n × n, and B, n × w. Entries above the diagonal of L are not read. */
export function solveLower(factor: Matrix, right: Matrix): Matrix {
  checkSystem(factor, right);
  return solveLowerInPlace(factor, right.copy());
}

/** `right` ← L⁻¹ `right` for the leading `size` × `size` block of L and as many rows of `right`, which the caller knows to exist. */
export function solveLowerInPlace(factor: Matrix, right: Matrix, size: number = factor.rows): Matrix {
  for (let row = 0; row < size; row++) {
    for (let inner = 0; inner < row; inner++) addRow(right, row, -factor.get(row, inner), inner);
    divideRow(right, row, factor);
  }
  return right;
}

/** L⁻ᵀ B for lower-triangular L. */
export function solveLowerTransposed(factor: Matrix, right: Matrix): Matrix {
  checkSystem(factor, right);
  const result = right.copy();
  for (let row = factor.rows - 1; row >= 0; row--) {
    divideRow(result, row, factor);
    for (let target = 0; target < row; target++) addRow(result, target, -factor.get(row, target), row);
  }
  return result;
}

/** U⁻¹ B for upper-triangular U. Entries below the diagonal of U are not read. */
export function solveUpper(factor: Matrix, right: Matrix): Matrix {
  checkSystem(factor, right);
  const result = right.copy();
  for (let row = factor.rows - 1; row >= 0; row--) {
    for (let inner = row + 1; inner < factor.rows; inner++)
      addRow(result, row, -factor.get(row, inner), inner);
    divideRow(result, row, factor);
  }
  return result;
}

/** U⁻ᵀ B for upper-triangular U. */
export function solveUpperTransposed(factor: Matrix, right: Matrix): Matrix {
  checkSystem(factor, right);
  const result = right.copy();
  for (let row = 0; row < factor.rows; row++) {
    divideRow(result, row, factor);
    for (let target = row + 1; target < factor.rows; target++)
      addRow(result, target, -factor.get(row, target), row);
  }
  return result;
}

function addRow(matrix: Matrix, target: number, scale: number, source: number): void {
  const width = matrix.columns;
  spanAdd(matrix.data, target * width, scale, matrix.data, source * width, width);
}

function divideRow(matrix: Matrix, row: number, factor: Matrix): void {
  const pivot = factor.get(row, row);
  if (pivot === 0)
    throw new TwinError(
      "SINGULAR",
      `diagonal entry ${row} of a triangular ${factor.rows} × ${factor.rows} matrix is 0`,
      "a triangular system needs non-zero diagonal entries: use leastSquares where columns may be dependent",
    );
  const start = row * matrix.columns;
  for (let index = start; index < start + matrix.columns; index++)
    matrix.data[index] = (matrix.data[index] as number) / pivot;
}

function checkSystem(factor: Matrix, right: Matrix): void {
  if (factor.rows !== factor.columns || right.rows !== factor.rows)
    throw shapeError(
      `a factor of ${factor.rows} × ${factor.columns} and a right side of ${right.rows} rows`,
      "n × n and n rows",
    );
}
