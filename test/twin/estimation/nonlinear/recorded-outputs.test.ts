import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { asStochasticSystem, type LinearSystem } from "@plumbline/twin/estimation/nonlinear/linear-kalman";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import { smooth } from "@plumbline/twin/estimation/nonlinear/smoother";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { GAUSSIAN_FILTERS, kalmanOf } from "./filters.ts";
import { far, type Rows } from "./sarkka.ts";

interface Toolbox {
  readonly filter_mean: Rows;
  readonly filter_cov: Rows[];
  readonly smooth_mean: Rows;
  readonly smooth_cov: Rows[];
}

withReferenceData<Toolbox>(
  "calibration/nonlinear/ukf_linear_matlab.json",
  "the EKF/UKF toolbox's linear case",
  (data) => {
    const system = asStochasticSystem({
      states: 2,
      outputs: 1,
      transition: () =>
        Matrix.from([
          [1, 1],
          [0, 1],
        ]),
      processNoise: () => Matrix.diagonal([2, 2]),
      observation: () => Matrix.from([[0.5, -0.3]]),
      observationNoise: Matrix.diagonal([0.5]),
    });
    const covariance = Matrix.from([
      [1, 0.1],
      [0.1, 1],
    ]);

    test.each(GAUSSIAN_FILTERS)("is filtered and smoothed by the %s filter as printed", (_name, make) => {
      const filter = make(system, { at: 0, mean: Float64Array.of(1, 1), covariance });
      const smoothed = smooth(filter, [1, 2, 3], [[1], [2], [3]]);
      for (const step of [0, 1, 2]) {
        expect(far(smoothed.filtered.means[step]!, data.filter_mean[step]!)).toBeLessThan(1e-8);
        expect(far(smoothed.filtered.covariances[step]!.data, data.filter_cov[step]!.flat())).toBeLessThan(
          1e-8,
        );
        expect(far(smoothed.means[step]!, data.smooth_mean[step]!)).toBeLessThan(1e-8);
        expect(far(smoothed.covariances[step]!.data, data.smooth_cov[step]!.flat())).toBeLessThan(1e-8);
      }
    });
  },
);

interface Filterpy {
  readonly ukf_radar: {
    readonly dt: number;
    readonly Q: Rows;
    readonly zs: number[];
    readonly x: Rows;
    readonly P_last: Rows;
  };
  readonly kf_cv: {
    readonly F: Rows;
    readonly H: Rows;
    readonly Q: Rows;
    readonly zs: number[];
    readonly x: Rows;
    readonly P_last: Rows;
    readonly loglik_each: number[];
    readonly nis: number[];
    readonly x_smooth: Rows;
    readonly P_smooth_first: Rows;
  };
}

withReferenceData<Filterpy>(
  "calibration/kalman/filterpy_fixtures.json",
  "filterpy's recorded unscented filter",
  (data) => {
    test("a radar that sees slant range: unscented, α = 0.1, β = 2, plain and square-root", () => {
      const { dt, Q, zs, x, P_last } = data.ukf_radar;
      const system: StochasticSystem = {
        states: 3,
        outputs: 1,
        advance: ([range = 0, speed = 0, altitude = 0], _from, _to, out) =>
          out.set([range + dt * speed, speed, altitude]),
        observe: ([range = 0, , altitude = 0], _at, out) => {
          out[0] = Math.hypot(range, altitude);
        },
        processNoise: () => Matrix.from(Q),
        observationNoise: Matrix.diagonal([5]),
      };
      const start: Start = {
        at: 0,
        mean: Float64Array.of(-90, 90, 1100),
        covariance: Matrix.diagonal([100, 100, 100]),
      };
      for (const Unscented of [UnscentedKalmanFilter, SquareRootUnscentedKalmanFilter]) {
        const filter = new Unscented(system, start, { alpha: 0.1, beta: 2, kappa: 0 });
        const { means } = run(
          filter,
          zs.map((_, step) => step + 1),
          zs.map((z) => [z]),
        );
        for (const [step, mean] of means.entries()) expect(far(mean, x[step]!)).toBeLessThan(1e-8);
        expect(far(filter.covariance().data, P_last.flat())).toBeLessThan(1e-8);
      }
    });
  },
);

withReferenceData<Filterpy>(
  "calibration/kalman/filterpy_fixtures.json",
  "filterpy's recorded Kalman filter",
  (data) => {
    test("a body of constant velocity, with a process noise of rank one", () => {
      const given = data.kf_cv;
      const linear: LinearSystem = {
        states: 2,
        outputs: 1,
        transition: () => Matrix.from(given.F),
        processNoise: () => Matrix.from(given.Q),
        observation: () => Matrix.from(given.H),
        observationNoise: Matrix.diagonal([4]),
      };
      const filter = kalmanOf(asStochasticSystem(linear), {
        at: 0,
        mean: new Float64Array(2),
        covariance: Matrix.diagonal([100, 100]),
      });
      const { means, covariances, filtered } = smooth(
        filter,
        given.zs.map((_, step) => step + 1),
        given.zs.map((z) => [z]),
      );
      for (const [step, mean] of filtered.means.entries())
        expect(far(mean, given.x[step]!)).toBeLessThan(1e-10);
      for (const [step, mean] of means.entries())
        expect(far(mean, given.x_smooth[step]!)).toBeLessThan(1e-10);
      expect(far(filtered.logLikelihoods, given.loglik_each)).toBeLessThan(1e-10);
      expect(far(filtered.nis, given.nis)).toBeLessThan(1e-10);
      expect(far(filter.covariance().data, given.P_last.flat())).toBeLessThan(1e-10);
      expect(far(covariances[0]!.data, given.P_smooth_first.flat())).toBeLessThan(1e-10);
    });
  },
);
