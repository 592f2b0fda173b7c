import {
  cholesky,
  logDeterminant,
  solveCholesky,
  subtractGram,
} from "@plumbline/twin/linear-algebra/cholesky";
import { dot, Matrix, multiply, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { solveLower, solveLowerTransposed } from "@plumbline/twin/linear-algebra/triangular";
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../../support/random.ts";
import { refusal } from "../support/refusals.ts";

const random = (rows: number, columns: number, dice: Random): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => dice.normal()),
  );
const positive = (size: number, dice: Random): Matrix => {
  const factor = random(size, size, dice);
  return symmetrise(plus(multiply(factor, factor.transpose()), Matrix.identity(size), 0.1));
};
const largestDifference = (left: Matrix, right: Matrix): number =>
  Math.max(...left.data.map((value, index) => Math.abs(value - right.data[index]!)));

describe("the Cholesky factor", () => {
  test("is the known one of textbook matrices", () => {
    expect(
      cholesky(
        Matrix.from([
          [4, 12, -16],
          [12, 37, -43],
          [-16, -43, 98],
        ]),
      ),
    ).toEqual(
      Matrix.from([
        [2, 0, 0],
        [6, 1, 0],
        [-8, 5, 3],
      ]),
    );
    expect(
      cholesky(
        Matrix.from([
          [25, 15, -5],
          [15, 18, 0],
          [-5, 0, 11],
        ]),
      ),
    ).toEqual(
      Matrix.from([
        [5, 0, 0],
        [3, 3, 0],
        [-1, 1, 3],
      ]),
    );
    expect(cholesky(Matrix.from([[9]])).get(0, 0)).toBe(3);
  });

  test("keeps a negative correlation: the case in which a sign-patched square root gives −0.52 for +0.2", () => {
    const covariance = Matrix.from([
      [1, 0.6, -0.6],
      [0.6, 1, 0.2],
      [-0.6, 0.2, 1],
    ]);
    const factor = cholesky(covariance);
    expect(largestDifference(multiply(factor, factor.transpose()), covariance)).toBeLessThan(1e-15);
  });

  test("times its transpose is the matrix, up to rounding, for any positive definite one", () => {
    const dice = seeded(21);
    for (let size = 1; size <= 30; size++) {
      const matrix = positive(size, dice);
      const factor = cholesky(matrix);
      expect(largestDifference(multiply(factor, factor.transpose()), matrix)).toBeLessThan(1e-13 * size);
      for (let row = 0; row < size; row++)
        for (let column = row + 1; column < size; column++) expect(factor.get(row, column)).toBe(0);
    }
  });

  test("reads the lower triangle only", () => {
    expect(
      cholesky(
        Matrix.from([
          [4, 99],
          [2, 2],
        ]),
      ),
    ).toEqual(
      Matrix.from([
        [2, 0],
        [1, 1],
      ]),
    );
  });

  test("names the pivot that failed, and substitutes nothing", () => {
    const { code, message } = refusal(() =>
      cholesky(
        Matrix.from([
          [1, 0, 0],
          [0, 1, 2],
          [0, 2, 1],
        ]),
      ),
    );
    expect(code).toBe("NOT_POSITIVE_DEFINITE");
    expect(message).toContain("pivot 2 of a 3 × 3 matrix is -3");
    expect(refusal(() => cholesky(Matrix.from([[0]]))).message).toContain("pivot 0");
    expect(refusal(() => cholesky(Matrix.from([[Number.NaN]]))).message).toContain("is NaN");
  });

  test("solves: lower, transposed and both, for several right sides", () => {
    const dice = seeded(22);
    for (const [size, width] of [
      [1, 1],
      [4, 1],
      [7, 3],
      [20, 5],
    ] as const) {
      const matrix = positive(size, dice);
      const factor = cholesky(matrix);
      const solution = random(size, width, dice);
      expect(largestDifference(solveCholesky(factor, multiply(matrix, solution)), solution)).toBeLessThan(
        1e-10,
      );
      expect(largestDifference(solveLower(factor, multiply(factor, solution)), solution)).toBeLessThan(1e-11);
      expect(
        largestDifference(solveLowerTransposed(factor, multiply(factor.transpose(), solution)), solution),
      ).toBeLessThan(1e-11);
    }
  });

  test("gives the logarithm of the determinant, where the determinant itself would overflow", () => {
    expect(
      logDeterminant(
        cholesky(
          Matrix.from([
            [4, 2],
            [2, 3],
          ]),
        ),
      ),
    ).toBeCloseTo(Math.log(8), 14);
    expect(logDeterminant(cholesky(Matrix.diagonal(new Float64Array(100).fill(1e10))))).toBeCloseTo(
      100 * Math.log(1e10),
      8,
    );
  });

  test("does not change what it is given", () => {
    const matrix = Matrix.from([
      [4, 2],
      [2, 3],
    ]);
    const right = Matrix.from([[1], [2]]);
    solveCholesky(cholesky(matrix), right);
    expect([...matrix.data, ...right.data]).toEqual([4, 2, 2, 3, 1, 2]);
  });
});

