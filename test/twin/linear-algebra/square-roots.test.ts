import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { downdateCholesky, updateCholesky } from "@plumbline/twin/linear-algebra/cholesky-update";
import { Matrix, multiply, plus } from "@plumbline/twin/linear-algebra/matrix";
import { lowerPart, triangularise } from "@plumbline/twin/linear-algebra/triangularise";
import { composeUnitFactor, unitFactor } from "@plumbline/twin/linear-algebra/unit-factor";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { refusal } from "../support/refusals.ts";
import { digits, hilbert, largestDifference, positive, random } from "./matrices.ts";
import {
  BIERMAN,
  BIERMAN_POSTERIOR,
  byTriangularising,
  byUnitFactors,
  type CovarianceRecursion,
  EXTREME,
  EXTREME_POSTERIORS,
  TINY,
} from "./recursions.ts";

describe("triangularising a pre-array", () => {
  test.each([
    [1, 1],
    [3, 3],
    [4, 9],
    [18, 36],
    [5, 3],
  ])("of %i × %i keeps A Aᵀ, and leaves a lower triangle with a diagonal ≥ 0", (n, k) => {
    const array = random(n, k, dice(`pre-array ${n} ${k}`));
    const gram = multiply(array, array.transpose());
    expect(triangularise(array)).toBe(array);
    for (let row = 0; row < n; row++)
      for (let column = row; column < k; column++) {
        if (column > row) expect(array.get(row, column)).toBe(0);
        else expect(array.get(row, column)).toBeGreaterThanOrEqual(0);
      }
    expect(largestDifference(multiply(array, array.transpose()), gram)).toBeLessThan(1e-13);
  });

  test("is the Cholesky factor of a matrix whose square root it was given", () => {
    const matrix = positive(7, dice("root"));
    const factor = cholesky(matrix);
    const turned = multiply(factor, cholesky(positive(7, dice("turn"))));
    const expected = cholesky(multiply(turned, turned.transpose()));
    expect(
      largestDifference(lowerPart(triangularise(turned.copy()), new Matrix(7, 7)), expected),
    ).toBeLessThan(1e-11);
  });

  test("mends signs, and leaves zeros and triangles alone", () => {
    expect([
      ...triangularise(
        Matrix.from([
          [-3, 0],
          [1, -2],
        ]),
      ).data,
    ]).toEqual([3, 0, -1, 2]);
    expect([...triangularise(new Matrix(2, 3)).data].map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("a Cholesky factor of a matrix that a vector is added to or taken from", () => {
  const source = dice("rank one");

  test.each([1, 2, 5, 18])("of order %i is the factor of the sum", (size) => {
    const matrix = positive(size, source);
    const vector = random(size, 1, source);
    const expected = cholesky(plus(matrix, multiply(vector, vector.transpose())));
    expect(largestDifference(updateCholesky(cholesky(matrix), vector.data.slice()), expected)).toBeLessThan(
      1e-13,
    );
  });

  test.each([1, 2, 5, 18])("of order %i is the old one again when the vector is taken away", (size) => {
    const factor = cholesky(positive(size, source));
    const vector = random(size, 1, source).data;
    const back = downdateCholesky(updateCholesky(factor.copy(), vector.slice()), vector.slice());
    expect(largestDifference(back, factor)).toBeLessThan(1e-12);
  });

  test("is left as it was when nothing positive definite would remain, and the shortfall is told", () => {
    const factor = cholesky(Matrix.diagonal([4, 9]));
    const { code, message } = refusal(() => downdateCholesky(factor, Float64Array.of(0, 3.5)));
    expect(code).toBe("NOT_POSITIVE_DEFINITE");
    expect(message).toContain(`is ${1 - (3.5 / 3) ** 2}`);
    expect([...factor.data]).toEqual([2, 0, 0, 3]);
    expect(refusal(() => downdateCholesky(factor, Float64Array.of(Number.NaN, 0))).message).toContain("NaN");
  });

  test("refuses a vector of another size", () => {
    expect(refusal(() => updateCholesky(Matrix.identity(2), new Float64Array(3))).code).toBe("BAD_SHAPE");
    expect(refusal(() => downdateCholesky(new Matrix(2, 3), new Float64Array(2))).code).toBe("BAD_SHAPE");
  });
});

describe("U D Uᵀ", () => {
  test("is the matrix again, also an ill-conditioned one", () => {
    for (const matrix of [...[1, 2, 5, 18].map((n) => positive(n, dice(`ud ${n}`))), hilbert(12)]) {
      const { unit, diagonal } = unitFactor(matrix);
      expect(Math.min(...diagonal)).toBeGreaterThan(0);
      expect(unit.diagonal().every((value) => value === 1)).toBe(true);
      expect(largestDifference(composeUnitFactor({ unit, diagonal }), matrix)).toBeLessThan(2e-14);
    }
  });

  test("takes a covariance with fewer sources of noise than states", () => {
    const direction = Matrix.from([[0.1], [0.7], [0.3]]);
    const thin = multiply(direction, direction.transpose());
    const factor = unitFactor(thin);
    expect([...factor.diagonal].filter((value) => value > 0)).toHaveLength(1);
    expect(largestDifference(composeUnitFactor(factor), thin)).toBeLessThan(1e-16);
    expect([...unitFactor(new Matrix(2, 2)).diagonal]).toEqual([0, 0]);
  });

  test.each<[string, Matrix, string]>([
    ["a negative variance", Matrix.diagonal([1, -1]), "pivot 1 of a 2 × 2 matrix is -1"],
    [
      "a correlation beyond 1",
      Matrix.from([
        [1, 2],
        [2, 1],
      ]),
      "pivot 0 of a 2 × 2 matrix is -3",
    ],
    [
      "a covariance with what never varies",
      Matrix.from([
        [1, 0.5],
        [0.5, 0],
      ]),
      "yet it is tied to state 0",
    ],
    ["a variance that is NaN", Matrix.diagonal([Number.NaN, 1]), "pivot 0 of a 2 × 2 matrix is NaN"],
  ])("refuses %s", (_name, matrix, message) => {
    const error = refusal(() => unitFactor(matrix));
    expect(error.code).toBe("NOT_POSITIVE_SEMIDEFINITE");
    expect(error.message).toContain(message);
  });

  test("needs a square matrix", () =>
    expect(refusal(() => unitFactor(new Matrix(2, 3))).code).toBe("BAD_SHAPE"));
});

/** Fewest digits of the covariance after the wanted steps of predict and update. */
function digitsOfRun(
  run: CovarianceRecursion,
  expected: readonly (readonly [number, readonly number[]])[],
): number {
  const wanted = new Map(expected);
  let fewest = 17;
  for (let step = 1; step <= expected[expected.length - 1]![0]; step++) {
    run.predict();
    run.update([1, 0], 1e-8);
    const answer = wanted.get(step);
    if (answer !== undefined) fewest = Math.min(fewest, digits(run.covariance().data, answer));
  }
  return fewest;
}

describe("covariances that a covariance filter loses", () => {
  const classic = (run: CovarianceRecursion): number => {
    run.update([1, 1], TINY ** 2);
    run.update([1, 1 + TINY], TINY ** 2);
    return digits(run.covariance().data, BIERMAN_POSTERIOR);
  };

  // By ordinary covariance updates less than one digit is left of the first case, and none of the second.
  test("Bierman's case of two nearly equal readings keeps 7 digits as a QR array, 9 as U D Uᵀ", () => {
    expect(classic(byTriangularising(BIERMAN))).toBeGreaterThan(7);
    expect(classic(byUnitFactors(BIERMAN))).toBeGreaterThan(9);
  });

  test("a start of 10¹² against readings of 10⁻⁴ keeps 5 digits as a QR array, 15 as U D Uᵀ", () => {
    expect(digitsOfRun(byTriangularising(EXTREME), EXTREME_POSTERIORS)).toBeGreaterThan(5);
    expect(digitsOfRun(byUnitFactors(EXTREME), EXTREME_POSTERIORS)).toBeGreaterThan(15);
  });
});

interface Stress {
  readonly stress: {
    readonly bierman: { readonly P_post: readonly (readonly number[])[] };
    readonly cv_extreme: { readonly P_post: Readonly<Record<string, readonly (readonly number[])[]>> };
  };
}

withReferenceData<Stress>(
  "calibration/exact/numerics_and_scores.json",
  "the reference covariances by 60-digit arithmetic",
  ({ stress }) => {
    test("are those of this file, and every stored step of the extreme run keeps its digits", () => {
      expect(stress.bierman.P_post.flat()).toEqual(BIERMAN_POSTERIOR);
      // After one step the covariance 5e-9 stands beside a variance of 5e11: neither form holds it, nor needs it to go on.
      const steps = Object.entries(stress.cv_extreme.P_post)
        .map(([k, p]) => [Number(k), p.flat()] as const)
        .filter(([k]) => k > 1);
      expect(digitsOfRun(byUnitFactors(EXTREME), steps)).toBeGreaterThan(15);
      expect(digitsOfRun(byTriangularising(EXTREME), steps)).toBeGreaterThan(5);
    });
  },
);
