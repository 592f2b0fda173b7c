import { autoregression } from "@plumbline/twin/estimation/linear/components/autoregression";
import { observed, sum } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { ornsteinUhlenbeck } from "@plumbline/twin/estimation/linear/components/matern";
import { regression } from "@plumbline/twin/estimation/linear/components/regression";
import { dummySeasonal } from "@plumbline/twin/estimation/linear/components/seasonal";
import { kalmanFilter, likelihoodOfSeries, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import type { FitParameter } from "@plumbline/twin/estimation/linear/fit-coordinates";
import { concentrated } from "@plumbline/twin/estimation/linear/likelihood";
import {
  type FitProblem,
  type LikelihoodFit,
  maximumLikelihood,
} from "@plumbline/twin/estimation/linear/maximum-likelihood";
import { checkedSeries } from "@plumbline/twin/estimation/linear/readings";
import { studentT } from "@plumbline/twin/estimation/linear/robust";
import { simulate } from "@plumbline/twin/estimation/linear/simulation";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { NILE } from "./nile.ts";

const variance = (id: string): FitParameter => ({ id, scale: "variance" });
const levelProblem = (readings: FitProblem["readings"]): FitProblem => ({
  readings,
  parameters: [variance("irregular"), variance("level")],
  model: ({ irregular, level }) => observed(localLevel({ variance: level! }), { noise: irregular! }),
});
const parameter = (fit: LikelihoodFit, id: string) => fit.parameters.find((one) => one.id === id)!;

describe("the local level of the Nile", () => {
  test.each([undefined, "irregular", "level"])(
    "dividing out %s, reaches the published maximum",
    (concentrate) => {
      const fit = maximumLikelihood(levelProblem({ values: NILE }), {
        dice: dice("nile"),
        ...(concentrate && { concentrate }),
      });
      expect(fit.logLikelihood).toBeGreaterThan(-632.545625103042 - 1e-8);
      expect(fit.converged).toBe(true);
      expect(fit.values["irregular"]! / 15098.523).toBeCloseTo(1, 4);
      expect(fit.values["level"]! / 1469.1748).toBeCloseTo(1, 4);
      expect(logLikelihood(fit.model, { values: NILE }).logLikelihood).toBeCloseTo(fit.logLikelihood, 9);
      // Standard errors published for this maximum: 3145.5 and 1280.4 (Commandeur & Koopman; R and statsmodels agree).
      expect(parameter(fit, "irregular").standardError).toBeCloseTo(3145.5, -1);
      expect(parameter(fit, "level").standardError).toBeCloseTo(1280.4, -1);
    },
  );

  test("repeats from its seed", () => {
    const run = () => maximumLikelihood(levelProblem({ values: NILE }), { dice: dice(7) });
    expect(run().values).toEqual(run().values);
  });
});

test("a likelihood with a variance divided out is the likelihood at its best scale", () => {
  const relative = observed(localLevel({ variance: 0.1 }), { noise: 1 });
  const best = concentrated(logLikelihood(relative, { values: NILE }));
  const at = (scale: number) =>
    logLikelihood(observed(localLevel({ variance: 0.1 * scale }), { noise: scale }), { values: NILE })
      .logLikelihood;
  expect(at(best.scale)).toBeCloseTo(best.logLikelihood, 9);
  expect(at(1.01 * best.scale)).toBeLessThan(best.logLikelihood);
  expect(at(0.99 * best.scale)).toBeLessThan(best.logLikelihood);
});

test("kernels for few states give the likelihood of the general filter, at regular and irregular times, with gaps", () => {
  const values = NILE.map((value, index) => (index % 7 === 3 ? Number.NaN : value));
  const irregular = NILE.map((_, index) => index + (index % 3) * 0.2);
  for (const component of [
    localLevel({ variance: 1469 }),
    localLinearTrend({ levelVariance: 1000, slopeVariance: 10, time: "continuous" }),
    sum(localLevel({ variance: 0 }), ornsteinUhlenbeck({ rate: 0.2, variance: 9000 })),
    // Regressors change the observation: the kernels must stand aside.
    sum(
      localLevel({ variance: 1469 }),
      regression({ regressors: NILE.map((_, index) => [Math.cos(index)]) }),
    ),
    sum(
      localLinearTrend({ levelVariance: 9, slopeVariance: 1, time: "continuous" }),
      ornsteinUhlenbeck({ rate: 0.2, variance: 9000 }),
    ),
  ]) {
    const model = observed(component, { noise: 15099, offset: [3] });
    for (const times of [undefined, irregular]) {
      const readings = { values, ...(times && { times }) };
      const series = checkedSeries(readings, 1, "first reading");
      const fast = likelihoodOfSeries(model, series);
      const general = kalmanFilter(model, readings, { form: "sequential" });
      expect(fast.logLikelihood).toBeCloseTo(general.logLikelihood, 9);
      expect(fast.squares).toBeCloseTo(general.squares, 9);
      expect(fast.scalars).toBe(general.scalars);
    }
  }
});

test("a variance that the readings put at zero is set to zero and told", () => {
  // Alternating readings: the best level does not move at all, and the mean square about the mean is the noise.
  const values = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 1 : -1));
  const fit = maximumLikelihood(levelProblem({ values }), { dice: dice("flat") });
  expect(parameter(fit, "level")).toMatchObject({ value: 0, atBoundary: true, standardError: Number.NaN });
  expect(parameter(fit, "irregular").value).toBeCloseTo(40 / 39, 6);
});

