import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import type { LeastSquaresFit } from "@plumbline/twin/calibration/least-squares/fit-report";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { describe, expect, test } from "vitest";
import { noisy, shape } from "./decay-problem.ts";

describe("residuals speak without being asked", () => {
  const findingsFor = (y: readonly number[], extra: object = {}): readonly string[] =>
    fitLeastSquares(shape(y, extra), [4, 0.6]).findings.map(({ kind }) => kind);

  test("white residuals of the declared size say nothing", () => {
    expect(findingsFor(noisy("white", 0.1), { noise: new Array(30).fill(0.1) })).toEqual([]);
  });

  test("a deterministic fit that misses something lasting is told to have correlated residuals", () => {
    const y = noisy("wave", 0.01).map((value, row) => value + 0.3 * Math.sin(row / 3));
    const fit = fitLeastSquares(shape(y), [4, 0.6]);
    const finding = fit.findings.find(({ kind }) => kind === "correlated residuals");
    expect(finding?.value).toBeGreaterThan(0.8);
    expect(finding?.text).toContain("too small by a factor");
  });

  test("noise declared four times too small is a misfit, and four times too large as well", () => {
    for (const declared of [0.025, 0.4])
      expect(findingsFor(noisy("size", 0.1), { noise: new Array(30).fill(declared) })).toContain("misfit");
  });
});

describe("as many parameters as observations, or more", () => {
  const through = (parameters: readonly string[], extra: object = {}): LeastSquaresFit =>
    fitLeastSquares(
      curve({
        parameters,
        x: [1, 2],
        y: [1, 2.5],
        model: (x, t) => t.reduce((sum, coefficient, power) => sum + coefficient * x ** power, 0),
        ...extra,
      }),
      parameters.map(() => 1),
    );

  test("leave no residual: it is said, with what is not determined and what the standard errors are", () => {
    const finding = through(["a", "b", "c"]).findings.find(({ kind }) => kind === "no freedom");
    expect(finding?.text).toContain("2 observations for 3 parameters");
    expect(finding?.text).toContain("2 directions only; of a, b, c there is no estimate");
    const exact = through(["a", "b"]);
    expect([...exact.standardErrors]).toEqual([Number.NaN, Number.NaN]);
    expect(exact.findings[0]?.text).toContain("not known (NaN): declare it");
  });

  test("have the standard errors of a declared noise", () => {
    const known = through(["a", "b"], { noise: [1, 1] });
    // The line through two points: slope y₂ − y₁, intercept 2y₁ − y₂.
    expect(known.standardErrors[1]).toBeCloseTo(Math.SQRT2, 9);
    expect(known.standardErrors[0]).toBeCloseTo(Math.sqrt(5), 9);
    expect(known.findings[0]?.text).toContain("those of the declared noise");
  });
});

describe("what is no problem is refused by name", () => {
  const y = noisy("refused", 0.1);
  test.each([
    [
      "a missing reading among the observations",
      { observations: Float64Array.of(1, Number.NaN) },
      "NOT_FINITE",
    ],
    ["no observations", { observations: new Float64Array(0) }, "EMPTY"],
    ["two parameters of one name", { parameters: [{ id: "a" }, { id: "a" }] }, "BAD_PROBLEM"],
    ["no parameters", { parameters: [] }, "EMPTY"],
    ["a noise of another length", { noise: Float64Array.of(1) }, "BAD_SHAPE"],
    ["a noise of zero", { noise: new Float64Array(30) }, "BAD_NOISE"],
    ["an infinite noise", { noise: new Float64Array(30).fill(Number.POSITIVE_INFINITY) }, "BAD_NOISE"],
    ["a negative model noise", { modelNoise: -1 }, "BAD_NOISE"],
  ])("%s", (_, change, code) => {
    expect(() => fitLeastSquares({ ...shape(y), ...change }, [1, 1])).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("a start of another length, and a curve whose x and y differ in length", () => {
    expect(() => fitLeastSquares(shape(y), [1])).toThrow(expect.objectContaining({ code: "BAD_SHAPE" }));
    expect(() => shape(y.slice(1))).toThrow(expect.objectContaining({ code: "BAD_SHAPE" }));
  });
});
