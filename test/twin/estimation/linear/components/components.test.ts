import { autoregression } from "@plumbline/twin/estimation/linear/components/autoregression";
import { type Component, observed } from "@plumbline/twin/estimation/linear/components/component";
import {
  continuousWhiteNoise,
  discreteWhiteNoise,
  kinematic,
} from "@plumbline/twin/estimation/linear/components/kinematic";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { matern, ornsteinUhlenbeck } from "@plumbline/twin/estimation/linear/components/matern";
import { dummySeasonal, trigonometricSeasonal } from "@plumbline/twin/estimation/linear/components/seasonal";
import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import type { Transition } from "@plumbline/twin/estimation/linear/model";
import { smooth } from "@plumbline/twin/estimation/linear/smoother";
import { cholesky, logDeterminant } from "@plumbline/twin/linear-algebra/cholesky";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { solveLower } from "@plumbline/twin/linear-algebra/triangular";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { denseSmoother, relativeError } from "../dense.ts";
import { NILE } from "../nile.ts";

const source = dice("components");
const normals = (count: number): number[] => Array.from({ length: count }, () => source.normal());
/** Irregular, with two very short intervals. */
const TIMES = [0.3, 0.9, 0.9001, 2.5, 3, 3.0000001, 7, 11.5, 12, 20];

/** ln N(y; 0, K + r I). */
function gaussianProcess(
  kernel: (lag: number) => number,
  times: number[],
  y: number[],
  noise: number,
): number {
  const covariance = new Matrix(times.length, times.length);
  times.forEach((one, row) => {
    times.forEach((other, column) => {
      covariance.set(row, column, kernel(Math.abs(one - other)) + (row === column ? noise : 0));
    });
  });
  const factor = cholesky(covariance);
  const white = solveLower(factor, new Matrix(y.length, 1, Float64Array.from(y))).data;
  const squares = white.reduce((total, value) => total + value * value, 0);
  return -0.5 * (y.length * Math.log(2 * Math.PI) + logDeterminant(factor) + squares);
}

describe("stationary processes in continuous time have the likelihood of their covariance function", () => {
  const y = normals(TIMES.length);
  const decay = (x: number): number => Math.exp(-x);
  test.each([
    [
      "Ornstein–Uhlenbeck",
      ornsteinUhlenbeck({ rate: 0.35, variance: 2 }),
      (lag: number) => 2 * decay(0.35 * lag),
    ],
    [
      "Matérn-1/2",
      matern({ smoothness: 0.5, lengthScale: 3, variance: 1.5 }),
      (lag: number) => 1.5 * decay(lag / 3),
    ],
    [
      "Matérn-3/2",
      matern({ smoothness: 1.5, lengthScale: 3, variance: 1.5 }),
      (lag: number) => 1.5 * (1 + (Math.sqrt(3) * lag) / 3) * decay((Math.sqrt(3) * lag) / 3),
    ],
    [
      "Matérn-5/2",
      matern({ smoothness: 2.5, lengthScale: 3, variance: 1.5 }),
      (lag: number) =>
        1.5 * (1 + (Math.sqrt(5) * lag) / 3 + (5 * lag * lag) / 27) * decay((Math.sqrt(5) * lag) / 3),
    ],
  ])("%s", (_name, component, kernel) => {
    const value = logLikelihood(observed(component, { noise: 0.3 }), {
      times: TIMES,
      values: y,
    }).logLikelihood;
    expect(Math.abs(value / gaussianProcess(kernel, TIMES, y, 0.3) - 1)).toBeLessThan(1e-9);
  });
});

