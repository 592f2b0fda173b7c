import { cholesky, choleskyInPlace } from "@plumbline/twin/linear-algebra/cholesky";
import { leastSquares } from "@plumbline/twin/linear-algebra/least-squares";
import { Matrix, multiply, norm, plus, symmetrise, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { gramOfRows } from "@plumbline/twin/linear-algebra/products";
import { ScalarReading } from "@plumbline/twin/linear-algebra/scalar-reading";
import { semidefiniteFactorInto } from "@plumbline/twin/linear-algebra/semidefinite";
import { solveLowerInPlace } from "@plumbline/twin/linear-algebra/triangular";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";

const dice = seeded(71);
const random = (rows: number, columns: number): Matrix =>
  new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => dice.normal()),
  );
const gramOf = (array: Matrix): Matrix => symmetrise(multiply(array, array.transpose()));
const far = (left: Matrix, right: Matrix): number =>
  Math.max(...left.data.map((value, index) => Math.abs(value - right.data[index]!)));
const lower = (matrix: Matrix): Matrix => {
  const copy = matrix.copy();
  for (let row = 0; row < copy.rows; row++)
    for (let column = row + 1; column < copy.columns; column++) copy.set(row, column, 0);
  return copy;
};
/** `matrix` in the corner of a larger one. */
const cornered = (matrix: Matrix, size: number): Matrix => {
  const larger = new Matrix(size, size);
  for (let row = 0; row < matrix.rows; row++)
    for (let column = 0; column < matrix.columns; column++) larger.set(row, column, matrix.get(row, column));
  return larger;
};

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9];

describe("in place,", () => {
  test.each(SIZES)("the Gram matrix of %d rows is their product, whatever stood there", (size) => {
    const array = random(size, 6);
    const found = random(size, size);
    gramOfRows(found, array);
    expect(far(lower(found), lower(gramOf(array)))).toBeLessThan(1e-13);
  });

  test("a Gram matrix of the first rows fills the corner alone", () => {
    const array = random(6, 4);
    const found = new Matrix(6, 6);
    gramOfRows(found, array, 3);
    expect(
      far(lower(cornered(gramOf(new Matrix(3, 4, array.data.slice(0, 12))), 6)), lower(found)),
    ).toBeLessThan(1e-13);
  });

  test.each(SIZES)(
    "a Cholesky factor of %d rows is that of `cholesky`, also in the corner of a larger matrix",
    (size) => {
      const covariance = plus(gramOf(random(size, size)), Matrix.identity(size));
      const whole = covariance.copy();
      expect(choleskyInPlace(whole)).toBeGreaterThan(0);
      expect(far(whole, cholesky(covariance))).toBeLessThan(1e-13);
      const corner = cornered(covariance, size + 2);
      choleskyInPlace(corner, size);
      expect(far(corner, cornered(cholesky(covariance), size + 2))).toBeLessThan(1e-13);
    },
  );

  test("a Cholesky factor tells its smallest pivot: what is left of a variance once the rows before are known", () => {
    const near = Matrix.from([
      [4, 2 * 0.9],
      [2 * 0.9, 1],
    ]);
    expect(choleskyInPlace(near)).toBeCloseTo(1 - 0.81, 14);
    expect(
      choleskyInPlace(
        Matrix.from([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toBe(-2);
    expect(choleskyInPlace(Matrix.diagonal([1, 1, -1]))).toBe(-3);
    expect(choleskyInPlace(Matrix.diagonal([Number.NaN]))).toBe(-1);
    expect(choleskyInPlace(Matrix.diagonal([Number.POSITIVE_INFINITY]))).toBe(-1);
  });

  test.each(SIZES)("a triangular system of %d rows is solved for every column", (size) => {
    const factor = cholesky(plus(gramOf(random(size, size)), Matrix.identity(size)));
    const solution = random(size, 4);
    const right = multiply(factor, solution);
    solveLowerInPlace(factor, right, size);
    expect(far(right, solution)).toBeLessThan(1e-12);
  });
});

describe("a scalar reading", () => {
  test.each(SIZES)(
    "of %d coordinates turns L into the factor of the conditioned covariance, lower triangular",
    (size) => {
      const factor = cholesky(plus(gramOf(random(size, size)), Matrix.identity(size)));
      const direction = random(1, size);
      const reading = new ScalarReading(size);
      reading.take(direction, 0);
      const v = direction.data;
      const alpha = 1 + v.reduce((sum, value) => sum + value * value, 0);
      expect(reading.variance).toBeCloseTo(alpha, 12);
      // P − (L v)(L v)ᵀ/α.
      const cross = timesVector(factor, v);
      const exact = gramOf(factor);
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
          exact.add(row, column, (-cross[row]! * cross[column]!) / alpha);
      const along = new Float64Array(size);
      const after = factor.copy();
      reading.apply(after, 0, size, along, true);
      expect(far(gramOf(after), exact)).toBeLessThan(1e-12);
      expect(after).toEqual(lower(after));
      for (const [row, value] of cross.entries()) expect(along[row]).toBeCloseTo(value, 12);
      const full = factor.copy();
      reading.apply(full, 0, size, along, false);
      expect(far(full, after)).toBeLessThan(1e-14);
    },
  );

  test("10¹⁵ times as precise as the state leaves a positive variance with all its digits", () => {
    const reading = new ScalarReading(1);
    reading.take(Matrix.from([[1e15]]), 0);
    const factor = Matrix.from([[1e15]]);
    reading.apply(factor, 0, 1, new Float64Array(1), true);
    expect(factor.get(0, 0)).toBeCloseTo(1, 14);
  });
});

describe("a semidefinite factor", () => {
  test.each([1, 2, 3, 5])(
    "of rank %d gives the matrix back, with a pivot of 0 for each dependent row",
    (rank) => {
      const covariance = gramOf(random(5, rank));
      const factor = new Matrix(5, 5);
      expect(semidefiniteFactorInto(factor, covariance)).toBe(-1);
      expect(far(gramOf(factor), covariance)).toBeLessThan(1e-12);
      expect(factor.diagonal().filter((pivot) => pivot > 1e-6)).toHaveLength(rank);
    },
  );

  test("names the row that makes a matrix indefinite", () => {
    const factor = new Matrix(2, 2);
    expect(
      semidefiniteFactorInto(
        factor,
        Matrix.from([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toBe(1);
    expect(
      semidefiniteFactorInto(
        factor,
        Matrix.from([
          [0, 1],
          [1, 1],
        ]),
      ),
    ).toBe(0);
    expect(semidefiniteFactorInto(factor, Matrix.diagonal([-1e-6, 1]))).toBe(0);
  });
});

describe("the length of a vector", () => {
  test("neither overflows nor vanishes, and a long one is no burden on the stack", () => {
    expect(norm(Float64Array.of(3e200, 4e200)) / 5e200).toBeCloseTo(1, 14);
    expect(norm(Float64Array.of(3e-200, 4e-200)) / 5e-200).toBeCloseTo(1, 14);
    expect(norm(new Float64Array(250_000).fill(2))).toBe(1000);
    expect(norm(new Float64Array(0))).toBe(0);
    expect(norm(Float64Array.of(1, Number.NaN))).toBeNaN();
  });

  test("least squares take as many rows", () => {
    const rows = 250_000;
    const target = new Matrix(
      rows,
      1,
      Float64Array.from({ length: rows }, (_, row) => (row % 2) * 2),
    );
    const { solution } = leastSquares(new Matrix(rows, 1, new Float64Array(rows).fill(1)), target);
    expect(solution.get(0, 0)).toBeCloseTo(1, 10);
  });
});
