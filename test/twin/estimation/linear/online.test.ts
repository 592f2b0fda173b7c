import { observed, sum } from "@plumbline/twin/estimation/linear/components/component";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { ornsteinUhlenbeck } from "@plumbline/twin/estimation/linear/components/matern";
import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import { InteractingModels } from "@plumbline/twin/estimation/linear/interacting-models";
import { KalmanFilter } from "@plumbline/twin/estimation/linear/kalman-filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { rauchTungStriebel } from "@plumbline/twin/estimation/linear/rauch-tung-striebel";
import { simulate, simulationSmoother } from "@plumbline/twin/estimation/linear/simulation";
import { smooth } from "@plumbline/twin/estimation/linear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { randomCase, relativeError } from "./dense.ts";

const trend = observed(
  sum(
    localLinearTrend({ levelVariance: 0.3, slopeVariance: 0.1, time: "continuous" }),
    ornsteinUhlenbeck({ rate: 0.5, variance: 1 }),
  ),
  { noise: 0.7 },
);
const TIMES = [0.2, 1, 1.5, 4, 4.1, 7, 9, 12];
const VALUES = [1, 2, 1.5, Number.NaN, 4, 8, 7, 11];

describe("the filter that takes one reading at a time", () => {
  test("is the filter over the series, diffuse start included", () => {
    const filter = new KalmanFilter(trend);
    expect(filter.at).toBe(Number.NEGATIVE_INFINITY);
    const { steps, logLikelihood } = kalmanFilter(trend, { times: TIMES, values: VALUES });
    let total = 0;
    steps.forEach((step, index) => {
      filter.predict(TIMES[index]!);
      if (index === 0)
        expect(filter.covariance().diagonal().slice(0, 2)).toEqual(Float64Array.of(Infinity, Infinity));
      const result = filter.update([VALUES[index]!]);
      total += result.logLikelihood;
      expect(result.innovation).toEqual(step.innovation);
      expect(filter.mean()).toEqual(step.filtered.mean);
      if (step.stillDiffuse === undefined) expect(filter.covariance()).toEqual(step.filtered.covariance);
    });
    expect(total).toBeCloseTo(logLikelihood, 10);
  });

  test("assimilates every datum once: two half steps are one step, an empty reading changes nothing", () => {
    const one = new KalmanFilter(trend);
    const other = new KalmanFilter(trend);
    TIMES.forEach((time, index) => {
      one.predict(time);
      if (index > 0) other.predict((TIMES[index - 1]! + time) / 2);
      other.predict(time);
      const before = other.mean();
      expect(other.update([Number.NaN])).toMatchObject({ logLikelihood: 0, nis: 0, size: 0 });
      expect(other.mean()).toEqual(before);
      one.update([VALUES[index]!]);
      other.update([VALUES[index]!]);
    });
    expect(relativeError(other.mean(), one.mean())).toBeLessThan(1e-12);
    expect(relativeError(other.covariance().data, one.covariance().data)).toBeLessThan(1e-12);
  });

  test("refuses the past and readings that are not numbers", () => {
    const filter = new KalmanFilter(trend);
    filter.predict(3);
    expect(() => filter.predict(2)).toThrow(expect.objectContaining({ code: "OUT_OF_ORDER" }));
    expect(() => filter.predict(Number.NaN)).toThrow(expect.objectContaining({ code: "OUT_OF_ORDER" }));
    expect(() => filter.update([Number.POSITIVE_INFINITY])).toThrow(
      expect.objectContaining({ code: "BAD_READING" }),
    );
    expect(() => filter.update([1, 2])).toThrow(expect.objectContaining({ code: "BAD_SHAPE" }));
  });
});

test("the textbook recursion for smoothing agrees with the fast one, and keeps more digits of a huge start variance", () => {
  const { model, times, rows } = randomCase({ states: 4, outputs: 2, diffuse: 0, seed: 11 }, 20);
  const filtered = kalmanFilter(
    {
      ...model,
      transition: (elapsed, step) => {
        const transition = model.transition(elapsed, step);
        const noise = transition.noise.copy();
        for (let state = 0; state < 4; state++) noise.add(state, state, 0.1);
        return { ...transition, noise };
      },
    },
    { times, values: rows },
  );
  const fast = smooth(filtered);
  rauchTungStriebel(filtered).forEach(({ mean, covariance }, step) => {
    expect(relativeError(mean, fast[step]!.state.mean)).toBeLessThan(1e-9);
    expect(relativeError(covariance.data, fast[step]!.state.covariance.data)).toBeLessThan(1e-9);
  });
  expect(() => rauchTungStriebel(kalmanFilter(trend, { times: TIMES, values: VALUES }))).toThrow(
    expect.objectContaining({ code: "DIFFUSE" }),
  );
});