describe("subtracting a Gram matrix", () => {
  test("is G − Wᵀ W in place, and leaves G symmetric to the last bit", () => {
    const dice = seeded(23);
    const gram = positive(6, dice);
    const factor = random(3, 6, dice);
    const expected = plus(gram, multiply(factor.transpose(), factor), -1);
    const result = subtractGram(gram, factor);
    expect(result).toBe(gram);
    expect(largestDifference(result, expected)).toBeLessThan(1e-14);
    expect(result).toEqual(result.transpose());
  });
});

describe("matrices", () => {
  const two = Matrix.from([
    [1, 2],
    [3, 4],
  ]);
  const wide = Matrix.from([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  test("multiply, add, transpose, and multiply vectors as by hand", () => {
    expect(multiply(two, wide)).toEqual(
      Matrix.from([
        [9, 12, 15],
        [19, 26, 33],
      ]),
    );
    expect(plus(two, Matrix.identity(2), -2)).toEqual(
      Matrix.from([
        [-1, 2],
        [3, 2],
      ]),
    );
    expect(wide.transpose()).toEqual(
      Matrix.from([
        [1, 4],
        [2, 5],
        [3, 6],
      ]),
    );
    expect([...timesVector(wide, [1, 0, -1])]).toEqual([-2, -2]);
    expect(dot([1, 2, 3], [4, 5, 6])).toBe(32);
    expect([...two.diagonal()]).toEqual([1, 4]);
    expect(
      symmetrise(
        Matrix.from([
          [1, 2],
          [4, 1],
        ]),
      ),
    ).toEqual(
      Matrix.from([
        [1, 3],
        [3, 1],
      ]),
    );
  });

  test("carry a not-a-number on", () => {
    expect(multiply(Matrix.from([[1, 1]]), Matrix.from([[Number.NaN], [1]])).get(0, 0)).toBeNaN();
  });

  test.each<[string, () => unknown]>([
    ["entries that do not fill the shape", () => new Matrix(2, 2, new Float64Array(3))],
    ["a product of unequal inner sizes", () => multiply(wide, two)],
    ["a sum of unequal shapes", () => plus(two, wide)],
    ["a vector of another size", () => timesVector(wide, [1, 2])],
    ["a scalar product of unequal sizes", () => dot([1, 2], [1])],
    ["the factor of a matrix that is not square", () => cholesky(wide)],
    ["a right side of another size", () => solveLower(Matrix.identity(2), new Matrix(3, 1))],
    [
      "a right side of another size, transposed",
      () => solveLowerTransposed(Matrix.identity(2), new Matrix(3, 1)),
    ],
    ["a Gram matrix of another size", () => subtractGram(Matrix.identity(2), new Matrix(1, 3))],
    ["rows of unequal length", () => Matrix.from([[1, 2], [3]])],
  ])("refuse %s", (_name, call) => {
    const { code, message } = refusal(call);
    expect(code).toBe("BAD_SHAPE");
    expect(message).toContain("shapes do not fit");
  });
});