test("directions that the readings do not determine are named", () => {
  // Two constants in one signal: only their sum is seen. (Fixed start variances make the likelihood proper.)
  const fit = maximumLikelihood(
    {
      readings: { values: NILE.map((value) => value / 100) },
      parameters: [
        { id: "first", scale: "real", low: -10, high: 10 },
        { id: "second", scale: "real", low: -10, high: 10 },
        variance("noise"),
      ],
      model: ({ first, second, noise }) =>
        observed(localLevel({ variance: 0, start: { mean: [first! + second!] } }), { noise: noise! }),
    },
    { dice: dice("sum") },
  );
  expect(fit.unidentified).toHaveLength(1);
  const { weights } = fit.unidentified[0]!;
  expect(weights["first"]! / weights["second"]!).toBeCloseTo(-1, 4);
  expect(Math.abs(weights["noise"]!)).toBeLessThan(1e-3);
  expect(parameter(fit, "first").standardError).toBe(Number.POSITIVE_INFINITY);
  expect(parameter(fit, "noise").standardError).toBeLessThan(1);
  expect(fit.values["first"]! + fit.values["second"]!).toBeCloseTo(9.1935, 3);
});

test("finds the truth of an autoregression with missing readings, within its own standard errors", () => {
  const truth = { one: 0.6, two: -0.3, noise: 2 };
  const build = ({ one, two, noise }: Readonly<Record<string, number>>) =>
    observed(autoregression({ coefficients: [one!, two!], variance: noise! }), { noise: 0.5 });
  const source = dice("autoregression");
  const times = Array.from({ length: 1500 }, (_, index) => index + 1);
  const values = simulate(build(truth), times, source).readings.map(([value]) =>
    source.uniform() < 0.2 ? Number.NaN : value!,
  );
  const fit = maximumLikelihood(
    {
      readings: { values },
      parameters: [
        { id: "one", scale: "real", low: -0.5, high: 0.9 },
        { id: "two", scale: "correlation", low: -0.8, high: 0.8 },
        { id: "noise", scale: "variance" },
      ],
      model: build,
    },
    { dice: dice("fit"), starts: 3 },
  );
  expect(fit.converged).toBe(true);
  // Three estimates within 4 standard errors: a right program fails with probability 2e-4.
  for (const { id, value, standardError } of fit.parameters) {
    expect(standardError).toBeGreaterThan(0);
    expect(Math.abs(value - truth[id as keyof typeof truth]) / standardError).toBeLessThan(4);
  }
});

test("a fit with Student-t noise is not inflated by outliers, a Gaussian one is", () => {
  const source = dice("outliers");
  let level = 0;
  const values = Array.from({ length: 400 }, (_, index) => {
    level += 0.1 * source.normal();
    return level + source.normal() + (index % 40 === 17 ? 25 : 0);
  });
  const options = { dice: dice("fit"), starts: 2 };
  const plain = maximumLikelihood(levelProblem({ values }), options);
  const robust = maximumLikelihood(levelProblem({ values }), {
    ...options,
    logLikelihood: (model, series) =>
      likelihoodOfSeries(model, series, { robust: studentT({ freedom: 4 }) }).logLikelihood,
  });
  // 2.5 % of the readings are off by 25: the mean square rises by about 0.025 · 25² = 15.6.
  expect(plain.values["irregular"]).toBeGreaterThan(10);
  // The squared scale of t₄ that fits N(0, 1) is below 1; with outliers still of that order.
  expect(robust.values["irregular"]).toBeGreaterThan(0.4);
  expect(robust.values["irregular"]).toBeLessThan(1.3);
});