describe("simulation", () => {
  test("draws states with the smoother's mean and covariance, through the diffuse phase", () => {
    const filtered = kalmanFilter(trend, { times: TIMES, values: VALUES });
    const smoothed = smooth(filtered);
    const count = 4000;
    const paths = simulationSmoother(filtered, count, dice("paths"));
    for (const step of [0, 3, 7]) {
      const { mean, covariance } = smoothed[step]!.state;
      for (let row = 0; row < 3; row++) {
        const draws = paths.map((path) => path[step]![row]!);
        const average = draws.reduce((total, value) => total + value, 0) / count;
        const variance = draws.reduce((total, value) => total + (value - average) ** 2, 0) / (count - 1);
        // Mean ± 4.5 sd; a variance of 4000 normals has a relative sd of √(2/4000) = 2.2 %: ± 4.5 sd.
        expect(Math.abs(average - mean[row]!)).toBeLessThan(
          4.5 * Math.sqrt(covariance.get(row, row) / count),
        );
        expect(Math.abs(variance / covariance.get(row, row) - 1)).toBeLessThan(0.1);
      }
    }
    expect(simulationSmoother(filtered, 2, dice("paths"))[1]).toEqual(paths[1]);
  });

  test("draws from a model what its filter finds consistent", () => {
    const model = observed(ornsteinUhlenbeck({ rate: 0.5, variance: 2 }), { noise: 0.5 });
    const times = Array.from({ length: 4000 }, (_, index) => index * 0.7);
    const { readings } = simulate(model, times, dice("consistent"));
    const { steps } = kalmanFilter(model, { times, values: readings });
    const nis = steps.reduce((total, step) => total + step.nis, 0) / steps.length;
    // χ²(4000)/4000 has sd √(2/4000) = 0.0224: ± 4 sd.
    expect(Math.abs(nis - 1)).toBeLessThan(0.09);
  });
});

describe("models that interact", () => {
  const cv = (variance: number) =>
    linearModel({
      transition: [
        [1, 1],
        [0, 1],
      ],
      processNoise: [
        [0.25 * variance, 0.5 * variance],
        [0.5 * variance, variance],
      ],
      observation: [[1, 0]],
      observationNoise: [[4]],
      start: { at: 0, covariance: Matrix.diagonal([100, 100]) },
    });
  const switching = [
    [0.97, 0.03],
    [0.03, 0.97],
  ];

  test("are the Kalman filter when they are the same, whatever they switch", () => {
    const same = new InteractingModels({ models: [cv(0.1), cv(0.1)], switching });
    const single = new KalmanFilter(cv(0.1));
    for (let step = 1; step <= 20; step++) {
      const reading = [Math.sin(step)];
      same.predict(step);
      single.predict(step);
      expect(same.update(reading).logLikelihood).toBeCloseTo(single.update(reading).logLikelihood, 12);
    }
    expect(relativeError(same.mean(), single.mean())).toBeLessThan(1e-12);
    expect(relativeError(same.covariance().data, single.covariance().data)).toBeLessThan(1e-12);
    expect(same.probabilities()[0]).toBeCloseTo(0.5, 12);
  });

  test("find the one that fits", () => {
    const filter = new InteractingModels({ models: [cv(0.001), cv(1)], switching });
    for (let step = 1; step <= 40; step++) {
      filter.predict(step);
      filter.update([step > 20 ? 2 * (step - 20) ** 2 : 0]);
      if (step === 20) expect(filter.probabilities()[0]).toBeGreaterThan(0.8);
    }
    expect(filter.probabilities()[1]).toBeGreaterThan(0.95);
  });

  test("refuse probabilities that are none, unlike models and diffuse starts", () => {
    const make = (options: Partial<ConstructorParameters<typeof InteractingModels>[0]>) =>
      new InteractingModels({ models: [cv(1), cv(2)], switching, ...options });
    expect(() =>
      make({
        switching: [
          [0.9, 0.2],
          [0, 1],
        ],
      }),
    ).toThrow(expect.objectContaining({ code: "BAD_PROBABILITIES" }));
    expect(() => make({ weights: [0.5, 0.6] })).toThrow(
      expect.objectContaining({ code: "BAD_PROBABILITIES" }),
    );
    expect(() => make({ models: [cv(1)] })).toThrow(expect.objectContaining({ code: "BAD_SHAPE" }));
    expect(() => make({ models: [trend, trend] })).toThrow(expect.objectContaining({ code: "BAD_START" }));
  });

  withReferenceData<{ kf_cv: { zs: number[] }; imm: { x: number[][]; mu: number[][] } }>(
    "calibration/kalman/filterpy_fixtures.json",
    "two constant-velocity models",
    ({ kf_cv, imm }) => {
      test("every mean and probability to 1e-10", () => {
        const filter = new InteractingModels({ models: [cv(0.001), cv(1)], switching });
        kf_cv.zs.forEach((z, index) => {
          filter.predict(index + 1);
          filter.update([z]);
          expect(relativeError(filter.mean(), imm.x[index]!)).toBeLessThan(1e-10);
          expect(relativeError(filter.probabilities(), imm.mu[index]!)).toBeLessThan(1e-10);
        });
      });
    },
  );
});
