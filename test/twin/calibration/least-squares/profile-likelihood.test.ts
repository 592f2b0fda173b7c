import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import type { LeastSquaresFit } from "@plumbline/twin/calibration/least-squares/fit-report";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { profileLikelihood, profiles } from "@plumbline/twin/calibration/least-squares/profile-likelihood";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";

type Model = (x: number, theta: Float64Array) => number;
const at = (theta: Float64Array, index: number): number => theta[index] as number;

const MODELS: Readonly<Record<string, { readonly model: Model; readonly start: readonly number[] }>> = {
  BOD: { model: (x, t) => at(t, 0) * (1 - Math.exp(-at(t, 1) * x)), start: [20, 0.5] },
  Puromycin: { model: (x, t) => (at(t, 0) * x) / (at(t, 1) + x), start: [200, 0.05] },
  DNase1: {
    model: (x, t) => at(t, 0) / (1 + Math.exp((at(t, 1) - Math.log(x)) / at(t, 2))),
    start: [3, 1, 1],
  },
};

interface Reference {
  readonly parameters: readonly string[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly coef: readonly number[];
  readonly se: readonly number[];
  readonly sigma: number;
  readonly vcov: readonly (readonly number[])[];
  readonly profile_ci95_exact: readonly (readonly [number, number])[];
}

withReferenceData<{ problems: Readonly<Record<string, Reference>> }>(
  "calibration/diagnostics/profile_likelihood.json",
  "profile-t intervals of three regressions",
  ({ problems }) => {
    test.each(Object.keys(problems))("%s: both ends within 1e-9 of the roots", (name) => {
      const {
        parameters,
        x,
        y,
        profile_ci95_exact: exact,
        coef,
        se,
        sigma,
        vcov,
      } = problems[name] as Reference;
      const { model, start } = MODELS[name] as (typeof MODELS)[string];
      const fit = fitLeastSquares(curve({ parameters, x, y, model }), start);
      // R's nls stops at a relative offset of 1e-5.
      expect(fit.residualSd / sigma).toBeCloseTo(1, 8);
      coef.forEach((value, index) => {
        expect(at(fit.parameters, index) / value).toBeCloseTo(1, 5);
        expect(at(fit.standardErrors, index) / (se[index] as number)).toBeCloseTo(1, 4);
        expect(fit.covariance.get(index, 0) / (vcov[index]?.[0] as number)).toBeCloseTo(1, 4);
      });
      profiles(fit).forEach((profile, index) => {
        const [low, high] = exact[index] as readonly [number, number];
        expect(Math.abs(profile.interval[0] / low - 1)).toBeLessThan(1e-9);
        expect(Math.abs(profile.interval[1] / high - 1)).toBeLessThan(1e-9);
        expect(profile.verdict).toBe("identifiable");
      });
    });
  },
);

const bod = (): LeastSquaresFit =>
  fitLeastSquares(
    curve({
      parameters: ["A", "k"],
      x: [1, 2, 3, 4, 5, 7],
      y: [8.3, 10.3, 19, 16, 15.6, 19.8],
      model: (MODELS["BOD"] as { model: Model }).model,
    }),
    [20, 0.5],
  );

describe("the profile of an oxygen demand (Bates & Watts)", () => {
  test("has the published exact interval, far from the symmetric one", () => {
    const profile = profileLikelihood(bod(), "k");
    expect(profile.interval[0]).toBeCloseTo(0.131397747, 9);
    expect(profile.interval[1]).toBeCloseTo(1.808169595, 9);
    // t of four degrees at 0.975, squared.
    expect(profile.threshold).toBeCloseTo(2.7764451051977987 ** 2, 9);
    expect(profile.version).toContain("profile-t");
  });

  test("by likelihood is n ln(S/S_min) = χ²: its ends have that sum of squares, all others fitted", () => {
    const fit = bod();
    const profile = profileLikelihood(fit, "k", { version: "likelihood" });
    expect(profile.threshold).toBeCloseTo(3.841458820694124, 9);
    for (const end of profile.interval) {
      // For fixed k the model is linear in A: A = Σ y f/Σ f².
      const times = [1, 2, 3, 4, 5, 7];
      const y = [8.3, 10.3, 19, 16, 15.6, 19.8];
      const f = times.map((time) => 1 - Math.exp(-end * time));
      const yf = f.reduce((sum, value, row) => sum + value * (y[row] as number), 0);
      const ff = f.reduce((sum, value) => sum + value * value, 0);
      const sum = y.reduce((total, value, row) => total + (value - (yf / ff) * (f[row] as number)) ** 2, 0);
      expect(6 * Math.log(sum / fit.residualSumOfSquares)).toBeCloseTo(3.841458820694124, 7);
    }
  });

  test("keeps its points in order, with the optimum among them", () => {
    const { points } = profileLikelihood(bod(), "A");
    expect(points.map(({ value }) => value)).toEqual(
      [...points].map(({ value }) => value).sort((a, b) => a - b),
    );
    expect(points.some(({ rise }) => rise === 0)).toBe(true);
    expect(points.length).toBeLessThan(40);
  });
});

test("with known noise and a linear model the profile is the normal interval", () => {
  const fit = fitLeastSquares(
    curve({
      parameters: ["mean"],
      x: [0, 0, 0, 0],
      y: [1, 2, 3, 6],
      noise: [2, 2, 2, 2],
      model: (_, [m]) => m as number,
    }),
    [0],
  );
  const profile = profileLikelihood(fit, "mean");
  expect(profile.interval[0]).toBeCloseTo(3 - 1.959963984540054, 9);
  expect(profile.interval[1]).toBeCloseTo(3 + 1.959963984540054, 9);
  expect(profile.version).toContain("noise known");
  expect(profileLikelihood(fit, "mean", { level: 0.9 }).interval[1]).toBeCloseTo(3 + 1.6448536269514722, 9);
});

describe("rule: identifiability is stated by the profile", () => {
  const x = Array.from({ length: 20 }, (_, index) => index);
  const y = x.map((time) => 5 * Math.exp(-0.3 * time) + 0.05 * Math.sin(7 * time));

  test("a flat line is structurally not identifiable; what does not share its direction is", () => {
    const fit = fitLeastSquares(
      curve({
        parameters: ["a", "b", "rate"],
        x,
        y,
        model: (time, t) => at(t, 0) * at(t, 1) * Math.exp(-at(t, 2) * time),
      }),
      [2, 2, 0.5],
    );
    expect(profileLikelihood(fit, "a").verdict).toBe("structurally not identifiable");
    expect(profileLikelihood(fit, "b").interval).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
    expect(profileLikelihood(fit, "rate").verdict).toBe("identifiable");
  });

  test("a profile that closes on one side only is practically not identifiable, and the open side is named", () => {
    // Saturation far beyond the data: b may be anything large.
    const fit = fitLeastSquares(
      curve({
        parameters: [
          { id: "a", bounds: [0, Number.POSITIVE_INFINITY] },
          { id: "b", bounds: [0, Number.POSITIVE_INFINITY] },
        ],
        x: x.slice(0, 6),
        y: [0.1, 1.2, 1.9, 3.1, 3.9, 5.2],
        model: (time, t) => (at(t, 0) * time) / (1 + time / at(t, 1)),
      }),
      [2, 20],
    );
    const profile = profileLikelihood(fit, "b");
    expect(profile.verdict).toBe("practically not identifiable");
    expect(profile.interval[0]).toBeGreaterThan(5);
    expect(profile.interval[1]).toBe(Number.POSITIVE_INFINITY);
    expect(profile.reason).toContain("open above");
  });
});

describe("a path along which descents get stuck", () => {
  // Rat43 of NIST's collection: from afar a descent ends on a plateau where the curve is a constant.
  const y = [
    16.08, 33.83, 65.8, 97.2, 191.55, 326.2, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56, 689.96, 637.56,
    717.41,
  ];
  const growth = curve({
    parameters: ["limit", "shift", "rate", "shape"],
    x: y.map((_, row) => row + 1),
    y,
    model: (x, t) => at(t, 0) / (1 + Math.exp(at(t, 1) - at(t, 2) * x)) ** (1 / at(t, 3)),
  });

  test.each([
    // By root finding over fits of another program's trust region (15 digits), each started from its neighbour.
    ["limit", 668.1015366445, 739.4279948745],
    ["shift", 0.4482424495, 12.4921671494],
    ["rate", 0.4530181753, 1.494571995],
    ["shape", 0.107754928, 3.8436354876],
  ])("is followed all the same: %s", (id, low, high) => {
    const { interval, verdict, points, threshold } = profileLikelihood(
      fitLeastSquares(growth, [700, 5, 0.75, 1.3]),
      id,
    );
    expect(interval[0] / low).toBeCloseTo(1, 8);
    expect(interval[1] / high).toBeCloseTo(1, 8);
    expect(verdict).toBe("identifiable");
    // None of its points lies on the plateau, 276 thresholds high.
    expect(Math.max(...points.map(({ rise }) => rise))).toBeLessThan(10 * threshold);
  });
});

describe("an end that cannot be known", () => {
  const x = Array.from({ length: 30 }, (_, row) => row / 5);
  const y = x.map((time, row) => 3 * Math.exp(-0.7 * time) + 0.05 * Math.sin(row * row));
  const decay = (change: (rate: number, value: number) => number): LeastSquaresFit =>
    fitLeastSquares(
      curve({
        parameters: ["size", "rate"],
        x,
        y,
        model: (time, t) => change(at(t, 1), at(t, 0) * Math.exp(-at(t, 1) * time)),
      }),
      [2, 0.6],
    );

  test("because the model has no values beyond is said with the place, and is no verdict on the data", () => {
    const free = profileLikelihood(
      decay((_, value) => value),
      "rate",
    );
    const edge = (2 * free.interval[1] + free.estimate) / 3;
    const cut = profileLikelihood(
      decay((rate, value) => {
        if (rate > edge) throw new Error("diverged");
        return value;
      }),
      "rate",
    );
    expect(cut.verdict).toBe("end unknown");
    expect(cut.interval[0] / free.interval[0]).toBeCloseTo(1, 9);
    expect(cut.interval[1]).toBeNaN();
    expect(cut.reason).toMatch(/^upper end unknown: the model fails beyond /);
    expect(Number(/beyond ([\d.]+)/.exec(cut.reason)?.[1]) / edge).toBeCloseTo(1, 4);
  });

  test("because the rise jumps over the threshold there is never a number", () => {
    const free = profileLikelihood(
      decay((_, value) => value),
      "rate",
    );
    const edge = (free.interval[1] + free.estimate) / 2;
    const { verdict, interval, reason } = profileLikelihood(
      decay((rate, value) => (rate > edge ? value * value : value)),
      "rate",
    );
    expect(verdict).toBe("end unknown");
    expect(interval[1]).toBeNaN();
    expect(reason).toMatch(/^upper end unknown: (the profile jumps|no fit of the other parameters)/);
  });
});

test("a profile that finds a smaller sum of squares says that the fit was no optimum, and where to go on", () => {
  const early = fitLeastSquares(bod().problem, [8, 3], { iterations: 1 });
  expect(early.converged).toBe(false);
  const { better } = profileLikelihood(early, "k");
  const again = fitLeastSquares(early.problem, better as Float64Array);
  expect(again.residualSumOfSquares).toBeLessThan(early.residualSumOfSquares);
  expect(profileLikelihood(bod(), "k").better).toBeUndefined();
});

test("unknown parameters, impossible levels and fits without freedom are refused by name", () => {
  expect(() => profileLikelihood(bod(), "C")).toThrow(expect.objectContaining({ code: "UNKNOWN_PARAMETER" }));
  for (const level of [0, 1, Number.NaN])
    expect(() => profileLikelihood(bod(), "k", { level })).toThrow(
      expect.objectContaining({ code: "BAD_LEVEL" }),
    );
  const exact = fitLeastSquares(
    curve({ parameters: ["a", "b"], x: [0, 1], y: [1, 3], model: (time, t) => at(t, 0) + at(t, 1) * time }),
    [0, 0],
  );
  expect(() => profileLikelihood(exact, "a")).toThrow(expect.objectContaining({ code: "NO_FREEDOM" }));
});
