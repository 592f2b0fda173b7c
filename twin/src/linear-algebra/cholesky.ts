import { TwinError } from "../errors.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { solveLower, solveLowerTransposed } from "./triangular.ts";

/**
 * Lower-triangular L with A = L Lᵀ; reads only the lower triangle of A.
 * @throws {TwinError} NOT_POSITIVE_DEFINITE names the pivot; nothing is substituted for a failed factor.
 * @see Golub & Van Loan (2013), Matrix Computations, §4.2.
 */
export const cholesky = (matrix: Matrix): Matrix =>
  choleskyInto(new Matrix(matrix.rows, matrix.columns), matrix);

/** `cholesky` into room that exists; `factor` may be the matrix itself, and is spoilt when a pivot fails. */
export function choleskyInto(factor: Matrix, matrix: Matrix): Matrix {
  const size = matrix.rows;
  if (matrix.columns !== size) throw shapeError(`${size} × ${matrix.columns}`, "a square matrix");
  if (factor.rows !== size || factor.columns !== size)
    throw shapeError(`a factor of ${factor.rows} × ${factor.columns}`, `${size} × ${size}`);
  const a = matrix.data;
  const l = factor.data;
  for (let row = 0; row < size; row++) {
    const start = row * size;
    for (let column = 0; column <= row; column++) {
      const other = column * size;
      let sum = a[start + column] as number;
      for (let inner = 0; inner < column; inner++)
        sum -= (l[start + inner] as number) * (l[other + inner] as number);
      if (column < row) {
        l[start + column] = sum / (l[other + column] as number);
        continue;
      }
      if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) throw notDefinite(row, size, sum);
      l[start + row] = Math.sqrt(sum);
    }
    for (let column = row + 1; column < size; column++) l[start + column] = 0;
  }
  return factor;
}

const notDefinite = (pivot: number, size: number, value: number): TwinError =>
  new TwinError(
    "NOT_POSITIVE_DEFINITE",
    `pivot ${pivot} of a ${size} × ${size} matrix is ${value}`,
    "a covariance must be positive definite: look for a signal without noise or a parameter without prior variance",
  );

/** A⁻¹ b from A = L Lᵀ. */
export const solveCholesky = (factor: Matrix, right: Matrix): Matrix =>
  solveLowerTransposed(factor, solveLower(factor, right));

/** ln det A = 2 Σ ln L_ii. */
export function logDeterminant(factor: Matrix): number {
  let sum = 0;
  for (let index = 0; index < factor.rows; index++) sum += Math.log(factor.get(index, index));
  return 2 * sum;
}

/** G ← G − Wᵀ W in place, for W of k × n and symmetric G of n × n: the covariance after Bayes' rule. */
export function subtractGram(gram: Matrix, factor: Matrix): Matrix {
  if (gram.rows !== gram.columns || factor.columns !== gram.rows)
    throw shapeError(
      `${gram.rows} × ${gram.columns} minus the Gram matrix of ${factor.rows} × ${factor.columns}`,
      "n × n and k × n",
    );
  const size = gram.rows;
  const w = factor.data;
  const g = gram.data;
  for (let inner = 0; inner < factor.rows; inner++) {
    for (let row = 0; row < size; row++) {
      const scale = w[inner * size + row] as number;
      for (let column = 0; column <= row; column++)
        g[row * size + column] =
          (g[row * size + column] as number) - scale * (w[inner * size + column] as number);
    }
  }
  for (let row = 0; row < size; row++)
    for (let column = 0; column < row; column++) g[column * size + row] = g[row * size + column] as number;
  return gram;
}
