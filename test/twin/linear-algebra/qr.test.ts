import { leastSquares } from "@plumbline/twin/linear-algebra/least-squares";
import { Matrix, multiply, plus } from "@plumbline/twin/linear-algebra/matrix";
import { pivotedQr, qr } from "@plumbline/twin/linear-algebra/qr";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";
import { digits, hilbert, largestDifference, orthogonalityDefect, random } from "./matrices.ts";

const SHAPES = [
  [1, 1],
  [5, 5],
  [9, 4],
  [4, 9],
  [30, 18],
] as const;
/** A with its columns in the order of the factor. */
const permuted = (matrix: Matrix, order: readonly number[]): Matrix =>
  new Matrix(
    matrix.rows,
    matrix.columns,
    Float64Array.from(matrix.data, (_, k) =>
      matrix.get(Math.floor(k / matrix.columns), order[k % matrix.columns]!),
    ),
  );

describe("QR by Householder reflections", () => {
  test.each(SHAPES)("of %i × %i: Q R is the matrix again, Q is orthogonal, R upper triangular", (m, n) => {
    const matrix = random(m, n, dice(`qr ${m} ${n}`));
    for (const factor of [qr(matrix), pivotedQr(matrix)]) {
      const upper = factor.upper();
      const orthogonal = factor.orthogonal();
      expect(orthogonalityDefect(orthogonal)).toBeLessThan(1e-14);
      expect(
        largestDifference(multiply(orthogonal, upper), permuted(matrix, factor.permutation)),
      ).toBeLessThan(1e-13);
      for (let row = 0; row < upper.rows; row++)
        for (let column = 0; column < row; column++) expect(upper.get(row, column)).toBe(0);
    }
  });

  test("Qᵀ undoes Q, on square and tall matrices", () => {
    const random84 = random(8, 4, dice("undo"));
    const right = random(8, 3, dice("right"));
    const factor = qr(random84);
    expect(largestDifference(factor.applyTransposed(factor.apply(right)), right)).toBeLessThan(1e-14);
    expect(largestDifference(factor.applyTransposed(random84), padded(factor.upper(), 8))).toBeLessThan(
      1e-14,
    );
  });

  test("survives entries whose squares overflow or vanish", () => {
    for (const unit of [1e200, 1e-200]) {
      const matrix = Matrix.from([
        [3 * unit, unit],
        [4 * unit, 2 * unit],
      ]);
      const upper = qr(matrix).upper();
      expect(upper.get(0, 0) / unit).toBeCloseTo(-5, 14);
      expect(Math.abs(upper.get(1, 1)) / unit).toBeCloseTo(0.4, 14);
    }
  });

  test("leaves a matrix of zeros alone", () =>
    expect(qr(new Matrix(3, 2)).upper()).toEqual(new Matrix(2, 2)));

  test("with pivoting tells the rank of a product of thin matrices, and |R_jj| falls", () => {
    const source = dice("rank");
    for (const rank of [1, 3, 6]) {
      const matrix = multiply(random(12, rank, source), random(rank, 7, source));
      const factor = pivotedQr(matrix);
      expect(factor.rank).toBe(rank);
      const diagonal = factor.upper().diagonal().map(Math.abs);
      for (let k = 1; k < diagonal.length; k++) expect(diagonal[k]!).toBeLessThanOrEqual(diagonal[k - 1]!);
    }
    expect(pivotedQr(new Matrix(3, 3)).rank).toBe(0);
    expect(pivotedQr(hilbert(12), 1e-8).rank).toBeLessThan(12);
  });

  test("refuses what is not finite, and right sides of another size", () => {
    expect(refusal(() => qr(Matrix.from([[1], [Number.NaN]])))).toMatchObject({ code: "NOT_FINITE" });
    expect(refusal(() => pivotedQr(Matrix.from([[1, Infinity]]))).message).toContain("row 0, column 1");
    expect(refusal(() => qr(hilbert(3)).apply(new Matrix(2, 1)))).toMatchObject({ code: "BAD_SHAPE" });
  });
});

describe("least squares", () => {
  test("of the Longley kind: Hilbert columns keep the digits that their condition number leaves", () => {
    // cond H₆ = 1.5e7: the solution of a consistent system loses 7 of 16 digits; normal equations would lose 14.
    const matrix = hilbert(6);
    const solution = Matrix.from([[1], [-2], [3], [-4], [5], [-6]]);
    const found = leastSquares(matrix, multiply(matrix, solution));
    expect(digits(found.solution.data, solution.data)).toBeGreaterThan(8);
    expect(found.rank).toBe(6);
  });

  test("leaves a residual orthogonal to the columns, and tells its length", () => {
    const matrix = random(20, 5, dice("ls"));
    const right = random(20, 2, dice("ls right"));
    const { solution, residualNorms, rank } = leastSquares(matrix, right);
    const residual = plus(right, multiply(matrix, solution), -1);
    expect(rank).toBe(5);
    expect(largestDifference(multiply(matrix.transpose(), residual), new Matrix(5, 2))).toBeLessThan(1e-13);
    expect(residualNorms[1]).toBeCloseTo(Math.hypot(...residual.transpose().data.slice(20)), 13);
  });

  test("of dependent columns is the shortest solution: the weights of a doubled column are equal", () => {
    const matrix = Matrix.from([
      [1, 1, 0],
      [1, 1, 1],
      [1, 1, 2],
      [1, 1, 3],
    ]);
    const found = leastSquares(matrix, Matrix.from([[2], [5], [8], [11]]));
    expect(found.rank).toBe(2);
    expect(largestDifference(found.solution, Matrix.from([[1], [1], [3]]))).toBeLessThan(1e-14);
    expect(found.residualNorms[0]).toBeLessThan(1e-14);
  });

  test("of fewer equations than unknowns is the shortest solution", () => {
    const found = leastSquares(Matrix.from([[3, 4]]), Matrix.from([[10]]));
    expect(largestDifference(found.solution, Matrix.from([[1.2], [1.6]]))).toBeLessThan(1e-15);
  });

  test("of a matrix of zeros is zero, rank 0", () => {
    const found = leastSquares(new Matrix(2, 2), Matrix.from([[3], [4]]));
    expect(found.rank).toBe(0);
    expect([...found.solution.data, ...found.residualNorms]).toEqual([0, 0, 5]);
  });

  test("refuses a right side of another size, and one that is not finite", () => {
    expect(refusal(() => leastSquares(hilbert(3), new Matrix(2, 1)))).toMatchObject({ code: "BAD_SHAPE" });
    expect(
      refusal(() => leastSquares(hilbert(2), Matrix.from([[1], [Number.POSITIVE_INFINITY]]))),
    ).toMatchObject({ code: "NOT_FINITE" });
  });
});

function padded(matrix: Matrix, rows: number): Matrix {
  const result = new Matrix(rows, matrix.columns);
  result.data.set(matrix.data);
  return result;
}
