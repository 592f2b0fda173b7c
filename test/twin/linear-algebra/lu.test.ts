import { lu } from "@plumbline/twin/linear-algebra/lu";
import { Matrix, multiply } from "@plumbline/twin/linear-algebra/matrix";
import {
  solveLower,
  solveLowerTransposed,
  solveUpper,
  solveUpperTransposed,
} from "@plumbline/twin/linear-algebra/triangular";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";
import { hilbert, largestDifference, random } from "./matrices.ts";

describe("Gaussian elimination", () => {
  test("solves what a random solution was multiplied out to", () => {
    const source = dice("lu");
    for (const size of [1, 2, 5, 18]) {
      const matrix = random(size, size, source);
      const solution = random(size, 3, source);
      expect(largestDifference(lu(matrix).solve(multiply(matrix, solution)), solution)).toBeLessThan(1e-11);
    }
  });

  test("needs its row exchanges: a zero stands first", () => {
    const factor = lu(
      Matrix.from([
        [0, 2],
        [3, 4],
      ]),
    );
    expect([...factor.solve(Matrix.from([[2], [10]])).data]).toEqual([2, 1]);
    expect(factor.determinantSign).toBe(-1);
    expect(factor.logDeterminant).toBeCloseTo(Math.log(6), 15);
  });

  test("gives the logarithm of a determinant that would underflow: ln det of the Hilbert matrix of order 6", () => {
    // The determinant of the rounded matrix, by 60-digit arithmetic; cond 1.5e7 leaves 8 digits of the smallest pivot.
    expect(lu(hilbert(6)).logDeterminant).toBeCloseTo(-39.76620670617473, 8);
  });

  test("names the pivot of a singular matrix, and does not mind units", () => {
    const dependent = Matrix.from([
      [1, 2, 3],
      [0.1, 0.2, 7],
      [5, 10, 1],
    ]);
    const { code, message } = refusal(() => lu(dependent));
    expect(code).toBe("SINGULAR");
    expect(message).toContain("pivot 1 of a 3 × 3 matrix");
    expect(refusal(() => lu(new Matrix(2, 2))).message).toContain("pivot 0");
    // Elimination leaves −5.6e-17 of the dependent column, not 0.
    const rounded = Matrix.from([
      [0.1, 0.3],
      [0.7, 2.1],
    ]);
    expect(refusal(() => lu(rounded)).message).toContain("pivot 1 of a 2 × 2 matrix");
    expect([...lu(Matrix.diagonal([1, 1e-200])).solve(Matrix.from([[1], [1e-200]])).data]).toEqual([1, 1]);
  });

  test("refuses wrong shapes and what is not finite", () => {
    expect(refusal(() => lu(new Matrix(2, 3)))).toMatchObject({ code: "BAD_SHAPE" });
    expect(refusal(() => lu(hilbert(2)).solve(new Matrix(3, 1)))).toMatchObject({ code: "BAD_SHAPE" });
    expect(refusal(() => lu(Matrix.diagonal([Number.NaN])))).toMatchObject({ code: "NOT_FINITE" });
  });
});

describe("triangular systems", () => {
  const source = dice("triangular");
  const lower = random(6, 6, source);
  for (let row = 0; row < 6; row++) {
    lower.set(row, row, 2 + row);
    for (let column = row + 1; column < 6; column++) lower.set(row, column, 0);
  }
  const solution = random(6, 2, source);

  test.each([
    ["lower", solveLower, lower, lower],
    ["lower, transposed", solveLowerTransposed, lower, lower.transpose()],
    ["upper", solveUpper, lower.transpose(), lower.transpose()],
    ["upper, transposed", solveUpperTransposed, lower.transpose(), lower],
  ] as const)("are solved: %s", (_name, solve, factor, matrix) =>
    expect(largestDifference(solve(factor, multiply(matrix, solution)), solution)).toBeLessThan(1e-13),
  );

  test.each([solveLower, solveLowerTransposed, solveUpper, solveUpperTransposed])(
    "tell a zero on the diagonal, and a wrong shape: %o",
    (solve) => {
      const { code, message } = refusal(() => solve(Matrix.diagonal([1, 0]), new Matrix(2, 1)));
      expect(code).toBe("SINGULAR");
      expect(message).toContain("diagonal entry 1");
      expect(refusal(() => solve(lower, new Matrix(5, 1)))).toMatchObject({ code: "BAD_SHAPE" });
    },
  );
});
