import { TwinError } from "../errors.ts";
import { stridedNorm } from "./spans.ts";

/**
 * Dense row-major matrices of doubles. This folder is the only place that indexes raw arrays; every operation checks shapes.
 */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;

  constructor(rows: number, columns: number, data: Float64Array = new Float64Array(rows * columns)) {
    if (data.length !== rows * columns)
      throw shapeError(
        `${data.length} entries for a ${rows} × ${columns} matrix`,
        `${rows * columns} entries`,
      );
    this.rows = rows;
    this.columns = columns;
    this.data = data;
  }

  static diagonal(entries: ArrayLike<number>): Matrix {
    const matrix = new Matrix(entries.length, entries.length);
    for (let index = 0; index < entries.length; index++) matrix.set(index, index, entries[index] as number);
    return matrix;
  }

  static identity(size: number): Matrix {
    return Matrix.diagonal(new Float64Array(size).fill(1));
  }

  static from(rows: readonly (readonly number[])[]): Matrix {
    return new Matrix(rows.length, rows[0]?.length ?? 0, Float64Array.from(rows.flat()));
  }

  get(row: number, column: number): number {
    return this.data[row * this.columns + column] as number;
  }

  set(row: number, column: number, value: number): void {
    this.data[row * this.columns + column] = value;
  }

  add(row: number, column: number, value: number): void {
    this.data[row * this.columns + column] = (this.data[row * this.columns + column] as number) + value;
  }

  copy(): Matrix {
    return new Matrix(this.rows, this.columns, this.data.slice());
  }

  transpose(): Matrix {
    const result = new Matrix(this.columns, this.rows);
    for (let row = 0; row < this.rows; row++)
      for (let column = 0; column < this.columns; column++) result.set(column, row, this.get(row, column));
    return result;
  }

  diagonal(): Float64Array {
    return Float64Array.from({ length: Math.min(this.rows, this.columns) }, (_, index) =>
      this.get(index, index),
    );
  }
}

export function multiply(left: Matrix, right: Matrix): Matrix {
  if (left.columns !== right.rows)
    throw shapeError(
      `${left.rows} × ${left.columns} times ${right.rows} × ${right.columns}`,
      "equal inner sizes",
    );
  const result = new Matrix(left.rows, right.columns);
  for (let row = 0; row < left.rows; row++) {
    for (let inner = 0; inner < left.columns; inner++) {
      const factor = left.get(row, inner);
      if (factor === 0) continue;
      for (let column = 0; column < right.columns; column++)
        result.add(row, column, factor * right.get(inner, column));
    }
  }
  return result;
}

export function plus(left: Matrix, right: Matrix, scale = 1): Matrix {
  if (left.rows !== right.rows || left.columns !== right.columns)
    throw shapeError(`${left.rows} × ${left.columns} plus ${right.rows} × ${right.columns}`, "equal shapes");
  return new Matrix(
    left.rows,
    left.columns,
    left.data.map((value, index) => value + scale * (right.data[index] as number)),
  );
}

export function timesVector(matrix: Matrix, vector: ArrayLike<number>): Float64Array {
  if (matrix.columns !== vector.length)
    throw shapeError(
      `${matrix.rows} × ${matrix.columns} times a vector of ${vector.length}`,
      "equal inner sizes",
    );
  return Float64Array.from({ length: matrix.rows }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < matrix.columns; column++)
      sum += matrix.get(row, column) * (vector[column] as number);
    return sum;
  });
}

export function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length)
    throw shapeError(`vectors of ${left.length} and ${right.length}`, "equal sizes");
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

/** √(vᵀv), safe from overflow and underflow of the squares. */
export const norm = (vector: Float64Array): number => stridedNorm(vector, 0, 1, vector.length);

/** (M + Mᵀ)/2 in place: round-off must not make a covariance lopsided. */
export function symmetrise(matrix: Matrix): Matrix {
  for (let row = 0; row < matrix.rows; row++) {
    for (let column = 0; column < row; column++) {
      const mean = (matrix.get(row, column) + matrix.get(column, row)) / 2;
      matrix.set(row, column, mean);
      matrix.set(column, row, mean);
    }
  }
  return matrix;
}

/** Entry of a vector that is known to exist. */
export const entry = (vector: ArrayLike<number>, index: number): number => vector[index] as number;

export const shapeError = (found: string, expected: string): TwinError =>
  new TwinError("BAD_SHAPE", `shapes do not fit: ${found}`, `expected ${expected}`);
