import { requireFinite } from "./finite.ts";
import { Matrix, shapeError } from "./matrix.ts";
import { pivotedQr, qr } from "./qr.ts";
import { stridedNorm } from "./spans.ts";
import { solveUpper, solveUpperTransposed } from "./triangular.ts";

export interface LeastSquares {
  /** n × w; of all minimisers the shortest, when the rank is below n. */
  readonly solution: Matrix;
  readonly rank: number;
  /** ‖A x − b‖ of each column of b. */
  readonly residualNorms: Float64Array;
}

/**
 * min ‖A x − b‖ for each column b of `right`: A m × n, any m and n, any rank.
 *
 * With A P = Q R and R = [[R₁], [0]], R₁ r × n of full rank, x = P R₁ᵀ(R₁ R₁ᵀ)⁻¹ c, c = the first r entries of Qᵀ b, by a
 * second QR of R₁ᵀ. AᵀA is never formed: it would square the condition number.
 *
 * @param tolerance relative size below which a column counts as dependent: see `pivotedQr`.
 * @throws {TwinError} NOT_FINITE; BAD_SHAPE
 * @see Golub & Van Loan (2013), §5.5.2 (complete orthogonal decomposition).
 */
export function leastSquares(matrix: Matrix, right: Matrix, tolerance?: number): LeastSquares {
  if (right.rows !== matrix.rows)
    throw shapeError(`a matrix of ${matrix.rows} rows and a right side of ${right.rows}`, "equal rows");
  requireFinite(right, "the right side");
  const factor = tolerance === undefined ? pivotedQr(matrix) : pivotedQr(matrix, tolerance);
  const rotated = factor.applyTransposed(right);
  const { rank, permutation } = factor;
  const shortest = shortestSolution(firstRows(factor.upper(), rank), firstRows(rotated, rank));
  const solution = new Matrix(matrix.columns, right.columns);
  permutation.forEach((to, from) => {
    for (let column = 0; column < right.columns; column++)
      solution.set(to, column, shortest.get(from, column));
  });
  return { solution, rank, residualNorms: tailNorms(rotated, rank) };
}

/** The x of least length with T x = c, for T r × n of full row rank, upper trapezoidal. */
function shortestSolution(trapezoid: Matrix, right: Matrix): Matrix {
  const { rows, columns } = trapezoid;
  if (rows === columns) return solveUpper(trapezoid, right);
  const factor = qr(trapezoid.transpose());
  const head = solveUpperTransposed(factor.upper(), right);
  const padded = new Matrix(columns, right.columns);
  padded.data.set(head.data);
  return factor.apply(padded);
}

function firstRows(matrix: Matrix, count: number): Matrix {
  return new Matrix(count, matrix.columns, matrix.data.slice(0, count * matrix.columns));
}

function tailNorms(rotated: Matrix, from: number): Float64Array {
  return Float64Array.from({ length: rotated.columns }, (_, column) =>
    stridedNorm(rotated.data, from * rotated.columns + column, rotated.columns, rotated.rows - from),
  );
}
