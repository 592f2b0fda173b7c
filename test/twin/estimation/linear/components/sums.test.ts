import { loadedOn, observed, sum } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { matern, ornsteinUhlenbeck } from "@plumbline/twin/estimation/linear/components/matern";
import { regression } from "@plumbline/twin/estimation/linear/components/regression";
import { dummySeasonal } from "@plumbline/twin/estimation/linear/components/seasonal";
import { kalmanFilter } from "@plumbline/twin/estimation/linear/filter";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import { smooth } from "@plumbline/twin/estimation/linear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../../support/reference-data.ts";
import { denseSmoother, relativeError } from "../dense.ts";

const source = dice("sums");
const normals = (count: number): number[] => Array.from({ length: count }, () => source.normal());

test("a constant with known effects is generalised least squares, and several outputs may share a signal", () => {
  const rows = Array.from({ length: 12 }, (_, index) => [1, index, Math.cos(index)]);
  const signal = sum(
    loadedOn(regression({ regressors: rows }), [1, 0.5]),
    loadedOn(ornsteinUhlenbeck({ rate: 0.4, variance: 1.5 }), [1, -1]),
    loadedOn(localLevel({ variance: 0 }), [0, 1]),
  );
  const model = observed(signal, {
    noise: [
      [0.4, 0.1],
      [0.1, 0.3],
    ],
  });
  const values = rows.map(([, index]) => [
    2 + 0.3 * index! + source.normal(),
    index === 4 ? Number.NaN : source.normal(),
  ]);
  const dense = denseSmoother(
    model,
    rows.map((_, index) => index + 1),
    values,
  );
  const filtered = kalmanFilter(model, { values });
  expect(filtered.diffuseScalars).toBe(4);
  expect(filtered.logLikelihood).toBeCloseTo(dense.logLikelihood, 9);
  const mean = smooth(filtered).flatMap(({ state }) => Array.from(state.mean));
  expect(relativeError(mean, dense.mean)).toBeLessThan(1e-10);
});

test("the order of simultaneous readings does not matter", () => {
  const trend = sum(
    localLinearTrend({ levelVariance: 1, slopeVariance: 0.2 }),
    dummySeasonal({ period: 4, variance: 1 }),
  );
  const noise = [
    [1, 0.4, 0],
    [0.4, 2, -0.3],
    [0, -0.3, 0.5],
  ];
  const run = (order: number[]) => {
    const weights = order.map((index) => [1, 0.7, -1.2][index]!);
    const model = observed(loadedOn(trend, weights), {
      noise: order.map((row) => order.map((column) => noise[row]![column]!)),
    });
    const again = dice("order");
    const values = Array.from({ length: 30 }, () => {
      const row = [again.normal(), again.normal(), again.normal()];
      return order.map((index) => row[index]!);
    });
    return kalmanFilter(model, { values });
  };
  const [one, other] = [run([0, 1, 2]), run([2, 0, 1])];
  expect(Math.abs(one.logLikelihood - other.logLikelihood)).toBeLessThan(1e-9);
  one.steps.forEach(({ filtered, nis }, step) => {
    const again = other.steps[step]!;
    expect(relativeError(again.filtered.mean, filtered.mean)).toBeLessThan(1e-9);
    expect(relativeError(again.filtered.covariance.data, filtered.covariance.data)).toBeLessThan(1e-9);
    if (step > 1) expect(again.nis).toBeCloseTo(nis, 9);
  });
});

test("a local level settles where the closed form says", () => {
  const [process, noise] = [0.37, 2.5];
  const ratio = process / noise;
  const expected = ((ratio + Math.sqrt(ratio * ratio + 4 * ratio)) / 2) * noise;
  const { steps } = kalmanFilter(observed(localLevel({ variance: process }), { noise }), {
    values: normals(200),
  });
  const last = steps.at(-1)!;
  expect(last.predicted.covariance.get(0, 0)).toBeCloseTo(expected, 12);
  expect(last.scalars[0]!.gain[0]).toBeCloseTo(expected / (expected + noise), 12);
});

interface Irregular {
  readonly t: number[];
  readonly y: number[];
  readonly loglik: number;
  readonly smooth_mean: number[];
  readonly smooth_var: number[];
}

withReferenceData<{ cases: Record<string, Irregular> }>(
  "calibration/exact/irregular_sampling.json",
  "irregular sampling, start at t = 0",
  ({ cases }) => {
    const models: Record<string, LinearModel> = {
      ou: observed(ornsteinUhlenbeck({ rate: 0.35, variance: 2 }), { noise: 0.4, at: 0 }),
      local_level: observed(localLevel({ variance: 0.7, start: { covariance: [[100]] } }), {
        noise: 1.1,
        at: 0,
      }),
      local_linear_trend: observed(
        localLinearTrend({
          levelVariance: 0,
          slopeVariance: 0.05,
          time: "continuous",
          start: { covariance: Matrix.diagonal([100, 4]) },
        }),
        { noise: 0.8, at: 0 },
      ),
      matern32: observed(matern({ smoothness: 1.5, lengthScale: 3, variance: 1.5 }), { noise: 0.3, at: 0 }),
    };
    test.each(Object.keys(models))("%s: likelihood and smoother to 1e-9", (name) => {
      const { t, y, loglik, smooth_mean, smooth_var } = cases[name]!;
      const filtered = kalmanFilter(models[name]!, { times: t, values: y });
      expect(Math.abs(filtered.logLikelihood / loglik - 1)).toBeLessThan(1e-9);
      smooth(filtered).forEach(({ state }, index) => {
        expect(Math.abs(state.mean[0]! / smooth_mean[index]! - 1)).toBeLessThan(1e-9);
        expect(Math.abs(state.covariance.get(0, 0) / smooth_var[index]! - 1)).toBeLessThan(1e-9);
      });
    });
  },
);
