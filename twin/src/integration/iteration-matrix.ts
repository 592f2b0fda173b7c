import { entry, Matrix } from "../linear-algebra/matrix.ts";

/**
 * W = s I − J, factored in place by rows with partial pivoting, for many right sides and without an allocation.
 * @see Golub & Van Loan (2013), Matrix Computations, §3.4.
 */
export class IterationMatrix {
  readonly #lu: Matrix;
  readonly #pivots: Int32Array;

  constructor(size: number) {
    this.#lu = new Matrix(size, size);
    this.#pivots = new Int32Array(size);
  }

  /** False when the matrix is singular or not finite: another shift is needed. */
  factor(shift: number, jacobian: Matrix): boolean {
    const lu = this.#lu;
    const size = lu.rows;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) lu.set(row, column, -jacobian.get(row, column));
      lu.add(row, row, shift);
    }
    for (let column = 0; column < size; column++) {
      if (!this.#pivot(column)) return false;
      for (let row = column + 1; row < size; row++) {
        const factor = lu.get(row, column) / lu.get(column, column);
        lu.set(row, column, factor);
        if (factor === 0) continue;
        for (let inner = column + 1; inner < size; inner++)
          lu.add(row, inner, -factor * lu.get(column, inner));
      }
    }
    return true;
  }

  /** `vector` ← W⁻¹ `vector`. */
  solve(vector: Float64Array): void {
    const lu = this.#lu;
    const size = lu.rows;
    for (let row = 0; row < size; row++) {
      const pivot = entry(this.#pivots, row);
      let sum = entry(vector, pivot);
      vector[pivot] = entry(vector, row);
      for (let inner = 0; inner < row; inner++) sum -= lu.get(row, inner) * entry(vector, inner);
      vector[row] = sum;
    }
    for (let row = size - 1; row >= 0; row--) {
      let sum = entry(vector, row);
      for (let inner = row + 1; inner < size; inner++) sum -= lu.get(row, inner) * entry(vector, inner);
      vector[row] = sum / lu.get(row, row);
    }
  }

  #pivot(column: number): boolean {
    const lu = this.#lu;
    let best = column;
    for (let row = column; row < lu.rows; row++) {
      if (!Number.isFinite(lu.get(row, column))) return false;
      if (Math.abs(lu.get(row, column)) > Math.abs(lu.get(best, column))) best = row;
    }
    this.#pivots[column] = best;
    if (lu.get(best, column) === 0) return false;
    if (best === column) return true;
    for (let inner = 0; inner < lu.rows; inner++) {
      const value = lu.get(column, inner);
      lu.set(column, inner, lu.get(best, inner));
      lu.set(best, inner, value);
    }
    return true;
  }
}
