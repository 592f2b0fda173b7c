import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";
import { start, still } from "./still.ts";

describe("the extended filter", () => {
  test("refuses a step that is none", () => {
    for (const step of [0, -1, Number.NaN, 100])
      expect(
        refusal(
          () =>
            new ExtendedKalmanFilter(
              still(1, (x) => x),
              start(1),
              { step },
            ),
        ).code,
      ).toBe("BAD_OPTION");
  });

  test("steps above a solver's noise when told to", () => {
    const rippled = still(1, (x) => x + 1e-3 * Math.cos(1e7 * x + 1));
    const gainOf = (step?: number): number => {
      const filter = new ExtendedKalmanFilter(rippled, start(1), step === undefined ? {} : { step });
      filter.update([1]);
      return filter.mean()[0]!;
    };
    expect(Math.abs(gainOf(1) - 1 / 1.01)).toBeLessThan(5e-3);
    expect(Math.abs(gainOf() - 1 / 1.01)).toBeGreaterThan(5e-3);
  });

  test("iterated, it finds the mode that Newton's method finds, and says that it settled", () => {
    const cubic = still(1, (x) => x ** 3 + x, 0.01);
    const filter = new ExtendedKalmanFilter(cubic, start(1), { iterations: 50 });
    filter.update([3]);
    let x = 1;
    for (let round = 0; round < 100; round++) {
      const slope = 3 * x * x + 1;
      const gradient = x - (slope * (3 - x ** 3 - x)) / 0.01;
      const curvature = 1 + slope ** 2 / 0.01 - (6 * x * (3 - x ** 3 - x)) / 0.01;
      x -= gradient / curvature;
    }
    expect(filter.mean()[0]).toBeCloseTo(x, 9);
    expect(filter.lastIterations.converged).toBe(true);
    expect(filter.lastIterations.count).toBeLessThan(50);
    const single = new ExtendedKalmanFilter(cubic, start(1));
    single.update([3]);
    expect(Math.abs(single.mean()[0]! - x)).toBeGreaterThan(0.5);
  });

  test("iterated too briefly, it says that it has not settled", () => {
    const filter = new ExtendedKalmanFilter(
      still(1, (x) => x ** 3 + x),
      start(1),
      { iterations: 2 },
    );
    filter.update([3]);
    expect(filter.lastIterations).toEqual({ count: 2, converged: false });
  });

  test("refuses a Jacobian of another shape, and one with NaN", () => {
    const withJacobian = (jacobian: Matrix): ExtendedKalmanFilter =>
      new ExtendedKalmanFilter({ ...still(2, (x) => x), observationJacobian: () => jacobian }, start(2));
    expect(refusal(() => withJacobian(new Matrix(1, 2)).update([0, 0])).code).toBe("BAD_SHAPE");
    expect(refusal(() => withJacobian(Matrix.diagonal([1, Number.NaN])).update([0, 0])).code).toBe(
      "MODEL_FAILED",
    );
  });
});