describe("Q scales with elapsed time", () => {
  const whole = 3;
  const every: [string, Component, number[]][] = [
    ["local level", localLevel({ variance: 0.7 }), [0.4, 1.1, 1.5]],
    [
      "continuous trend",
      localLinearTrend({ levelVariance: 0.1, slopeVariance: 0.2, time: "continuous" }),
      [0.4, 2.6],
    ],
    ["constant velocity", kinematic({ order: 2, intensity: 0.3 }), [1, 2]],
    ["constant jerk", kinematic({ order: 4, intensity: 0.3 }), [0.1, 0.2, 2.7]],
    ["Ornstein–Uhlenbeck", ornsteinUhlenbeck({ rate: 0.3, variance: 2 }), [0.5, 2.5]],
    ["Matérn-3/2", matern({ smoothness: 1.5, lengthScale: 2, variance: 2 }), [1e-4, 2.9999]],
    ["Matérn-5/2", matern({ smoothness: 2.5, lengthScale: 2, variance: 2 }), [0.01, 2.99]],
    ["sine waves", trigonometricSeasonal({ period: 7, variance: 0.2 }), [0.5, 2.5]],
    ["trend in steps", localLinearTrend({ levelVariance: 1, slopeVariance: 0.2 }), [1, 1, 1]],
    ["autoregression", autoregression({ coefficients: [0.5, -0.3, 0.1], variance: 2 }), [1, 2]],
    ["dummy seasonal", dummySeasonal({ period: 4, variance: 1 }), [2, 1]],
  ];
  test.each(every)("%s: the parts of an interval make the whole", (_name, component, parts) => {
    const { states } = component;
    let total: Transition = { matrix: Matrix.identity(states), noise: new Matrix(states, states) };
    for (const part of parts) total = after(total, component.transition(part, 0));
    const direct = component.transition(whole, 0);
    expect(relativeError(total.matrix.data, direct.matrix.data)).toBeLessThan(1e-13);
    expect(relativeError(total.noise.data, direct.noise.data)).toBeLessThan(1e-13);
  });

  test.each(every)("%s: a missing reading is a prediction and nothing else", (_name, component) => {
    const model = observed(component, { noise: 0.5 });
    const [a, b, c] = normals(3) as [number, number, number];
    const skipped = kalmanFilter(model, { times: [1, 2, 4], values: [a, b, c] });
    const missing = kalmanFilter(model, { times: [1, 2, 3, 4], values: [a, b, Number.NaN, c] });
    expect(missing.logLikelihood).toBeCloseTo(skipped.logLikelihood, 12);
    expect(relativeError(missing.steps[3]!.filtered.mean, skipped.steps[2]!.filtered.mean)).toBeLessThan(
      1e-12,
    );
    expect(missing.steps[2]!.filtered).toEqual(missing.steps[2]!.predicted);
    expect(missing.steps[2]).toMatchObject({ nis: 0, size: 0 });
  });

  function after(first: Transition, second: Transition): Transition {
    const size = first.matrix.rows;
    const matrix = new Matrix(size, size);
    const noise = second.noise.copy();
    const { matrix: f } = second;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        for (let k = 0; k < size; k++) {
          matrix.add(i, j, f.get(i, k) * first.matrix.get(k, j));
          for (let l = 0; l < size; l++) noise.add(i, j, f.get(i, k) * first.noise.get(k, l) * f.get(j, l));
        }
    return { matrix, noise };
  }
});

describe("autoregression", () => {
  test("starts from its stationary distribution", () => {
    expect(autoregression({ coefficients: [0.6], variance: 2 }).start.covariance.get(0, 0)).toBeCloseTo(
      2 / 0.64,
      12,
    );
    const [a, b] = [0.5, -0.3];
    const variance = (1 - b) / ((1 + b) * ((1 - b) ** 2 - a ** 2));
    expect(autoregression({ coefficients: [a, b], variance: 1 }).start.covariance.get(0, 0)).toBeCloseTo(
      variance,
      12,
    );
    // MA(1): γ₀ = (1 + θ²) σ².
    const moving = autoregression({ coefficients: [], movingAverage: [0.4], variance: 3 });
    expect(moving.start.covariance.get(0, 0)).toBeCloseTo(3 * 1.16, 12);
    // Nearly a unit root: σ²/(1 − φ²).
    const slow = autoregression({ coefficients: [1 - 1e-9], variance: 1 });
    expect(slow.start.covariance.get(0, 0) * (1 - (1 - 1e-9) ** 2)).toBeCloseTo(1, 6);
  });

  test("of order four with half its readings missing equals dense algebra", () => {
    const model = observed(autoregression({ coefficients: [0.5, 0.2, -0.3, 0.1], variance: 2 }), {
      noise: 0.1,
    });
    const values = normals(24).map((value, index) => (index % 3 === 1 || index > 18 ? Number.NaN : value));
    const dense = denseSmoother(
      model,
      values.map((_, index) => index + 1),
      values.map((value) => [value]),
    );
    const filtered = kalmanFilter(model, { values });
    expect(filtered.logLikelihood).toBeCloseTo(dense.logLikelihood, 10);
    const mean = smooth(filtered).flatMap(({ state }) => Array.from(state.mean));
    expect(relativeError(mean, dense.mean)).toBeLessThan(1e-10);
  });

  test("refuses a start that does not exist, and takes another", () => {
    expect(() => autoregression({ coefficients: [1.1], variance: 1 })).toThrow(/unit circle/);
    expect(() => autoregression({ coefficients: [0.5, 0.5], variance: 1 })).toThrow(/unit circle/);
    const walk = autoregression({ coefficients: [1], variance: 1469.1, start: { diffuse: "all" } });
    expect(logLikelihood(observed(walk, { noise: 15099 }), { values: NILE }).logLikelihood).toBeCloseTo(
      -632.545625115673,
      9,
    );
  });
});

test("the white-noise matrices are the usual ones", () => {
  const rows = (matrix: Matrix) => Array.from(matrix.data);
  expect(rows(discreteWhiteNoise(3, 0.5, 2))).toEqual([0.03125, 0.125, 0.25, 0.125, 0.5, 1, 0.25, 1, 2]);
  expect(rows(discreteWhiteNoise(2, 1, 0.05))).toEqual([0.0125, 0.025, 0.025, 0.05]);
  expect(
    relativeError(continuousWhiteNoise(3, 0.5, 2).data, [
      0.003125,
      0.015625,
      1 / 24,
      0.015625,
      1 / 12,
      0.25,
      1 / 24,
      0.25,
      1,
    ]),
  ).toBeLessThan(1e-15);
});
