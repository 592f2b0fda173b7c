import type { FormName } from "@plumbline/twin/estimation/linear/covariance-form";
import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import type { Filtered } from "@plumbline/twin/estimation/linear/filtered";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import { type SmoothedStep, smooth } from "@plumbline/twin/estimation/linear/smoother";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { relativeError } from "./dense.ts";
import { NILE } from "./nile.ts";

const FORMS: FormName[] = ["sequential", "ud", "square-root"];

/** What KFAS prints: one row per time, vectors of n, matrices of n × n. */
interface Kfas {
  readonly logLik_KFAS: number;
  readonly d?: number;
  readonly a: number[][];
  readonly P: number[][][];
  readonly att: number[][];
  readonly Ptt: number[][][];
  readonly alphahat: number[][];
  readonly V: number[][][];
  readonly v?: (number | null)[];
  readonly F?: (number | null)[];
  readonly Finf?: number | number[];
  readonly epshat?: (number | null)[];
  readonly V_eps?: (number | null)[];
  readonly etahat?: number[][];
}

const level = (start: { diffuse: "all" } | { covariance: number[][] }): LinearModel =>
  linearModel({
    transition: [[1]],
    processNoise: [[1469.1]],
    observation: [[1]],
    observationNoise: [[15099]],
    start,
  });
const trend = linearModel({
  transition: [
    [1, 1],
    [0, 1],
  ],
  processNoise: Matrix.diagonal([1000, 10]),
  observation: [[1, 0]],
  observationNoise: [[15099]],
  start: { diffuse: "all" },
});
const basicStructural = linearModel({
  transition: [
    [1, 1, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 0, -1, -1, -1],
    [0, 0, 1, 0, 0],
    [0, 0, 0, 1, 0],
  ],
  processNoise: Matrix.diagonal([1e-6, 1e-6, 7e-4, 0, 0]),
  observation: [[1, 0, 1, 0, 0]],
  observationNoise: [[1e-5]],
  start: { diffuse: "all" },
});

/** Every number that KFAS gives for one run, at 1e-8 of the largest of its kind. */
function expectEqual(filtered: Filtered, smoothed: SmoothedStep[], expected: Kfas, noisy: number[]): void {
  expect(Math.abs(filtered.logLikelihood - expected.logLik_KFAS)).toBeLessThan(1e-7);
  if (expected.d !== undefined) expect(filtered.diffuseScalars).toBe(expected.d);
  const close = (actual: ArrayLike<number>, reference: ArrayLike<number>): void =>
    expect(relativeError(actual, reference)).toBeLessThan(1e-8);
  filtered.steps.forEach(({ predicted, filtered: posterior, scalars, innovation }, t) => {
    close(predicted.mean, expected.a[t]!);
    close(predicted.covariance.data, expected.P[t]!.flat());
    close(posterior.mean, expected.att[t]!);
    close(posterior.covariance.data, expected.Ptt[t]!.flat());
    close(smoothed[t]!.state.mean, expected.alphahat[t]!);
    close(smoothed[t]!.state.covariance.data, expected.V[t]!.flat());
    const [scalar] = scalars;
    if (scalar === undefined) return;
    if (expected.v) close(innovation, [expected.v[t]!]);
    if (expected.F) close([scalar.variance], [expected.F[t]!]);
    if (expected.Finf && scalar.diffuse) close([scalar.diffuse.variance], [[expected.Finf].flat()[t]!]);
    if (expected.epshat) close(smoothed[t]!.observationNoise.mean, [expected.epshat[t]!]);
    if (expected.V_eps) close(smoothed[t]!.observationNoise.covariance.data, [expected.V_eps[t]!]);
  });
  const scale = Math.max(...(expected.etahat ?? []).flat().map(Math.abs));
  expected.etahat?.slice(0, -1).forEach((eta, t) => {
    noisy.forEach((state, index) => {
      expect(Math.abs(smoothed[t + 1]!.stateNoise!.mean[state]! - eta[index]!)).toBeLessThan(1e-8 * scale);
    });
  });
}

const gaps = (values: number[]): number[] =>
  values.map((value, t) => ((t >= 20 && t < 40) || (t >= 60 && t < 80) ? Number.NaN : value));

