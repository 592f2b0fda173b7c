import { TwinError } from "@plumbline/twin/errors";
import { autoregression } from "@plumbline/twin/estimation/linear/components/autoregression";
import { observed } from "@plumbline/twin/estimation/linear/components/component";
import { localLevel } from "@plumbline/twin/estimation/linear/components/local-level";
import {
  type FitOptions,
  type FitProblem,
  maximumLikelihood,
} from "@plumbline/twin/estimation/linear/maximum-likelihood";
import { quantisationVariance } from "@plumbline/twin/estimation/linear/robust";
import { multiStart } from "@plumbline/twin/optimisation/minimise-multi-start";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const levelOf = (values: number[], floor = 0): FitProblem => ({
  readings: { values },
  parameters: [
    { id: "level", scale: "variance" },
    { id: "irregular", scale: "variance" },
  ],
  model: ({ level = 0, irregular = 0 }) =>
    observed(localLevel({ variance: level }), { noise: irregular + floor }),
});

function told(problem: FitProblem, options: Partial<FitOptions> = {}): string {
  try {
    maximumLikelihood(problem, { dice: dice("degenerate"), ...options });
  } catch (error) {
    return error instanceof TwinError ? error.toString() : `not typed: ${error}`;
  }
  return "accepted";
}

describe("a likelihood that grows for ever is refused, with what would help", () => {
  const stuck = /^NO_FIT: the likelihood has no maximum.*\n.*quantisationVariance/;
  test.each([3, 0, -1e6, 1e-9])("a sensor that is stuck at %d", (value) => {
    expect(told(levelOf(new Array(8).fill(value)))).toMatch(stuck);
    expect(told(levelOf(new Array(8).fill(value)), { concentrate: "irregular" })).toMatch(stuck);
  });

  test("but not where R has a floor", () => {
    const fit = maximumLikelihood(levelOf(new Array(8).fill(3), quantisationVariance(0.1)), {
      dice: dice("floor"),
    });
    expect(fit.parameters.map(({ value, atBoundary }) => [value, atBoundary])).toEqual([
      [0, true],
      [0, true],
    ]);
  });
});

test("a series without a single number is refused", () => {
  expect(told(levelOf([Number.NaN, Number.NaN, Number.NaN]))).toMatch(/^NO_FIT: every reading is missing/);
});

describe("parameters that do not fit are refused", () => {
  const problem = levelOf([1, 2, 3, 1]);
  const [level] = problem.parameters;
  test("none", () => {
    expect(told({ ...problem, parameters: [] })).toMatch(/^BAD_OPTION: there is no parameter/);
  });
  test("two of one name", () => {
    expect(told({ ...problem, parameters: [level!, level!] })).toMatch(
      /^BAD_OPTION: there are two .*"level"/,
    );
  });
  test("a variance to divide out that is none, with those there are", () => {
    expect(told(problem, { concentrate: "zz" })).toMatch(
      /^BAD_OPTION: concentrate is "zz"\n.*"level", "irregular"/,
    );
  });
});

test("a moving average at its unit root has no standard error", () => {
  // Differences of white noise: θ = −1 exactly; some samples have their maximum there.
  const source = dice("differenced");
  const noise = Array.from({ length: 81 }, () => source.normal());
  const values = noise.slice(1).map((value, index) => value - noise[index]!);
  const fit = maximumLikelihood(
    {
      readings: { values },
      parameters: [
        { id: "theta", scale: "correlation", low: -0.9, high: 0.9 },
        { id: "variance", scale: "variance" },
      ],
      model: ({ theta = 0, variance = 1 }) =>
        observed(autoregression({ coefficients: [], movingAverage: [theta], variance }), { noise: 0 }),
    },
    { dice: dice("starts") },
  );
  const [theta, variance] = fit.parameters;
  expect(theta).toMatchObject({ value: -1, atBoundary: true, standardError: Number.NaN });
  expect(variance?.standardError).toBeGreaterThan(0);
});

test("searches stop once enough of the best starts agree, and go on where they do not", () => {
  const valley = multiStart(([x = 0]) => (x - 1) ** 2, { low: [-3], high: [3] }, dice("one"), {
    starts: 6,
    enough: 3,
  });
  expect(valley.all).toHaveLength(3);
  const two = multiStart(([x = 0]) => (x * x - 1) ** 2 + 0.2 * x, { low: [-3], high: [3] }, dice("two"), {
    starts: 6,
    enough: 3,
  });
  expect(two.all).toHaveLength(6);
  expect(two.best.x[0]).toBeCloseTo(-1.0241, 3);
});
