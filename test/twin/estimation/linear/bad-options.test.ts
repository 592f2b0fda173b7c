import { TwinError } from "@plumbline/twin/errors";
import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { kinematic } from "@plumbline/twin/estimation/linear/components/kinematic";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import { localLinearTrend } from "@plumbline/twin/estimation/linear/components/local-linear-trend";
import { kalmanFilter, logLikelihood } from "@plumbline/twin/estimation/linear/filter";
import { KalmanFilter } from "@plumbline/twin/estimation/linear/kalman-filter";
import { linearModel } from "@plumbline/twin/estimation/linear/linear-model";
import { gate } from "@plumbline/twin/estimation/linear/robust";
import { simulate, simulationSmoother } from "@plumbline/twin/estimation/linear/simulation";
import { smoothFixedLag } from "@plumbline/twin/estimation/linear/smoother";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const { NaN: NAN, POSITIVE_INFINITY: INFINITE } = Number;

/** The error as people see it: code, message and hint. */
function told(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof TwinError ? error.toString() : `not typed: ${error}`;
  }
  return "accepted";
}

const level = observed(localLevel({ variance: 1 }), { noise: 1 });
const values = [1, 2, 3];
const walk = (factor: number, step?: number) =>
  linearModel({
    transition: [[factor]],
    processNoise: [[0.1]],
    observation: [[1]],
    observationNoise: [[0.2]],
    start: { covariance: [[1]] },
    ...(step !== undefined && { step }),
  });

test.each([0, -1, NAN, INFINITE])("a model in steps of %d is refused when it is made", (step) => {
  expect(told(() => walk(1, step))).toMatch(/^BAD_VALUE: the time of one step is /);
});

test("steps too short to count are refused by the first reading that is so far away", () => {
  expect(told(() => kalmanFilter(walk(1, 1e-300), { values }))).toMatch(/^UNEVEN_STEP: /);
});

describe("an option that does not exist is refused with those that do", () => {
  const nonsense = "joseph" as never;
  test.each<[string, () => unknown, string]>([
    ["form", () => kalmanFilter(level, { values }, { form: nonsense }), '"sequential", "ud", "square-root"'],
    ["diffuse", () => kalmanFilter(level, { values }, { diffuse: nonsense }), '"omit", "count"'],
    [
      "diffuse of a likelihood",
      () => logLikelihood(level, { values }, { diffuse: nonsense }),
      '"omit", "count"',
    ],
    ["form online", () => new KalmanFilter(level, { form: nonsense }), '"sequential", "ud", "square-root"'],
    [
      "noise that adapts",
      () => kalmanFilter(level, { values }, { adaptive: { noise: nonsense, window: 9 } }),
      '"observation", "process"',
    ],
    ["scope of a gate", () => gate({ scope: nonsense }), '"output", "row"'],
    [
      "time of a trend",
      () => localLinearTrend({ levelVariance: 1, slopeVariance: 1, time: nonsense }),
      '"steps", "continuous"',
    ],
    [
      "noise of a moving point",
      () => kinematic({ order: 2, intensity: 1, noise: nonsense }),
      '"continuous", "discrete"',
    ],
  ])("%s", (_name, run, choices) => {
    const message = told(run);
    expect(message).toMatch(/^BAD_OPTION: /);
    expect(message).toContain("joseph");
    expect(message).toContain(choices);
  });

  test.each([1.5, -1, NAN])("a lag of %d", (lag) => {
    expect(told(() => smoothFixedLag(kalmanFilter(level, { values }), lag))).toMatch(
      /^BAD_OPTION: the lag is/,
    );
  });
});

describe("a model of one's own", () => {
  const plain = walk(1);
  const boom = () => {
    throw new Error("boom");
  };
  test.each([
    ["transition", { ...plain, transition: boom }],
    ["observation", { ...plain, observation: boom }],
  ])("whose %s throws is told as such, with the cause", (what, model) => {
    for (const run of [
      () => kalmanFilter(model, { values }),
      () => logLikelihood(model, { values }),
      () => simulate(model, [1, 2, 3], dice("boom")),
    ])
      expect(told(run)).toMatch(
        new RegExp(`^MODEL_FAILED: the model's ${what} at reading [01] failed: boom`),
      );
  });

  test("that answers with nothing, or with no Matrix, is told too", () => {
    const nothing = { ...plain, observation: () => undefined as never };
    const rows = { ...plain, observation: () => ({ matrix: [[1]] as never, noise: [[1]] as never }) };
    expect(told(() => kalmanFilter(nothing, { values }))).toMatch(/^MODEL_FAILED: .* it returned undefined/);
    expect(told(() => kalmanFilter(rows, { values }))).toMatch(/^BAD_SHAPE: .* the observation is no Matrix/);
  });

  test("that grows out of the doubles is stopped at the reading where it does", () => {
    const values = new Float64Array(300).fill(NAN);
    expect(told(() => kalmanFilter(walk(1e3), { values }))).toMatch(/^OVERFLOW: at time 5\d state 0 /);
    values[299] = 1;
    expect(told(() => logLikelihood(walk(1e3), { values }))).toMatch(/^OVERFLOW: /);
  });
});

describe("paths given the readings are drawn", () => {
  const outlying = [1, 1.2, 30, 0.9, 1.1];
  test("not from a run whose gate left readings out", () => {
    const gated = kalmanFilter(level, { values: outlying }, { robust: gate() });
    expect(told(() => simulationSmoother(gated, 2, dice("paths")))).toMatch(/^BAD_OPTION: .*robust/);
  });

  test("from a gated run in which everything passed", () => {
    const gated = kalmanFilter(level, { values }, { robust: gate() });
    expect(simulationSmoother(gated, 2, dice("paths"))).toHaveLength(2);
    expect(told(() => simulationSmoother(gated, -1, dice("paths")))).toMatch(/^BAD_VALUE: /);
  });
});