describe("refusals", () => {
  test("dividing out a variance that does not scale the model", () => {
    const problem: FitProblem = {
      ...levelProblem({ values: NILE }),
      model: ({ irregular, level }) =>
        observed(localLevel({ variance: level!, start: { covariance: [[1e4]] } }), { noise: irregular! }),
    };
    expect(() => maximumLikelihood(problem, { dice: dice(1), concentrate: "irregular" })).toThrow(
      expect.objectContaining({ code: "NOT_SCALE_FREE" }),
    );
  });

  test("a model that fails everywhere, and one that fails on part of its domain", () => {
    const failing = (fails: (level: number) => boolean): FitProblem => ({
      ...levelProblem({ values: NILE }),
      model: ({ irregular, level }) => {
        if (fails(level!)) throw new Error("no such model");
        return observed(localLevel({ variance: level! }), { noise: irregular! });
      },
    });
    expect(() =>
      maximumLikelihood(
        failing(() => true),
        { dice: dice(1) },
      ),
    ).toThrow(expect.objectContaining({ code: "NO_FIT" }));
    const partly = maximumLikelihood(
      failing((level) => level < 500),
      { dice: dice(1) },
    );
    expect(partly.failures).toBeGreaterThan(0);
    expect(partly.logLikelihood).toBeGreaterThan(-632.5457);
  });

  test("readings that no filter takes", () => {
    const code = (readings: FitProblem["readings"]) => {
      try {
        maximumLikelihood(levelProblem(readings), { dice: dice(1) });
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return "none";
    };
    expect(code({ values: [] })).toBe("NO_READINGS");
    expect(code({ values: [1, 2, 3], times: [1, 1, 2] })).toBe("OUT_OF_ORDER");
  });
});

withReferenceData<{ y_log10: number[] }>("calibration/kalman/ukgas.json", "UK gas", ({ y_log10 }) => {
  test("reaches the best known maximum, with the level's variance at its boundary", () => {
    const fit = maximumLikelihood(
      {
        readings: { values: y_log10 },
        parameters: ["irregular", "level", "slope", "seasonal"].map(variance),
        model: ({ irregular, level, slope, seasonal }) =>
          observed(
            sum(
              localLinearTrend({ levelVariance: level!, slopeVariance: slope! }),
              dummySeasonal({ period: 4, variance: seasonal! }),
            ),
            { noise: irregular! },
          ),
      },
      { dice: dice("gas"), concentrate: "seasonal", starts: 4 },
    );
    expect(fit.logLikelihood).toBeGreaterThan(169.692684965796 - 1e-8);
    expect(parameter(fit, "level").atBoundary).toBe(true);
    expect(fit.values["slope"]! / 1.49027e-6).toBeCloseTo(1, 4);
    expect(fit.values["seasonal"]! / 6.24039e-4).toBeCloseTo(1, 4);
    expect(fit.values["irregular"]! / 3.43744e-4).toBeCloseTo(1, 4);
  });
});

interface Baseline {
  readonly series: Record<
    string,
    { readonly n: number; readonly q_per_unit: number; readonly r: number; readonly max_loglik: number }
  >;
}

withReferenceData<Baseline>("calibration/sensors/nab/baseline.json", "two real sensors", ({ series }) => {
  const rows = (text: string, unit: number): { times: number[]; values: number[] } => {
    const byTime = new Map<number, number>();
    for (const line of text.trim().split("\n").slice(1)) {
      const [stamp, value] = line.split(",") as [string, string];
      byTime.set(Date.parse(`${stamp.replace(" ", "T")}Z`) / 1000 / unit, Number(value));
    }
    const sorted = [...byTime].sort(([one], [other]) => one - other);
    return { times: sorted.map(([time]) => time), values: sorted.map(([, value]) => value) };
  };
  for (const [file, key, unit] of [
    ["ambient_temperature_system_failure", "nab/ambient_temperature", 3600],
    ["ec2_request_latency_system_failure", "nab/ec2_request_latency", 300],
  ] as const)
    withReferenceData<string>(`calibration/sensors/nab/${file}.csv`, key, (text) => {
      test("a local level reaches the likelihood of an independent fit", () => {
        const readings = rows(text, unit);
        const { n, q_per_unit, r, max_loglik } = series[key]!;
        expect(readings.values).toHaveLength(n);
        const fit = maximumLikelihood(levelProblem(readings), {
          dice: dice(key),
          starts: 2,
          concentrate: "irregular",
        });
        expect(fit.logLikelihood).toBeGreaterThan(max_loglik - 1e-3);
        expect(fit.values["level"]! / q_per_unit).toBeCloseTo(1, 2);
        expect(fit.values["irregular"]! / r).toBeCloseTo(1, 2);
      });
    });
});
