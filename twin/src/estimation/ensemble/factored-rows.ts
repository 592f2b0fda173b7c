import { cholesky } from "../../linear-algebra/cholesky.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import { addCombination, addScaled, inner } from "./rows.ts";

/** A = L Lᵀ by rows of L and of Lᵀ, for systems whose right sides are rows too. */
export class FactoredRows {
  readonly #lower: readonly Float64Array[];
  /** Rows of −Lᵀ: what substitution adds. */
  readonly #upper: readonly Float64Array[];
  readonly #negated: Float64Array;

  /** @throws {TwinError} NOT_POSITIVE_DEFINITE names the pivot. */
  constructor(rows: readonly Float64Array[]) {
    const size = rows.length;
    const matrix = new Matrix(size, size);
    for (let row = 0; row < size; row++) matrix.data.set(rows[row] as Float64Array, row * size);
    const factor = cholesky(matrix);
    const upper = factor.transpose();
    for (let index = 0; index < upper.data.length; index++)
      upper.data[index] = -(upper.data[index] as number);
    this.#lower = rowsOf(factor);
    this.#upper = rowsOf(upper);
    this.#negated = new Float64Array(size);
  }

  /** ln det A. */
  logDeterminant(): number {
    let sum = 0;
    for (let row = 0; row < this.#lower.length; row++) sum += Math.log(this.#pivot(row));
    return 2 * sum;
  }

  /** vector ← A⁻¹ vector. */
  solve(vector: Float64Array): void {
    const size = this.#lower.length;
    for (let row = 0; row < size; row++)
      vector[row] =
        ((vector[row] as number) - inner(this.#lower[row] as Float64Array, vector, row)) / this.#pivot(row);
    for (let row = size - 1; row >= 0; row--) {
      const value = (vector[row] as number) / this.#pivot(row);
      addScaled(vector, -value, this.#lower[row] as Float64Array, row);
      vector[row] = value;
    }
  }

  /** B ← A⁻¹ B, for B by its rows of `length`. */
  solveRows(rows: readonly Float64Array[], length: number): void {
    const size = this.#lower.length;
    for (let row = 0; row < size; row++) {
      const target = rows[row] as Float64Array;
      const entries = this.#lower[row] as Float64Array;
      for (let index = 0; index < row; index++) this.#negated[index] = -(entries[index] as number);
      addCombination(target, this.#negated, rows, length, 0, row);
      divide(target, this.#pivot(row), length);
    }
    for (let row = size - 1; row >= 0; row--) {
      const target = rows[row] as Float64Array;
      addCombination(target, this.#upper[row] as Float64Array, rows, length, row + 1, size);
      divide(target, this.#pivot(row), length);
    }
  }

  #pivot(row: number): number {
    return (this.#lower[row] as Float64Array)[row] as number;
  }
}

function divide(row: Float64Array, divisor: number, length: number): void {
  for (let index = 0; index < length; index++) row[index] = (row[index] as number) / divisor;
}

const rowsOf = (matrix: Matrix): Float64Array[] =>
  Array.from({ length: matrix.rows }, (_, row) =>
    matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns),
  );
