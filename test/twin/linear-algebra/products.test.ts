import { choleskyInto } from "@plumbline/twin/linear-algebra/cholesky";
import { allFinite, requireFinite } from "@plumbline/twin/linear-algebra/finite";
import { Matrix, multiply, plus } from "@plumbline/twin/linear-algebra/matrix";
import {
  multiplyInto,
  multiplyTransposedInto,
  sandwichInto,
  symmetricRankUpdate,
} from "@plumbline/twin/linear-algebra/products";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";
import { hilbert, largestDifference, positive, random } from "./matrices.ts";

describe("products into room that exists", () => {
  const source = dice("products");
  const left = random(5, 7, source);
  const right = random(7, 4, source);

  test("are those that make their own room, whatever stood there before", () => {
    const out = new Matrix(5, 4, new Float64Array(20).fill(Number.NaN));
    expect(multiplyInto(out, left, right)).toBe(out);
    expect(largestDifference(out, multiply(left, right))).toBeLessThan(1e-14);
    expect(multiplyTransposedInto(out.copy(), left, right.transpose())).toSatisfy(
      (found: Matrix) => largestDifference(found, multiply(left, right)) < 1e-14,
    );
  });

  test("carry a not-a-number on, also through a factor of zero", () => {
    const poisoned = Matrix.from([[Number.NaN], [1]]);
    for (const factors of [
      [1, 1],
      [0, 1],
    ])
      expect(multiplyInto(new Matrix(1, 1), Matrix.from([factors]), poisoned).get(0, 0)).toBeNaN();
  });

  test("F P Fᵀ and C + s A Aᵀ are symmetric to the last bit", () => {
    const covariance = positive(7, source);
    const out = sandwichInto(new Matrix(5, 5), left, covariance, new Matrix(5, 7));
    expect(out).toEqual(out.transpose());
    expect(largestDifference(out, multiply(multiply(left, covariance), left.transpose()))).toBeLessThan(
      1e-12,
    );
    const target = positive(5, source);
    const expected = plus(target, multiply(left, left.transpose()), -0.5);
    expect(largestDifference(symmetricRankUpdate(target, left, -0.5), expected)).toBeLessThan(1e-14);
    expect(target).toEqual(target.transpose());
  });

  test("of a Cholesky factor: in place of the matrix, zeros above the diagonal", () => {
    const matrix = positive(6, source);
    const factor = choleskyInto(matrix.copy(), matrix.copy());
    expect(largestDifference(multiply(factor, factor.transpose()), matrix)).toBeLessThan(1e-13);
    const inPlace = matrix.copy();
    expect(choleskyInto(inPlace, inPlace)).toEqual(factor);
  });

  test.each<[string, () => unknown]>([
    ["a result of another size", () => multiplyInto(new Matrix(4, 5), left, right)],
    ["unequal inner sizes", () => multiplyInto(new Matrix(5, 5), left, left)],
    ["unequal inner sizes, transposed", () => multiplyTransposedInto(new Matrix(5, 7), left, right)],
    ["work room of another size", () => sandwichInto(new Matrix(5, 5), left, hilbert(7), new Matrix(7, 5))],
    ["a sandwich of another size", () => sandwichInto(new Matrix(7, 7), left, hilbert(7), new Matrix(5, 7))],
    ["an update of another size", () => symmetricRankUpdate(new Matrix(7, 7), left)],
    ["a factor of another size", () => choleskyInto(new Matrix(2, 2), hilbert(3))],
  ])("refuse %s", (_name, call) => expect(refusal(call).code).toBe("BAD_SHAPE"));
});

describe("numbers at an interface", () => {
  test("are told by place when they are not finite", () => {
    expect(allFinite([1, 2]) && allFinite(hilbert(3))).toBe(true);
    expect(allFinite([1, Number.NaN])).toBe(false);
    const poisoned = hilbert(3);
    poisoned.set(1, 2, Number.NEGATIVE_INFINITY);
    const { code, message } = refusal(() => requireFinite(poisoned, "the start covariance"));
    expect(code).toBe("NOT_FINITE");
    expect(message).toBe("the start covariance has -Infinity at row 1, column 2");
    expect(refusal(() => requireFinite([0, Number.NaN], "the mean")).message).toContain("NaN at entry 1");
  });
});
