import { Matrix, multiply } from "@plumbline/twin/linear-algebra/matrix";
import { conditionNumber, singularValues, svd } from "@plumbline/twin/linear-algebra/svd";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";
import { digits, hilbert, largestDifference, orthogonalityDefect, positive, random } from "./matrices.ts";

/** Eigenvalues of the Hilbert matrix whose entries are rounded to doubles, by 60-digit arithmetic. */
const HILBERT_6 = [
  1.082799484481101e-7, 1.2570757122637029e-5, 0.0006157483541826453, 0.016321521319875826,
  0.24236087057520955, 1.618899858924339,
];
const HILBERT_12 = [
  1.0674897547441723e-16, 2.649276206402993e-14, 3.111348067691508e-12, 2.2519645373627416e-10,
  1.1228610668336419e-8, 4.0823761103912114e-7, 1.116335748323302e-5, 0.00023308908902177285,
  0.0037223122378911627, 0.04473854875218107, 0.3802752459550371, 1.7953720595619973,
];
/** D [[1, ½, ¼], [½, 1, ½], [¼, ½, 1]] D with D = diag(2³⁰, 1, 2⁻³⁰): condition 1.8e36, but only by its units. */
const GRADED = [2 ** 30, 1, 2 ** -30];
const graded = Matrix.from(
  GRADED.map((left, i) => GRADED.map((right, j) => left * right * 2 ** -Math.abs(i - j))),
);
const GRADED_VALUES = [6.505213034913027e-19, 0.75, 1.152921504606847e18];

describe("eigenvalues and eigenvectors of a symmetric matrix", () => {
  test("reconstruct it: A V = V diag(λ), V orthogonal, λ ascending", () => {
    const source = dice("eigen");
    for (const size of [1, 2, 3, 7, 18, 40]) {
      const matrix = positive(size, source);
      const { values, vectors } = symmetricEigen(matrix);
      expect(orthogonalityDefect(vectors)).toBeLessThan(2e-14);
      expect(
        largestDifference(multiply(matrix, vectors), multiply(vectors, Matrix.diagonal(values))),
      ).toBeLessThan(4e-15 * size * values[size - 1]!);
      for (let k = 1; k < size; k++) expect(values[k]!).toBeGreaterThanOrEqual(values[k - 1]!);
    }
  });

  test.each([
    [6, HILBERT_6],
    [12, HILBERT_12],
  ] as const)("of the Hilbert matrix of order %i are right to rounding of the largest", (size, expected) => {
    const { values } = symmetricEigen(hilbert(size));
    for (let k = 0; k < size; k++) expect(Math.abs(values[k]! - expected[k]!)).toBeLessThan(1e-15);
  });

  test("keep all digits of the smallest, where only units make the matrix ill-conditioned", () => {
    expect(digits(symmetricEigen(graded).values, GRADED_VALUES)).toBeGreaterThan(14);
  });

  test("of indefinite, diagonal and zero matrices are the known ones", () => {
    const swap = Matrix.from([
      [0, 1],
      [1, 0],
    ]);
    expect(digits(symmetricEigen(swap).values, [-1, 1])).toBeGreaterThan(15);
    expect([...symmetricEigen(Matrix.diagonal([3, -1, 2])).values]).toEqual([-1, 2, 3]);
    expect([...symmetricEigen(new Matrix(3, 3)).values]).toEqual([0, 0, 0]);
    const ones = new Matrix(4, 4, new Float64Array(16).fill(1));
    const { values } = symmetricEigen(ones);
    expect(values[3]).toBeCloseTo(4, 14);
    for (const value of values.slice(0, 3)) expect(Math.abs(value)).toBeLessThan(1e-15);
  });

  test("are those of the lower triangle", () => {
    const lopsided = Matrix.from([
      [2, 99],
      [1, 2],
    ]);
    expect(digits(symmetricEigen(lopsided).values, [1, 3])).toBeGreaterThan(15);
  });

  test("are refused for a matrix that is not square or not finite", () => {
    expect(refusal(() => symmetricEigen(new Matrix(2, 3)))).toMatchObject({ code: "BAD_SHAPE" });
    expect(refusal(() => symmetricEigen(Matrix.diagonal([1, Number.NaN])))).toMatchObject({
      code: "NOT_FINITE",
    });
  });
});

