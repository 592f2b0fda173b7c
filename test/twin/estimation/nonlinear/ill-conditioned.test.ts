import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { systemOf } from "../reference-kalman.ts";
import { ALL_FILTERS, EXTREME, endure, HARDSHIPS, VAGUE } from "./hardships.ts";

/** Posterior covariances in 60-digit arithmetic. */
const EXACT: Readonly<Record<number, readonly [number, number, number]>> = {
  1: [1e-8, 5e-9, 5e11],
  2: [1e-8, 1e-8, 2.0033333333333334e-8],
  3: [8.335183129855716e-9, 5.008324084350721e-9, 5.066625046244913e-9],
  10: [3.901580836789385e-9, 8.543644813334679e-10, 4.148677020615059e-10],
  100: [3.6059166452672924e-9, 7.996301241657112e-10, 4.0094807415234657e-10],
};

describe("a precise reading of a vague state", () => {
  test.each(ALL_FILTERS)("costs the %s filter not more than half of the digits", (_name, make) => {
    const filter = make(EXTREME, VAGUE);
    for (let step = 1; step <= 100; step++) {
      filter.predict(step);
      filter.update([0]);
      const exact = EXACT[step];
      // The step after the first reading: the velocity is still as vague as at the start.
      if (exact === undefined || step === 1) continue;
      const covariance = filter.covariance();
      const digits = step === 100 ? 1e-13 : 1e-5;
      for (const [index, value] of [
        covariance.get(0, 0),
        covariance.get(0, 1),
        covariance.get(1, 1),
      ].entries())
        expect(Math.abs(value / exact[index]! - 1), `step ${step}, entry ${index}`).toBeLessThan(digits);
    }
  });

  test.each(ALL_FILTERS)(
    "is taken by the %s filter when two sensors are all but the same (Bierman's case)",
    (_name, make) => {
      const near = 2 ** -30;
      const system = systemOf({
        transition: () => Matrix.identity(2),
        processNoise: () => new Matrix(2, 2),
        observation: Matrix.from([
          [1, 1],
          [1, 1 + near],
        ]),
        observationNoise: Matrix.diagonal([near ** 2, near ** 2]),
      });
      const filter = make(system, { at: 0, mean: new Float64Array(2), covariance: Matrix.identity(2) });
      filter.update([0, 0]);
      const covariance = filter.covariance();
      expect(Math.abs(covariance.get(0, 0) / 0.4000000002235174 - 1)).toBeLessThan(1e-7);
      expect(Math.abs(covariance.get(0, 1) / -0.4000000000372529 - 1)).toBeLessThan(1e-7);
      expect(Math.abs(covariance.get(1, 1) / 0.3999999998509884 - 1)).toBeLessThan(1e-7);
    },
  );
});

describe.each(HARDSHIPS)("over five hundred steps of $name", (hardship) => {
  test.each(ALL_FILTERS)("the %s filter's covariance stays finite and definite", (_name, make) => {
    endure(make, hardship, 500);
  });
});
