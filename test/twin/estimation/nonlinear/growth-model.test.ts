import { CubatureKalmanFilter } from "@plumbline/twin/estimation/nonlinear/cubature-kalman";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { run } from "@plumbline/twin/estimation/nonlinear/run";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice as productDice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { mean } from "../../../support/statistics.ts";

/** The growth model of Kitagawa and of Gordon, Salmond & Smith: its likelihood has two modes, ±√(20 y). */
const GROWTH: StochasticSystem = {
  states: 1,
  outputs: 1,
  advance: ([x = 0], _from, to, out) => {
    out[0] = x / 2 + (25 * x) / (1 + x * x) + 8 * Math.cos(1.2 * to);
  },
  observe: ([x = 0], _at, out) => {
    out[0] = (x * x) / 20;
  },
  processNoise: () => Matrix.diagonal([10]),
  observationNoise: Matrix.diagonal([1]),
  transitionJacobian: ([x = 0]) => Matrix.diagonal([0.5 + (25 * (1 - x * x)) / (1 + x * x) ** 2]),
  observationJacobian: ([x = 0]) => Matrix.diagonal([x / 10]),
};
const START = { at: 0, mean: new Float64Array(1), covariance: Matrix.diagonal([2]) };
const TIMES = Array.from({ length: 100 }, (_, step) => step + 1);

/** RMSE over 100 series of 100 steps, and its standard error, by independent code; mean NEES. */
const FILTERS: readonly [string, () => Filter, number, number, number][] = [
  ["extended", () => new ExtendedKalmanFilter(GROWTH, START), 20.294855703063753, 0.7504230881589443, 3687],
  [
    "unscented, κ = 2",
    () => new UnscentedKalmanFilter(GROWTH, START, { kappa: 2 }),
    11.471679005849124,
    0.21487142157844744,
    33,
  ],
  ["cubature", () => new CubatureKalmanFilter(GROWTH, START), 13.371572829424931, 0.27149239306743644, 105],
  [
    "Gauss–Hermite 5",
    () => new GaussHermiteKalmanFilter(GROWTH, START, { order: 5 }),
    10.045735200796159,
    0.19527437690482063,
    21,
  ],
];

function simulate(seed: number): { states: number[]; readings: number[][] } {
  const dice = productDice(`growth model ${seed}`);
  const image = new Float64Array(1);
  let state = Math.SQRT2 * dice.normal();
  const states: number[] = [];
  const readings: number[][] = [];
  for (const time of TIMES) {
    GROWTH.advance(Float64Array.of(state), time - 1, time, image);
    state = image[0]! + Math.sqrt(10) * dice.normal();
    GROWTH.observe(Float64Array.of(state), time, image);
    states.push(state);
    readings.push([image[0]! + dice.normal()]);
  }
  return { states, readings };
}

describe("on the growth model, over a hundred series,", () => {
  const series = Array.from({ length: 100 }, (_, seed) => simulate(seed));

  test.each(FILTERS)(
    "the %s filter errs as much as published, and is over-confident by an order of magnitude",
    (_name, make, published, error) => {
      const errors: number[] = [];
      const nees: number[] = [];
      for (const { states, readings } of series) {
        const { means, covariances } = run(make(), TIMES, readings);
        const squares = states.map((state, step) => (means[step]![0]! - state) ** 2);
        errors.push(Math.sqrt(mean(squares)));
        nees.push(mean(squares.map((square, step) => square / covariances[step]!.data[0]!)));
      }
      const found = mean(errors);
      const own = Math.sqrt(mean(errors.map((value) => (value - found) ** 2)) / (errors.length - 1));
      // Two independent means: their difference has variance own² + error²; four sds leave 6e-5.
      expect(Math.abs(found - published)).toBeLessThan(4 * Math.hypot(own, error));
      expect(mean(nees)).toBeGreaterThan(10);
    },
  );
});

interface Exact {
  readonly y: number[];
  readonly exact: { readonly loglik: number; readonly filter_mean: number[]; readonly filter_var: number[] };
}

withReferenceData<Exact>(
  "calibration/nonlinear/ungm_exact.json",
  "the growth model's exact filter",
  ({ y, exact }) => {
    test.each(FILTERS)(
      "shows what the %s filter lacks: its log-likelihood falls short of the exact one",
      (_name, make) => {
        const { logLikelihood } = run(
          make(),
          TIMES,
          y.map((value) => [value]),
        );
        expect(logLikelihood).toBeLessThan(exact.loglik - 20);
      },
    );

    test("is approached by Gauss–Hermite rules in their first step, which has one mode before the reading", () => {
      // E[f(x)] and Var[f(x)] + 10 under N(0, 2) by a rule of 32 nodes, against the trapezoid rule.
      const filter = new GaussHermiteKalmanFilter(GROWTH, START, { order: 32 });
      filter.predict(1);
      let [mass, first, second] = [0, 0, 0];
      const image = new Float64Array(1);
      for (let x = -15; x <= 15; x += 1e-3) {
        GROWTH.advance(Float64Array.of(x), 0, 1, image);
        const weight = Math.exp((-x * x) / 4);
        mass += weight;
        first += weight * image[0]!;
        second += weight * image[0]! ** 2;
      }
      expect(filter.mean()[0]).toBeCloseTo(first / mass, 8);
      expect(filter.covariance().get(0, 0) / (second / mass - (first / mass) ** 2 + 10)).toBeCloseTo(1, 1);
    });
  },
);
