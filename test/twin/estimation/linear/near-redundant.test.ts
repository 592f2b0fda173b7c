import { autoregression } from "@plumbline/twin/estimation/linear/components/autoregression";
import { observed, sum } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { regression } from "@plumbline/twin/estimation/linear/components/regression";
import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { gate } from "@plumbline/twin/estimation/linear/robust";
import { smooth, smoothFixedLag } from "@plumbline/twin/estimation/linear/smoother";
import type { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { describe, expect, test } from "vitest";
import { denseSmoother, relativeError } from "./dense.ts";

const FORMS = ["sequential", "ud", "square-root"] as const;
const GAPS = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
const VALUES = [1, 1.2, 2, 2.9, 4.1];
const NOISE = 0.1;

/** Straight line by least squares: Var(a + b t) = r (1/n + (t − t̄)²/S), Var(b) = r/S. */
function line(times: readonly number[]) {
  const middle = times.reduce((total, time) => total + time, 0) / times.length;
  const squares = times.reduce((total, time) => total + (time - middle) ** 2, 0);
  const slope = times.reduce((total, time, k) => total + (time - middle) * VALUES[k]!, 0) / squares;
  const mean = VALUES.reduce((total, value) => total + value, 0) / times.length;
  return {
    slope,
    slopeVariance: NOISE / squares,
    levels: times.map((time) => mean + slope * (time - middle)),
    levelVariances: times.map((time) => NOISE * (1 / times.length + (time - middle) ** 2 / squares)),
  };
}

const leastEigenvalue = (matrix: Matrix): number => Math.min(...symmetricEigen(matrix).values);

describe("two readings that say nearly the same end the diffuse phase", () => {
  for (const form of FORMS) {
    test.each(GAPS)(
      `form ${form}: a straight line from readings %f apart is that of least squares`,
      (gap) => {
        const times = [0, gap, 1, 2, 3];
        const trend = localLinearTrend({ levelVariance: 0, slopeVariance: 0, time: "continuous" });
        const filtered = kalmanFilter(observed(trend, { noise: NOISE }), { times, values: VALUES }, { form });
        const states = smooth(filtered).map(({ state }) => state);
        const exact = line(times);
        const entries = (row: number) => states.map(({ covariance }) => covariance.get(row, row));
        const means = (row: number) => states.map(({ mean }) => mean[row]!);
        expect(relativeError(entries(0), exact.levelVariances)).toBeLessThan(1e-10);
        expect(relativeError(entries(1), new Array(5).fill(exact.slopeVariance))).toBeLessThan(1e-10);
        expect(relativeError(means(0), exact.levels)).toBeLessThan(1e-8);
        expect(relativeError(means(1), new Array(5).fill(exact.slope))).toBeLessThan(1e-8);
        for (const { covariance } of states) expect(leastEigenvalue(covariance)).toBeGreaterThanOrEqual(0);
        for (const { covariance } of smoothFixedLag(filtered, 4).slice(0, 1))
          expect(covariance.get(1, 1) / exact.slopeVariance).toBeCloseTo(1, 10);
      },
    );

    test(`form ${form}: so do effects of regressors that differ by a ten-thousandth`, () => {
      const along = [1, 1.0001, 2, 3, 4];
      const model = observed(regression({ regressors: along.map((entry) => [1, entry]) }), { noise: NOISE });
      const exact = line(along);
      for (const { state } of smooth(kalmanFilter(model, { values: VALUES }, { form }))) {
        expect(state.covariance.get(1, 1) / exact.slopeVariance).toBeCloseTo(1, 10);
        expect(state.mean[1]! / exact.slope).toBeCloseTo(1, 8);
      }
    });
  }

  // The information of all states stacked, inverted in 60 digits: gap, slope variances, level variances, lag-one of levels.
  test.each([
    [
      1e-4,
      [0.00474214539059583, 0.00474213539069013, 0.00466098708802257, 0.00462233301894989],
      [0.0345544887701746, 0.0345525719754842, 0.0203860171315093, 0.0149927888392784],
      [0.0345534803500944, 0.0248204711348185, 0.0151186107065207],
    ],
    [
      1e-6,
      [0.00474205949553286, 0.00474205939553287, 0.00466090301743151, 0.00462225052803256],
      [0.0345538106758557, 0.0345537915079448, 0.0203857934916167, 0.0149927792450002],
      [0.034553800591898, 0.0248205347302235, 0.0151185337465574],
    ],
  ])(
    "a wandering trend with readings %f apart has the variances of exact arithmetic",
    (gap, slopes, levels, lags) => {
      const trend = localLinearTrend({ levelVariance: 1e-3, slopeVariance: 1e-4, time: "continuous" });
      const readings = { times: [0, gap, 1, 2, 3, 4, 5], values: [1, 1.2, 2, 2.9, 4.1, 5, 6] };
      for (const form of FORMS) {
        const smoothed = smooth(kalmanFilter(observed(trend, { noise: NOISE }), readings, { form })).slice(
          0,
          4,
        );
        const variance = (row: number) => smoothed.map(({ state }) => state.covariance.get(row, row));
        expect(relativeError(variance(1), slopes)).toBeLessThan(1e-10);
        expect(relativeError(variance(0), levels)).toBeLessThan(1e-10);
        expect(
          relativeError(
            smoothed.slice(1).map(({ lagOne }) => lagOne!.get(0, 0)),
            lags,
          ),
        ).toBeLessThan(1e-10);
      }
    },
  );
});

test("a proper start variance of 10¹² leaves the smoother its digits too", () => {
  const model = linearModel({
    transition: [
      [1, 1],
      [0, 1],
    ],
    processNoise: [
      [0, 0],
      [0, 0],
    ],
    observation: [[1, 0]],
    observationNoise: [[NOISE]],
    start: {
      covariance: [
        [1e12, 0],
        [0, 1e12],
      ],
    },
  });
  const exact = line([0, 1, 2, 3, 4]);
  for (const { state } of smooth(kalmanFilter(model, { values: VALUES }, { form: "ud" })))
    expect(state.covariance.get(1, 1) / exact.slopeVariance).toBeCloseTo(1, 10);
});

test("readings without noise are smoothed as what they are: certain", () => {
  const arma = autoregression({ coefficients: [0.7, -0.2], movingAverage: [0.4], variance: 0.5 });
  const model = observed(sum(arma, localLevel({ variance: 0 })), { noise: 0 });
  const values = [3, 3.4, Number.NaN, 2.1, 2.8, 3.3, Number.NaN, Number.NaN, 2.9, 3.1];
  const times = values.map((_, index) => index + 1);
  const dense = denseSmoother(
    model,
    times,
    values.map((value) => [value]),
  );
  smooth(kalmanFilter(model, { times, values })).forEach(({ state }, step) => {
    expect(relativeError(state.mean, dense.mean.subarray(3 * step, 3 * step + 3))).toBeLessThan(1e-8);
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++)
        expect(
          Math.abs(
            state.covariance.get(row, column) - dense.covariance.get(3 * step + row, 3 * step + column),
          ),
        ).toBeLessThan(1e-10);
    expect(leastEigenvalue(state.covariance)).toBeGreaterThanOrEqual(-1e-15);
  });
});

test("where a gate gave in, the smoother keeps the jump: neither side pulls the other", () => {
  const model = observed(localLevel({ variance: 1e-4 }), { noise: 0.04 });
  const values = Array.from({ length: 40 }, (_, index) => (index < 20 ? 0 : 10) + 0.1 * Math.sin(7 * index));
  const filtered = kalmanFilter(model, { values }, { robust: gate({ reacquireAfter: 3 }) });
  const jumped = filtered.steps.findIndex(({ widened }) => widened !== 1);
  expect(jumped).toBe(23);
  const smoothed = smooth(filtered).map(({ state }) => state.mean[0]!);
  // Readings 20 to 22 were left out as outliers; the jump is where the gate gave in.
  for (const level of smoothed.slice(0, jumped)) expect(Math.abs(level)).toBeLessThan(0.25);
  for (const level of smoothed.slice(jumped)) expect(Math.abs(level - 10)).toBeLessThan(0.25);
});
