import { TwinError } from "../errors.ts";
import { requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { spanAdd } from "./spans.ts";

/** P A = L U with unit-diagonal L: packed in one matrix, row i of P A is row `order[i]` of A. */
export class LuFactor {
  readonly #packed: Matrix;
  readonly #order: readonly number[];
  /** +1 or −1: the sign of det A. */
  readonly determinantSign: number;
  /** ln |det A|. */
  readonly logDeterminant: number;

  constructor(packed: Matrix, order: readonly number[], exchangeSign: number) {
    this.#packed = packed;
    this.#order = order;
    let sign = exchangeSign;
    let sum = 0;
    for (const pivot of packed.diagonal()) {
      sum += Math.log(Math.abs(pivot));
      if (pivot < 0) sign = -sign;
    }
    this.determinantSign = sign;
    this.logDeterminant = sum;
  }

  /** A⁻¹ B. */
  solve(right: Matrix): Matrix {
    const size = this.#packed.rows;
    const width = right.columns;
    if (right.rows !== size)
      throw shapeError(`a ${size} × ${size} system and ${right.rows} rows`, `${size} rows`);
    const result = new Matrix(size, width);
    const x = result.data;
    this.#order.forEach((from, to) => {
      x.set(right.data.subarray(from * width, (from + 1) * width), to * width);
    });
    for (let row = 0; row < size; row++)
      for (let inner = 0; inner < row; inner++)
        spanAdd(x, row * width, -this.#packed.get(row, inner), x, inner * width, width);
    for (let row = size - 1; row >= 0; row--) {
      for (let inner = row + 1; inner < size; inner++)
        spanAdd(x, row * width, -this.#packed.get(row, inner), x, inner * width, width);
      for (let column = 0; column < width; column++)
        result.set(row, column, result.get(row, column) / this.#packed.get(row, row));
    }
    return result;
  }
}

/**
 * Gaussian elimination with partial pivoting, for square A that is no covariance; covariances have `cholesky`.
 *
 * @throws {TwinError} SINGULAR names the first pivot of which rounding leaves no digit: |u_jj| ≤ n ε max|a_·j|.
 * @throws {TwinError} NOT_FINITE; BAD_SHAPE
 * @see Golub & Van Loan (2013), §3.4.
 */
export function lu(matrix: Matrix): LuFactor {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${size} × ${matrix.columns}`, "a square matrix");
  requireFinite(matrix, "the matrix to factorise");
  const packed = matrix.copy();
  const order = Array.from({ length: size }, (_, row) => row);
  let sign = 1;
  for (let step = 0; step < size; step++) {
    const pivotRow = largestBelow(packed, step);
    if (pivotRow !== step) {
      swapRows(packed, step, pivotRow);
      [order[step], order[pivotRow]] = [order[pivotRow] as number, order[step] as number];
      sign = -sign;
    }
    const pivot = packed.get(step, step);
    if (Math.abs(pivot) <= size * Number.EPSILON * columnScale(matrix, step))
      throw singular(step, size, pivot);
    for (let row = step + 1; row < size; row++) {
      const multiplier = packed.get(row, step) / pivot;
      packed.set(row, step, multiplier);
      const from = step + 1;
      spanAdd(packed.data, row * size + from, -multiplier, packed.data, step * size + from, size - from);
    }
  }
  return new LuFactor(packed, order, sign);
}

const singular = (step: number, size: number, pivot: number): TwinError =>
  new TwinError(
    "SINGULAR",
    `pivot ${step} of a ${size} × ${size} matrix is ${pivot}: its column depends on those before it`,
    "expected independent columns: look for a quantity that is entered twice, or use leastSquares, which tells the rank",
  );

function largestBelow(matrix: Matrix, step: number): number {
  let best = step;
  for (let row = step + 1; row < matrix.rows; row++)
    if (Math.abs(matrix.get(row, step)) > Math.abs(matrix.get(best, step))) best = row;
  return best;
}

function columnScale(matrix: Matrix, column: number): number {
  let largest = 0;
  for (let row = 0; row < matrix.rows; row++) largest = Math.max(largest, Math.abs(matrix.get(row, column)));
  return largest;
}

function swapRows(matrix: Matrix, first: number, second: number): void {
  const width = matrix.columns;
  const kept = matrix.data.slice(first * width, (first + 1) * width);
  matrix.data.copyWithin(first * width, second * width, (second + 1) * width);
  matrix.data.set(kept, second * width);
}
