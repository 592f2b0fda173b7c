import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { asStochasticSystem } from "@plumbline/twin/estimation/nonlinear/linear-kalman";
import { smooth } from "@plumbline/twin/estimation/nonlinear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { GAUSSIAN_FILTERS } from "./filters.ts";
import { type Expected, expectMoments, rmse, type Sarkka } from "./sarkka.ts";

withReferenceData<Sarkka>(
  "calibration/nonlinear/sarkka_fixtures.json",
  "the car of Särkkä and Svensson",
  (data) => {
    const car = data.car_track;
    const system = asStochasticSystem({
      states: 4,
      outputs: 2,
      transition: () => Matrix.from(car.A),
      processNoise: () => Matrix.from(car.Q),
      observation: () => Matrix.from(car.H),
      observationNoise: Matrix.from(car.R),
    });
    const start: Start = { at: 0, mean: Float64Array.from(car.m0), covariance: Matrix.identity(4) };
    const times = car.observations.map((_, step) => step + 1);

    test.each(GAUSSIAN_FILTERS)("is tracked and smoothed by the %s filter as in print", (_name, make) => {
      const smoothed = smooth(make(system, start), times, car.observations);
      const { nis, logLikelihood } = smoothed.filtered;
      expect(Math.abs(rmse(smoothed.filtered.means, car.states, 2) - 0.4253824660526518)).toBeLessThan(1e-10);
      expect(Math.abs(rmse(smoothed.means, car.states, 2) - 0.26497104638205465)).toBeLessThan(1e-10);
      expect(Math.abs(logLikelihood - -195.8988063018161)).toBeLessThan(1e-9);
      const meanNis = nis.reduce((sum, value) => sum + value, 0) / nis.length;
      expect(Math.abs(meanNis - 2.260306129965422)).toBeLessThan(1e-10);
      expectMoments(smoothed, data.car_track as unknown as Expected);
    });
  },
);
