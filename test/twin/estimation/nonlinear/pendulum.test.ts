import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import { smooth, smoothIterated } from "@plumbline/twin/estimation/nonlinear/smoother";
import type { SquareRootFilter } from "@plumbline/twin/estimation/nonlinear/square-root-filter";
import { SquareRootUnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/square-root-unscented";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { expectMoments, rmse, type Sarkka } from "./sarkka.ts";

/** x' = [θ + Δt ω, ω − g Δt sin θ], y = sin θ; without and with its Jacobians. */
function swing({ dt, g, Q, R }: Sarkka["pendulum"]): {
  system: StochasticSystem;
  withJacobians: StochasticSystem;
} {
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
  return { system, withJacobians };
}

const start: Start = { at: 0, mean: new Float64Array(2), covariance: Matrix.identity(2) };

withReferenceData<Sarkka>(
  "calibration/nonlinear/sarkka_fixtures.json",
  "the pendulum of Särkkä and Svensson",
  (data) => {
    const { T, states, observations, expected } = data.pendulum;
    const { system, withJacobians } = swing(data.pendulum);
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
  },
);

withReferenceData<Sarkka>(
  "calibration/nonlinear/sarkka_fixtures.json",
  "the same pendulum, with iterations,",
  (data) => {
    const { T, states, observations } = data.pendulum;
    const { system, withJacobians } = swing(data.pendulum);
    const readings = observations.map((y) => [y]);

    test("is followed by the iterated filters as in print, with ten lines for each reading", () => {
      const extended = new ExtendedKalmanFilter(withJacobians, start, { iterations: 10 });
      const linearised = new GaussHermiteKalmanFilter(system, start, { order: 3, iterations: 10 });
      const errorOf = (filter: SquareRootFilter): number => rmse(run(filter, T, readings).means, states, 1);
      expect(Math.abs(errorOf(extended) - 0.16547516472119136)).toBeLessThan(1e-10);
      expect(Math.abs(errorOf(linearised) - 0.14055766458714145)).toBeLessThan(1e-10);
    });

    test.each<[string, number, () => SquareRootFilter]>([
      [
        "extended",
        0.03463604419042699,
        () => new ExtendedKalmanFilter(withJacobians, start, { iterations: 10 }),
      ],
      ["Gauss–Hermite", 0.034733224044175594, () => new GaussHermiteKalmanFilter(system, start)],
    ])("is smoothed by the iterated %s smoother as in print, in ten passes", (_name, published, make) => {
      const { means } = smoothIterated(make, T, readings, 10);
      expect(Math.abs(rmse(means, states, 1) - published)).toBeLessThan(1e-10);
    });
  },
);
