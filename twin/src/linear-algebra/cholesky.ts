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
  if (factor !== matrix) factor.data.set(matrix.data);
  const smallest = choleskyInPlace(factor);
  if (smallest > 0) return factor;
  const pivot = -1 - smallest;
  throw new TwinError(
    "NOT_POSITIVE_DEFINITE",
    `pivot ${pivot} of a ${size} × ${size} matrix is ${factor.get(pivot, pivot)}`,
    "a covariance must be positive definite: look for a signal without noise or a parameter without prior variance",
  );
}

/**
 * Lower triangle of A ← L for the leading `size` × `size` block, which the caller knows to exist; above its diagonal: 0.
 * @returns the smallest pivot as a share of its diagonal entry (how nearly dependent the rows are: −log₁₀ of it are the
 *   digits that the factor has lost), 1 of nothing; −(row + 1) when the pivot of `row` is not a positive number, which then
 *   stands in its place in a spoilt A.
 */
export function choleskyInPlace(matrix: Matrix, size: number = matrix.rows): number {
  const { data, columns } = matrix;
  let smallest = 1;
  for (let row = 0; row < size; row++) {
    const start = row * columns;
    for (let column = 0; column < row; column++) {
      const other = column * columns;
      let sum = data[start + column] as number;
      for (let inner = 0; inner < column; inner++)
        sum -= (data[start + inner] as number) * (data[other + inner] as number);
      data[start + column] = sum / (data[other + column] as number);
      data[other + row] = 0;
    }
    const diagonal = data[start + row] as number;
    let pivot = diagonal;
    for (let inner = 0; inner < row; inner++)
      pivot -= (data[start + inner] as number) * (data[start + inner] as number);
    data[start + row] = pivot;
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return -(row + 1);
    smallest = Math.min(smallest, pivot / diagonal);
    data[start + row] = Math.sqrt(pivot);
  }
  return smallest;
}

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
