import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { downdateCholesky } from "@plumbline/twin/linear-algebra/cholesky-update";
import { lu } from "@plumbline/twin/linear-algebra/lu";
import { Matrix, multiply } from "@plumbline/twin/linear-algebra/matrix";
import { triangularise } from "@plumbline/twin/linear-algebra/triangularise";
import { composeUnitFactor, unitFactor } from "@plumbline/twin/linear-algebra/unit-factor";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

/** The square root of this one, taken with sign-patched entries, implies a covariance of −0.52 between the last two. */
const COVARIANCE = Matrix.from([
  [1, 0.6, -0.6],
  [0.6, 1, 0.2],
  [-0.6, 0.2, 1],
]);

describe("rule: one tested Cholesky, pivot named when it fails", () => {
  test.each<[string, (matrix: Matrix) => Matrix]>([
    ["L Lᵀ", (matrix) => multiply(cholesky(matrix), cholesky(matrix).transpose())],
    ["U D Uᵀ", (matrix) => composeUnitFactor(unitFactor(matrix))],
    [
      "a triangularised square root",
      (matrix) => {
        const root = triangularise(cholesky(matrix));
        return multiply(root, root.transpose());
      },
    ],
  ])("%s implies the covariance +0.2, never −0.52", (_name, recompose) => {
    expect(recompose(COVARIANCE).get(1, 2)).toBeCloseTo(0.2, 15);
    expect(recompose(COVARIANCE).get(2, 1)).toBeCloseTo(0.2, 15);
  });

  test("the pivot and its value are in the message, for each place it can stand", () => {
    for (let bad = 0; bad < 4; bad++) {
      const entries = [1, 1, 1, 1];
      entries[bad] = -2;
      const { code, message } = refusal(() => cholesky(Matrix.diagonal(entries)));
      expect(code).toBe("NOT_POSITIVE_DEFINITE");
      expect(message).toBe(`pivot ${bad} of a 4 × 4 matrix is -2`);
    }
  });
});

describe("rule: fail or regularise visibly, never substitute", () => {
  const indefinite = Matrix.from([
    [1, 2],
    [2, 1],
  ]);

  test.each<[string, string, () => unknown]>([
    ["an indefinite covariance has no Cholesky factor", "NOT_POSITIVE_DEFINITE", () => cholesky(indefinite)],
    ["nor a U D Uᵀ", "NOT_POSITIVE_SEMIDEFINITE", () => unitFactor(indefinite)],
    [
      "a variance of infinity is no variance",
      "NOT_POSITIVE_DEFINITE",
      () => cholesky(Matrix.diagonal([Infinity])),
    ],
    ["nor is a not-a-number", "NOT_POSITIVE_DEFINITE", () => cholesky(Matrix.diagonal([Number.NaN]))],
    [
      "more cannot be taken away than there is",
      "NOT_POSITIVE_DEFINITE",
      () => downdateCholesky(Matrix.identity(1), Float64Array.of(1)),
    ],
    [
      "a singular system has no solution",
      "SINGULAR",
      () =>
        lu(
          Matrix.from([
            [1, 2],
            [2, 4],
          ]),
        ),
    ],
  ])("%s", (_name, code, call) => expect(refusal(call).code).toBe(code));

  test("what was given is as it was after a failure", () => {
    const given = indefinite.copy();
    for (const call of [cholesky, unitFactor]) refusal(() => call(given));
    expect(given).toEqual(indefinite);
  });
});
