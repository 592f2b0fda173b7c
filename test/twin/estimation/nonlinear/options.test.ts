import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

import { start, still } from "./still.ts";

describe("unscented points", () => {
  test("rule: alpha ≥ 0.1, a step above the model's noise — a smaller one is refused unless the model is declared exact", () => {
    for (const Unscented of [UnscentedKalmanFilter, SquareRootUnscentedKalmanFilter]) {
      const make = (alpha: number, exactModel?: boolean) => () =>
        new Unscented(
          still(2, (x) => x),
          start(2),
          { alpha, ...(exactModel ? { exactModel } : {}) },
        );
      const { code, message, hint } = refusal(make(1e-3));
      expect(code).toBe("BAD_OPTION");
      expect(message).toContain("-1.0e+6");
      expect(hint).toContain("exactModel");
      expect(make(0.1)).not.toThrow();
      expect(make(1e-3, true)).not.toThrow();
    }
  });

  test("with alpha = 0.001 magnify a solver's noise a million times, with alpha = 1 they do not", () => {
    // The model is the identity up to a ripple of 1e-6, as an iterative solver leaves it.
    const rippled = still(1, (x) => x + 1e-6 * Math.cos(1e7 * x));
    const errorWith = (alpha: number): number => {
      const filter = new UnscentedKalmanFilter(rippled, start(1), { alpha, exactModel: true });
      return Math.abs(filter.update([0]).innovation[0]!);
    };
    expect(errorWith(1)).toBeLessThan(1e-5);
    expect(errorWith(1e-3)).toBeGreaterThan(1e-1);
  });

  test.each([
    { alpha: 0 },
    { alpha: 1.5 },
    { alpha: Number.NaN },
    { beta: Number.POSITIVE_INFINITY },
    { kappa: -2 },
    { kappa: Number.NaN },
    { iterations: 0 },
    { iterations: 1.5 },
  ])("BAD_OPTION: %o is refused", (options) => {
    expect(
      refusal(
        () =>
          new UnscentedKalmanFilter(
            still(2, (x) => x),
            start(2),
            options,
          ),
      ).code,
    ).toBe("BAD_OPTION");
  });

  test("with κ = 3 − n in five states, an indefinite rest of the reading is told, and the belief is unchanged", () => {
    // w₀ᶜ = −2/3; an even function puts all of its scatter on the centre.
    const even: StochasticSystem = {
      ...still(5, (x) => x),
      outputs: 1,
      observe: (state, _at, out) => {
        out[0] = Math.exp(-state.reduce((sum, x) => sum + x * x, 0));
      },
      observationNoise: Matrix.diagonal([1e-6]),
    };
    for (const Unscented of [UnscentedKalmanFilter, SquareRootUnscentedKalmanFilter]) {
      const filter = new Unscented(even, start(5), { kappa: -2 });
      const { code, message, hint } = refusal(() => filter.update([0.5]));
      expect(code).toBe("NOT_POSITIVE_DEFINITE");
      expect(message).toContain("pivot 0");
      expect(hint).toContain("cubature");
      expect(filter.covariance()).toEqual(Matrix.identity(5));
    }
    expect(() => new CubatureKalmanFilter(even, start(5)).update([0.5])).not.toThrow();
  });

  test("with κ = 3 − n in five states, an indefinite prediction is told, and the belief is unchanged", () => {
    const bump: StochasticSystem = {
      ...still(5, (x) => x),
      advance: (state, _from, _to, out) => out.fill(Math.exp(-state.reduce((sum, x) => sum + x * x, 0))),
      processNoise: () => Matrix.diagonal(new Float64Array(5).fill(1e-6)),
    };
    for (const Unscented of [UnscentedKalmanFilter, SquareRootUnscentedKalmanFilter]) {
      const filter = new Unscented(bump, start(5), { kappa: -2 });
      const { code, message } = refusal(() => filter.predict(1));
      expect(code).toBe("NOT_POSITIVE_DEFINITE");
      expect(message).toContain("predicted covariance");
      expect([filter.at, filter.covariance()]).toEqual([0, Matrix.identity(5)]);
    }
  });

  test("are 2n + 1 runs of the model with a weighted centre, and 2n without", () => {
    let runs = 0;
    const counting = still(4, (x) => {
      runs++;
      return x;
    });
    const runsOf = (act: () => unknown): number => {
      runs = 0;
      act();
      return runs / 4;
    };
    expect(
      runsOf(() => new UnscentedKalmanFilter(counting, start(4), { beta: 2 }).update([0, 0, 0, 0])),
    ).toBe(9);
    expect(runsOf(() => new UnscentedKalmanFilter(counting, start(4)).update([0, 0, 0, 0]))).toBe(8);
    expect(runsOf(() => new CubatureKalmanFilter(counting, start(4)).update([0, 0, 0, 0]))).toBe(8);
  });
});

describe("process noise", () => {
  test("that is no covariance is refused when it is met, and the belief is unchanged", () => {
    const bad = {
      ...still(2, (x) => x),
      processNoise: () =>
        Matrix.from([
          [1, 2],
          [2, 1],
        ]),
    };
    for (const filter of [new CubatureKalmanFilter(bad, start(2)), new ExtendedKalmanFilter(bad, start(2))])
      for (const _attempt of [1, 2]) {
        const { code, message } = refusal(() => filter.predict(1));
        expect(code).toBe("NOT_POSITIVE_DEFINITE");
        expect(message).toContain("process noise");
        expect(filter.at).toBe(0);
      }
  });

  test.each([
    ["BAD_SHAPE", Matrix.identity(3)],
    ["NOT_FINITE", Matrix.diagonal([1, Number.NaN])],
    [
      "NOT_SYMMETRIC",
      Matrix.from([
        [1, 0.5],
        [0.4, 1],
      ]),
    ],
  ])("%s is refused", (code, noise) => {
    const filter = new CubatureKalmanFilter({ ...still(2, (x) => x), processNoise: () => noise }, start(2));
    expect(refusal(() => filter.predict(1)).code).toBe(code);
  });

  test("may be zero, and of any rank", () => {
    for (const noise of [
      new Matrix(2, 2),
      Matrix.from([
        [1, 2],
        [2, 4],
      ]),
    ]) {
      const filter = new SquareRootUnscentedKalmanFilter(
        { ...still(2, (x) => x), processNoise: () => noise },
        start(2),
      );
      filter.predict(1);
      const covariance = filter.covariance();
      for (const [index, value] of covariance.data.entries())
        expect(value).toBeCloseTo(noise.data[index]! + (index % 3 === 0 ? 1 : 0), 13);
    }
  });
});

test("a belief that would overflow is refused, and unchanged", () => {
  const steep: StochasticSystem = {
    ...still(1, (x) => x),
    advance: (state, _from, _to, out) => out.set(state.map((x) => 1e308 * Math.sign(x))),
  };
  const filter = new CubatureKalmanFilter(steep, start(1));
  expect(refusal(() => filter.predict(1)).code).toBe("NOT_FINITE");
  expect([filter.at, filter.mean()[0], filter.covariance().get(0, 0)]).toEqual([0, 0, 1]);
});
