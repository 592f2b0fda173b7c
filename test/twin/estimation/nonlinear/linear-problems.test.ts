import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { seeded } from "../../../support/random.ts";
import { exactChiSquaredQuantile } from "../../../support/statistics.ts";
import { type LinearModel, ReferenceKalman, systemOf } from "../reference-kalman.ts";
import { GAUSSIAN_FILTERS, type MakeGaussian } from "./filters.ts";
import { largest, type Problem, problem } from "./random-problem.ts";

/** Largest deviation of means, covariances and log-likelihoods from the textbook filter. */
function deviation(make: MakeGaussian, { model, start, times, readings }: Problem): number {
  const filter = make(systemOf(model), start);
  const exact = new ReferenceKalman(model, start);
  let worst = 0;
  for (const [step, reading] of readings.entries()) {
    for (const each of [filter, exact]) each.predict(times[step]!);
    const said = filter.update(reading);
    const reference = exact.update(reading);
    worst = Math.max(
      worst,
      largest(filter.mean(), exact.mean),
      largest(filter.covariance().data, exact.covariance.data),
      Math.abs(said.logLikelihood - reference.logLikelihood),
      Math.abs(said.nis - reference.nis),
    );
  }
  return worst;
}

const SIZES = [
  [1, 1],
  [2, 1],
  [3, 5],
  [4, 3],
  [6, 2],
  [9, 9],
] as const;

describe("on linear problems", () => {
  test.each(GAUSSIAN_FILTERS)(
    "rule: sigma points are redrawn after process noise — the %s filter is the Kalman filter, for 1 to 9 states",
    (_name, make) => {
      for (const [states, outputs] of SIZES)
        for (let seed = 0; seed < 3; seed++)
          expect(
            deviation(make, problem(states, outputs, 40, 100 * states + seed)),
            `${states} states, seed ${seed}`,
          ).toBeLessThan(1e-9);
    },
  );

  test("so is the Gauss–Hermite filter, at every order", () => {
    for (const order of [2, 3, 7])
      for (const [states, outputs] of [
        [1, 1],
        [2, 1],
        [3, 2],
      ] as const) {
        const make: MakeGaussian = (system, start) => new GaussHermiteKalmanFilter(system, start, { order });
        expect(deviation(make, problem(states, outputs, 60, 7 + order))).toBeLessThan(1e-9);
      }
  });

  test("rule: every datum counts once — one reading of N(0, 1) with noise 1 halves the distance", () => {
    const model: LinearModel = {
      transition: () => Matrix.identity(1),
      processNoise: () => new Matrix(1, 1),
      observation: Matrix.identity(1),
      observationNoise: Matrix.identity(1),
    };
    for (const [, make] of GAUSSIAN_FILTERS) {
      const filter = make(systemOf(model), {
        at: 0,
        mean: Float64Array.of(0),
        covariance: Matrix.identity(1),
      });
      filter.update([5]);
      expect(filter.mean()[0]).toBeCloseTo(2.5, 12);
      expect(filter.covariance().get(0, 0)).toBeCloseTo(0.5, 12);
    }
  });

  test.each(GAUSSIAN_FILTERS)(
    "rule: process noise scales with elapsed time — the %s filter is as unsure after one gap as after its parts, and after two days than after a second far more",
    (_name, make) => {
      const rate = 0.3;
      const model: LinearModel = {
        transition: () => Matrix.identity(1),
        processNoise: (from, to) => Matrix.diagonal([rate * (to - from)]),
        observation: Matrix.identity(1),
        observationNoise: Matrix.identity(1),
      };
      const varianceAfter = (...times: number[]): number => {
        const filter = make(systemOf(model), {
          at: 0,
          mean: Float64Array.of(3),
          covariance: Matrix.identity(1),
        });
        for (const time of times) filter.predict(time);
        return filter.covariance().get(0, 0);
      };
      expect(varianceAfter(172_800)).toBeCloseTo(1 + rate * 172_800, 6);
      expect(varianceAfter(1)).toBeCloseTo(1 + rate, 12);
      expect(varianceAfter(0.2, 0.5, 1)).toBeCloseTo(varianceAfter(1), 12);
    },
  );
});

describe("the posterior", () => {
  const level = (rate: number, noise: number): LinearModel => ({
    transition: () => Matrix.identity(1),
    processNoise: (from, to) => Matrix.diagonal([rate * (to - from)]),
    observation: Matrix.identity(1),
    observationNoise: Matrix.diagonal([noise]),
  });
  const unit: Start = { at: 0, mean: Float64Array.of(0), covariance: Matrix.identity(1) };

  test.each(GAUSSIAN_FILTERS)(
    "is what the %s filter reports: the steady variance for Q = 0.01, R = 0.09 is 0.02541, not that plus Q",
    (_name, make) => {
      const [q, r] = [0.01, 0.09];
      // P⁻ = P⁻R/(P⁻ + R) + Q, so P⁻² − QP⁻ − QR = 0; the posterior is P⁻ − Q.
      const exact = (q + Math.sqrt(q * q + 4 * q * r)) / 2 - q;
      expect(exact).toBeCloseTo(0.02541, 5);
      const filter = make(systemOf(level(q, r)), unit);
      for (let step = 1; step <= 200; step++) {
        filter.predict(step);
        filter.update([0]);
      }
      expect(Math.abs(filter.covariance().get(0, 0) - exact)).toBeLessThan(1e-12);
    },
  );

  test.each(GAUSSIAN_FILTERS)(
    "of many data taken one by one by the %s filter is that of all at once",
    (_name, make) => {
      const dice = seeded(31);
      const data = Array.from({ length: 50 }, () => 2 + dice.normal());
      const filter = make(systemOf(level(0, 1)), unit);
      for (const datum of data) filter.update([datum]);
      expect(filter.covariance().get(0, 0)).toBeCloseTo(1 / 51, 12);
      expect(filter.mean()[0]).toBeCloseTo(data.reduce((sum, datum) => sum + datum, 0) / 51, 11);
    },
  );

  test("is consistent: the NIS of 300 series of a right model lies inside its χ² interval", () => {
    let [nis, size] = [0, 0];
    for (let seed = 0; seed < 300; seed++) {
      const { model, start, times, readings } = problem(2, 2, 10, 1_000 + seed);
      const filter = new CubatureKalmanFilter(systemOf(model), start);
      for (const [step, reading] of readings.entries()) {
        filter.predict(times[step]!);
        const said = filter.update(reading);
        nis += said.nis;
        size += said.size;
      }
    }
    // Innovations of a right filter are independent, so their total is χ² with one degree for each value read.
    expect(nis).toBeGreaterThan(exactChiSquaredQuantile(0.005, size));
    expect(nis).toBeLessThan(exactChiSquaredQuantile(0.995, size));
  });
});