describe.each(FORMS)("form %s", (form) => {
  test("gives the published log-likelihoods of the Nile in either convention", () => {
    const diffuse = level({ diffuse: "all" });
    const value = (model: LinearModel, values: number[], convention?: "omit" | "count") =>
      logLikelihood(model, { values }, { form, ...(convention && { diffuse: convention }) }).logLikelihood;
    expect(value(diffuse, NILE)).toBeCloseTo(-632.545625115673, 9);
    expect(value(diffuse, NILE, "count")).toBeCloseTo(-633.464563649, 8);
    expect(value(diffuse, gaps(NILE))).toBeCloseTo(-380.587062775303, 9);
    expect(value(level({ covariance: [[1e7]] }), NILE)).toBeCloseTo(-641.585578459415, 9);
    expect(value(trend, NILE)).toBeCloseTo(-631.57033972804, 9);
  });

  withReferenceData<{ y: number[]; diffuse: Kfas; missing_21_40_61_80: Kfas; proper_prior_a0_P1e7: Kfas }>(
    "calibration/kalman/nile.json",
    "Nile, local level: every state, variance and noise",
    (data) => {
      const run = (model: LinearModel, values: number[], expected: Kfas): void => {
        const filtered = kalmanFilter(model, { values }, { form });
        expectEqual(filtered, smooth(filtered), expected, [0]);
      };
      test("with a diffuse start", () => run(level({ diffuse: "all" }), data.y, data.diffuse));
      test("with two gaps of twenty years", () =>
        run(level({ diffuse: "all" }), gaps(data.y), data.missing_21_40_61_80));
      test("with a proper start", () =>
        run(level({ covariance: [[1e7]] }), data.y, data.proper_prior_a0_P1e7));
    },
  );

  withReferenceData<{ y: number[]; fixed: Kfas }>(
    "calibration/kalman/nile_llt.json",
    "Nile, local linear trend: every state, variance and noise",
    ({ y, fixed }) => {
      test("through the two diffuse steps", () => {
        const filtered = kalmanFilter(trend, { values: y }, { form });
        expectEqual(filtered, smooth(filtered), fixed, [0, 1]);
      });
    },
  );

  withReferenceData<{ y_log10: number[]; fixed: Kfas }>(
    "calibration/kalman/ukgas.json",
    "UK gas, basic structural model: every state, variance and noise",
    ({ y_log10, fixed }) => {
      test("through the five diffuse steps", () => {
        const filtered = kalmanFilter(basicStructural, { values: y_log10 }, { form });
        expectEqual(filtered, smooth(filtered), fixed, [0, 1, 2]);
      });
    },
  );

  withReferenceData<Robot>(
    "calibration/kalman/robot_em.json",
    "robot, five states and two correlated outputs",
    (data) => {
      test("filter, smoother and log-likelihood", () => {
        const filtered = kalmanFilter(robotModel(data), { values: data.y }, { form });
        const smoothed = smooth(filtered);
        const { expected } = data;
        expect(Math.abs(filtered.logLikelihood - expected.loglik_at_true)).toBeLessThan(1e-7);
        filtered.steps.forEach(({ filtered: posterior }, t) => {
          // Printed to ten decimals.
          expect(relativeError(posterior.mean, expected.filtered_mean_500[t + 1]!)).toBeLessThan(1e-8);
          expect(relativeError(smoothed[t]!.state.mean, expected.smoothed_mean[t + 1]!)).toBeLessThan(1e-8);
        });
        for (const [t, covariance] of Object.entries(expected.filtered_cov))
          expect(
            relativeError(filtered.steps[Number(t) - 1]!.filtered.covariance.data, covariance.flat()),
          ).toBeLessThan(1e-8);
        for (const [t, covariance] of Object.entries(expected.smoothed_cov))
          expect(
            relativeError(smoothed[Number(t) - 1]!.state.covariance.data, covariance.flat()),
          ).toBeLessThan(1e-8);
      });
    },
  );

  withReferenceData<{ kf_cv: ConstantVelocity }>(
    "calibration/kalman/filterpy_fixtures.json",
    "constant velocity, predict then update",
    ({ kf_cv }) => {
      test("means, covariance, likelihoods, NIS and smoother to 1e-12", () => {
        const model = linearModel({
          transition: kf_cv.F,
          processNoise: kf_cv.Q,
          observation: kf_cv.H,
          observationNoise: [[kf_cv.R]],
          start: { at: 0, mean: kf_cv.x0, covariance: Matrix.diagonal([100, 100]) },
        });
        const filtered = kalmanFilter(model, { values: kf_cv.zs }, { form });
        const smoothed = smooth(filtered);
        filtered.steps.forEach(({ filtered: { mean }, nis }, t) => {
          expect(relativeError(mean, kf_cv.x[t]!)).toBeLessThan(1e-12);
          expect(Math.abs(nis - kf_cv.nis[t]!)).toBeLessThan(1e-12);
          expect(relativeError(smoothed[t]!.state.mean, kf_cv.x_smooth[t]!)).toBeLessThan(1e-11);
        });
        expect(
          relativeError(filtered.steps.at(-1)!.filtered.covariance.data, kf_cv.P_last.flat()),
        ).toBeLessThan(1e-12);
        expect(relativeError(smoothed[0]!.state.covariance.data, kf_cv.P_smooth_first.flat())).toBeLessThan(
          1e-11,
        );
        const sum = kf_cv.loglik_each.reduce((total, value) => total + value, 0);
        expect(Math.abs(filtered.logLikelihood - sum)).toBeLessThan(1e-11);
      });
    },
  );
});

interface ConstantVelocity {
  readonly F: number[][];
  readonly H: number[][];
  readonly Q: number[][];
  readonly R: number;
  readonly x0: number[];
  readonly zs: number[];
  readonly x: number[][];
  readonly P_last: number[][];
  readonly loglik_each: number[];
  readonly nis: number[];
  readonly x_smooth: number[][];
  readonly P_smooth_first: number[][];
}

interface Robot {
  readonly A: number[][];
  readonly C: number[][];
  readonly d: number[];
  readonly b: number[][];
  readonly Q: number[][];
  readonly R: number[][];
  readonly x0: number[];
  readonly P0: number[][];
  readonly y: number[][];
  readonly expected: {
    readonly loglik_at_true: number;
    readonly filtered_mean_500: number[][];
    readonly smoothed_mean: number[][];
    readonly filtered_cov: Record<string, number[][]>;
    readonly smoothed_cov: Record<string, number[][]>;
  };
}

const robotModel = ({ A, C, d, b, Q, R, x0, P0 }: Robot): LinearModel =>
  linearModel({
    transition: A,
    drift: b,
    processNoise: Q,
    observation: C,
    offset: d,
    observationNoise: R,
    start: { at: 0, mean: x0, covariance: P0 },
  });
