import { TwinError } from "@plumbline/twin/errors";
import { autoregression } from "@plumbline/twin/estimation/linear/components/autoregression";
import { observed, sum } from "@plumbline/twin/estimation/linear/components/component";
import { kinematic } from "@plumbline/twin/estimation/linear/components/kinematic";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { matern, ornsteinUhlenbeck } from "@plumbline/twin/estimation/linear/components/matern";
import { regression } from "@plumbline/twin/estimation/linear/components/regression";
import { dummySeasonal, trigonometricSeasonal } from "@plumbline/twin/estimation/linear/components/seasonal";
import { stochasticLinear } from "@plumbline/twin/estimation/linear/components/stochastic-linear";
import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import { linearModel, type ModelMatrices } from "@plumbline/twin/estimation/linear/linear-model";
import type { LinearModel } from "@plumbline/twin/estimation/linear/model";
import type { Readings } from "@plumbline/twin/estimation/linear/readings";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof TwinError && error.hint.length > 0 ? error.code : `not typed: ${error}`;
  }
  return "accepted";
};
const level = observed(localLevel({ variance: 1 }), { noise: 1 });
const { NaN: NAN, POSITIVE_INFINITY: INFINITE } = Number;

describe("readings", () => {
  const cases: [string, Readings, string][] = [
    ["an empty series", { values: [] }, "NO_READINGS"],
    ["an infinite number", { values: [1, INFINITE] }, "BAD_READING"],
    ["null in place of a number", { values: [1, null as unknown as number] }, "BAD_READING"],
    ["a hole", { values: [1, undefined as unknown as number] }, "BAD_READING"],
    ["a number in words", { values: [1, "2" as unknown as number] }, "BAD_READING"],
    ["words within a row", { values: [[1], ["2" as unknown as number]] }, "BAD_READING"],
    ["a row that is null", { values: [[1], null as unknown as number[]] }, "BAD_READING"],
    ["a time that is null", { values: [1, 2], times: [1, null as unknown as number] }, "NOT_FINITE"],
    ["rows of another width", { values: [[1, 2]] }, "BAD_SHAPE"],
    ["too few times", { values: [1, 2], times: [1] }, "BAD_SHAPE"],
    ["a time that is not a number", { values: [1, 2], times: [1, NAN] }, "NOT_FINITE"],
    ["two readings at one time", { values: [1, 2, 3], times: [1, 2, 2] }, "OUT_OF_ORDER"],
    ["a time that runs backwards", { values: [1, 2, 3], times: [1, 3, 2] }, "OUT_OF_ORDER"],
  ];
  test.each(cases)("%s is refused by filter and likelihood", (_name, readings, code) => {
    expect(codeOf(() => kalmanFilter(level, readings))).toBe(code);
    expect(codeOf(() => logLikelihood(level, readings))).toBe(code);
  });

  test("a reading before the start is refused", () => {
    const later = observed(localLevel({ variance: 1 }), { noise: 1, at: 5 });
    expect(codeOf(() => kalmanFilter(later, { values: [1], times: [4] }))).toBe("OUT_OF_ORDER");
  });

  test("a series with nothing in it is a prediction, with log-likelihood 0", () => {
    expect(kalmanFilter(level, { values: [NAN, NAN] })).toMatchObject({
      logLikelihood: 0,
      scalars: 0,
      unseenDirections: 1,
    });
  });
});

