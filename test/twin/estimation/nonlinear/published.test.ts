import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { asStochasticSystem, type LinearSystem } from "@plumbline/twin/estimation/nonlinear/linear-kalman";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import { type Smoothed, smooth } from "@plumbline/twin/estimation/nonlinear/smoother";
import type { SquareRootFilter } from "@plumbline/twin/estimation/nonlinear/square-root-filter";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { GAUSSIAN_FILTERS, kalmanOf } from "./filters.ts";

type Rows = number[][];

interface Expected {
  readonly rmse_filter_angle: number;
  readonly rmse_smoother_angle: number;
  readonly loglik: number;
  readonly filter_mean: Record<string, number[]>;
  readonly filter_cov: Record<string, Rows>;
  readonly smooth_mean: Record<string, number[]>;
  readonly smooth_cov: Record<string, Rows>;
}

interface Sarkka {
  readonly pendulum: {
    readonly dt: number;
    readonly g: number;
    readonly Q: Rows;
    readonly R: number;
    readonly T: number[];
    readonly states: Rows;
    readonly observations: number[];
    readonly expected: Record<"ekf" | "ukf" | "ckf" | "gh5", Expected>;
  };
  readonly car_track: {
    readonly A: Rows;
    readonly Q: Rows;
    readonly H: Rows;
    readonly R: Rows;
    readonly m0: number[];
    readonly states: Rows;
    readonly observations: Rows;
  };
}

const far = (left: ArrayLike<number>, right: ArrayLike<number>): number =>
  Math.max(...Array.from(left, (value, index) => Math.abs(value - right[index]!)));

const rmse = (means: readonly Float64Array[], states: Rows, size: number): number => {
  let sum = 0;
  for (const [step, mean] of means.entries())
    for (let index = 0; index < size; index++) sum += (mean[index]! - states[step]![index]!) ** 2;
  return Math.sqrt(sum / means.length);
};

function expectMoments(
  smoothed: Smoothed,
  expected: Omit<Expected, "rmse_filter_angle" | "rmse_smoother_angle">,
): void {
  const { filtered } = smoothed;
  for (const [step, mean] of Object.entries(expected.filter_mean))
    expect(far(filtered.means[Number(step)]!, mean)).toBeLessThan(1e-10);
  for (const [step, rows] of Object.entries(expected.filter_cov))
    expect(far(filtered.covariances[Number(step)]!.data, rows.flat())).toBeLessThan(1e-10);
  for (const [step, mean] of Object.entries(expected.smooth_mean))
    expect(far(smoothed.means[Number(step)]!, mean)).toBeLessThan(1e-10);
  for (const [step, rows] of Object.entries(expected.smooth_cov))
    expect(far(smoothed.covariances[Number(step)]!.data, rows.flat())).toBeLessThan(1e-10);
  expect(Math.abs(filtered.logLikelihood - expected.loglik)).toBeLessThan(1e-9);
}

withReferenceData<Sarkka>(
  "calibration/nonlinear/sarkka_fixtures.json",
  "the pendulum of Särkkä and Svensson",
  (data) => {
    const { dt, g, Q, R, T, states, observations, expected } = data.pendulum;
    const system: StochasticSystem = {
      states: 2,
      outputs: 1,
      advance: ([angle = 0, rate = 0], _from, _to, out) => {
        out[0] = angle + dt * rate;
        out[1] = rate - g * dt * Math.sin(angle);
      },
      observe: ([angle = 0], _at, out) => {
        out[0] = Math.sin(angle);
      },
      processNoise: () => Matrix.from(Q),
      observationNoise: Matrix.diagonal([R]),
    };
    const withJacobians: StochasticSystem = {
      ...system,
      transitionJacobian: ([angle = 0]) =>
        Matrix.from([
          [1, dt],
          [-g * dt * Math.cos(angle), 1],
        ]),
      observationJacobian: ([angle = 0]) => Matrix.from([[Math.cos(angle), 0]]),
    };
    const start: Start = { at: 0, mean: new Float64Array(2), covariance: Matrix.identity(2) };
    const readings = observations.map((y) => [y]);
    const published = { alpha: 1, beta: 0, kappa: 1 };

    test.each<[string, () => SquareRootFilter, number, number, keyof typeof expected]>([
      [
        "extended",
        () => new ExtendedKalmanFilter(withJacobians, start),
        0.16830859061153763,
        0.057446202494837,
        "ekf",
      ],
      [
        "extended, by differences",
        () => new ExtendedKalmanFilter(system, start),
        0.16830859061153763,
        0.057446202494837,
        "ekf",
      ],
      [
        "unscented",
        () => new UnscentedKalmanFilter(system, start, published),
        0.09524392125923083,
        0.036617555415464256,
        "ukf",
      ],
      [
        "square-root unscented",
        () => new SquareRootUnscentedKalmanFilter(system, start, published),
        0.09524392125923083,
        0.036617555415464256,
        "ukf",
      ],
      [
        "cubature",
        () => new CubatureKalmanFilter(system, start),
        0.1141966031380275,
        0.04064624229594188,
        "ckf",
      ],
      [
        "Gauss–Hermite 5",
        () => new GaussHermiteKalmanFilter(system, start, { order: 5 }),
        0.0998062421916222,
        0.03710181978632009,
        "gh5",
      ],
    ])("is followed and smoothed by the %s filter as in print", (_name, make, filter, smoother, key) => {
      const smoothed = smooth(make(), T, readings);
      expect(Math.abs(rmse(smoothed.filtered.means, states, 1) - filter)).toBeLessThan(1e-10);
      expect(Math.abs(rmse(smoothed.means, states, 1) - smoother)).toBeLessThan(1e-10);
      expectMoments(smoothed, expected[key]);
    });

    test("is followed by the iterated filters as in print, with ten lines for each reading", () => {
      const extended = new ExtendedKalmanFilter(withJacobians, start, { iterations: 10 });
      const linearised = new GaussHermiteKalmanFilter(system, start, { order: 3, iterations: 10 });
      const errorOf = (filter: SquareRootFilter): number => rmse(run(filter, T, readings).means, states, 1);
      expect(Math.abs(errorOf(extended) - 0.16547516472119136)).toBeLessThan(1e-10);
      expect(Math.abs(errorOf(linearised) - 0.14055766458714145)).toBeLessThan(1e-10);
    });
  },
);

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
  "filterpy's recorded outputs",
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