describe("singular values", () => {
  test.each([
    [1, 1],
    [6, 6],
    [9, 4],
    [4, 9],
    [40, 18],
  ] as const)("of %i × %i: U diag(σ) Vᵀ is the matrix again, U and V are orthogonal", (m, n) => {
    const matrix = random(m, n, dice(`svd ${m} ${n}`));
    const { left, values, right } = svd(matrix);
    expect(orthogonalityDefect(left)).toBeLessThan(1e-14);
    expect(orthogonalityDefect(right)).toBeLessThan(1e-14);
    const again = multiply(multiply(left, Matrix.diagonal(values)), right.transpose());
    expect(largestDifference(again, matrix)).toBeLessThan(1e-13);
    for (let k = 1; k < values.length; k++) expect(values[k]!).toBeLessThanOrEqual(values[k - 1]!);
  });

  test("of a rank-one matrix: one is not zero, and U and V are still whole bases", () => {
    const { left, values, right } = svd(multiply(Matrix.from([[1], [2], [2]]), Matrix.from([[3, 4, 0]])));
    expect(values[0]).toBeCloseTo(15, 14);
    expect(values[1]!).toBeLessThan(1e-14);
    expect(orthogonalityDefect(left)).toBeLessThan(1e-14);
    expect(orthogonalityDefect(right)).toBeLessThan(1e-14);
    expect(orthogonalityDefect(svd(new Matrix(3, 2)).left)).toBeLessThan(1e-15);
  });

  test("of the Hilbert matrix are its eigenvalues", () => {
    const values = singularValues(hilbert(12));
    for (let k = 0; k < 12; k++) expect(Math.abs(values[k]! - HILBERT_12[11 - k]!)).toBeLessThan(4e-15);
    expect(conditionNumber(hilbert(6))).toBeCloseTo(HILBERT_6[5]! / HILBERT_6[0]!, -2);
  });

  test("keep their own digits when columns differ in unit alone, and survive extreme units", () => {
    const base = random(8, 3, dice("units"));
    const expected = singularValues(base);
    for (const unit of [2 ** 900, 2 ** -900]) {
      const scaled = new Matrix(
        8,
        3,
        base.data.map((value) => value * unit),
      );
      expect([...singularValues(scaled)].map((value) => value / unit)).toEqual([...expected]);
    }
    const columns = Matrix.from([
      [3, 3e-20],
      [4, -4e-20],
    ]);
    // det = −24e-20 and σ₁ = 5 to rounding.
    expect(singularValues(columns)[1]! / 4.8e-20).toBeCloseTo(1, 14);
  });

  test("give an infinite condition number to a singular matrix", () => {
    expect(conditionNumber(Matrix.diagonal([2, 0]))).toBe(Number.POSITIVE_INFINITY);
    expect(conditionNumber(Matrix.identity(3))).toBe(1);
  });

  test("are refused for what is not finite", () =>
    expect(refusal(() => svd(Matrix.from([[Number.NaN]])))).toMatchObject({ code: "NOT_FINITE" }));
});

describe("a triangular factor whose last columns are rounding", () => {
  test.each([
    [-31.338831339913767, 0.9041030365576777, -41.46755269287871, 0, 0, 0, 0, 0, -8.881784197001252e-16],
    [
      -0.013768254181254637, -33.15726725304954, 0.05171670937768564, 0, 7.107161869370425e-15,
      -6.940587763057056e-18, 0, 0, 0,
    ],
  ])("has its singular values all the same (%f, …)", (...entries) => {
    const matrix = new Matrix(3, 3, Float64Array.from(entries));
    const values = singularValues(matrix);
    // Of rank one but for rounding: the largest is the length of the first row.
    expect(values[0]! / Math.hypot(...entries.slice(0, 3))).toBeCloseTo(1, 14);
    expect(values[1]!).toBeLessThan(1e-14);
    expect(values[2]!).toBeLessThan(1e-14);
  });
});