describe("matrices", () => {
  const good: ModelMatrices = {
    transition: [
      [1, 1],
      [0, 1],
    ],
    processNoise: [
      [1, 0.5],
      [0.5, 1],
    ],
    observation: [[1, 0]],
    observationNoise: [[1]],
    start: {
      covariance: [
        [1, 0],
        [0, 1],
      ],
    },
  };
  const cases: [string, Partial<ModelMatrices>, string][] = [
    [
      "a process noise with a correlation above one",
      {
        processNoise: [
          [1, 2],
          [2, 1],
        ],
      },
      "NOT_POSITIVE_SEMIDEFINITE",
    ],
    [
      "a negative process noise",
      {
        processNoise: [
          [-1, 0],
          [0, 1],
        ],
      },
      "NOT_POSITIVE_SEMIDEFINITE",
    ],
    [
      "a lopsided process noise",
      {
        processNoise: [
          [1, 0.5],
          [0.4, 1],
        ],
      },
      "NOT_SYMMETRIC",
    ],
    ["a process noise of another size", { processNoise: [[1]] }, "BAD_SHAPE"],
    ["a negative observation noise", { observationNoise: [[-1]] }, "NOT_POSITIVE_SEMIDEFINITE"],
    ["an observation of another size", { observation: [[1, 0, 0]] }, "BAD_SHAPE"],
    [
      "a transition with a hole",
      {
        transition: [
          [1, NAN],
          [0, 1],
        ],
      },
      "NOT_FINITE",
    ],
    ["ragged rows", { transition: [[1, 1], [0]] }, "BAD_SHAPE"],
    [
      "an indefinite start",
      {
        start: {
          covariance: [
            [1, 2],
            [2, 1],
          ],
        },
      },
      "NOT_POSITIVE_SEMIDEFINITE",
    ],
    ["a start mean of another size", { start: { mean: [1] } }, "BAD_SHAPE"],
    ["a diffuse state that does not exist", { start: { diffuse: [2] } }, "BAD_SHAPE"],
    ["a drift of another size", { drift: [1] }, "BAD_SHAPE"],
    ["an infinite offset", { offset: [INFINITE] }, "NOT_FINITE"],
  ];
  test.each(cases)("%s is refused", (_name, change, code) => {
    expect(codeOf(() => linearModel(good))).toBe("accepted");
    expect(codeOf(() => linearModel({ ...good, ...change }))).toBe(code);
  });

  test("also where a model of one's own returns them later", () => {
    const base = linearModel(good);
    const later = (bad: Matrix): LinearModel => ({
      ...base,
      transition: (elapsed, step) => ({
        ...base.transition(elapsed, step),
        ...(step === 2 && { noise: bad }),
      }),
    });
    const run = (bad: Matrix) => codeOf(() => kalmanFilter(later(bad), { values: [1, 2, 3, 4] }));
    expect(
      run(
        Matrix.from([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toBe("NOT_POSITIVE_SEMIDEFINITE");
    expect(
      run(
        Matrix.from([
          [NAN, 0],
          [0, 1],
        ]),
      ),
    ).toBe("NOT_FINITE");
    expect(run(new Matrix(3, 3))).toBe("BAD_SHAPE");
    expect(run(Matrix.identity(2))).toBe("accepted");
  });
});

describe("what a model cannot do", () => {
  test("predict with certainty what is then read", () => {
    const certain = linearModel({
      transition: [[1]],
      processNoise: [[0]],
      observation: [[1]],
      observationNoise: [[0]],
      start: { covariance: [[1]] },
    });
    for (const form of ["sequential", "ud", "square-root"] as const)
      expect(codeOf(() => kalmanFilter(certain, { values: [1, 2] }, { form }))).toBe("SINGULAR_INNOVATION");
  });

  test("read exactly once: no noise, but a state that moves", () => {
    const exact = linearModel({
      transition: [
        [0.9, 0.3],
        [0, 0.5],
      ],
      processNoise: Matrix.identity(2),
      observation: [[0, 1]],
      observationNoise: [[0]],
      start: { covariance: Matrix.identity(2) },
    });
    for (const form of ["sequential", "ud", "square-root"] as const) {
      const { steps } = kalmanFilter(exact, { values: [1, 2, 3] }, { form });
      expect(steps[2]!.filtered.mean[1]).toBeCloseTo(3, 14);
      expect(steps[2]!.filtered.covariance.get(1, 1)).toBeCloseTo(0, 14);
      expect(steps[2]!.filtered.covariance.get(0, 0)).toBeGreaterThan(1);
    }
  });

  test("leave the doubles without saying so", () => {
    const growing = linearModel({
      transition: [[1e200]],
      processNoise: [[1]],
      observation: [[1]],
      observationNoise: [[1]],
      start: { covariance: [[1]] },
    });
    expect(["NOT_FINITE", "OVERFLOW", "SINGULAR_INNOVATION"]).toContain(
      codeOf(() => logLikelihood(growing, { values: [1, 2, 3] })),
    );
    expect(["NOT_FINITE", "OVERFLOW", "SINGULAR_INNOVATION"]).toContain(
      codeOf(() => kalmanFilter(growing, { values: [1, 2, 3] })),
    );
  });

  test("travel part of a step", () => {
    const seasonal = observed(dummySeasonal({ period: 4, variance: 1 }), { noise: 1 });
    expect(codeOf(() => kalmanFilter(seasonal, { values: [1, 2], times: [1, 2.5] }))).toBe("UNEVEN_STEP");
  });

  test("read on without regressors or inputs", () => {
    const short = observed(regression({ regressors: [[1]] }), { noise: 1 });
    expect(codeOf(() => kalmanFilter(short, { values: [1, 2] }))).toBe("TOO_FEW_ROWS");
  });
});

test("components refuse values that are none", () => {
  const refused: (() => unknown)[] = [
    () => localLevel({ variance: -1 }),
    () => localLevel({ variance: NAN }),
    () => localLinearTrend({ levelVariance: 1, slopeVariance: INFINITE }),
    () => ornsteinUhlenbeck({ rate: 0, variance: 1 }),
    () => matern({ smoothness: 1.5, lengthScale: -1, variance: 1 }),
    () => kinematic({ order: 2, intensity: -1 }),
    () => dummySeasonal({ period: 1, variance: 1 }),
    () => trigonometricSeasonal({ period: 12, harmonics: 7, variance: 1 }),
    () => autoregression({ coefficients: [0.5], variance: -2 }),
    () => observed(localLevel({ variance: 1 }), { noise: -1 }),
  ];
  for (const make of refused) expect(codeOf(make)).toBe("BAD_VALUE");
  const level2 = stochasticLinear({ dynamics: [[0]], loading: [[1], [1]], start: { diffuse: "all" } });
  expect(codeOf(() => sum(localLevel({ variance: 1 }), level2))).toBe("BAD_SHAPE");
  expect(
    codeOf(() =>
      stochasticLinear({ dynamics: [[0.1]], density: [[1]], loading: [[1]], start: "stationary" }),
    ),
  ).toBe("NOT_STATIONARY");
});
