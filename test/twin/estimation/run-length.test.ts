import { ALLOWANCE, alarmLimit } from "@plumbline/twin/estimation/cusum";
import { cusumLimit, cusumRunLength, ewmaRunLength } from "@plumbline/twin/estimation/run-length";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("the run length of a one-sided CUSUM with allowance 0.5", () => {
  test.each([
    [4, 335.368],
    [5, 930.887],
    [6, 2_553],
    [8, 18_966],
    [10, 140_265],
    [12, 1.037e6],
  ])("at limit %d is %d quiet samples, as published", (limit, published) =>
    expect(cusumRunLength(limit, 0.5) / published).toBeCloseTo(1, 3),
  );

  test.each([
    [4, 0.5, 26.7],
    [5, 1, 10.376],
    [4, 1, 8.383],
    [10, 2, 7.34],
    [8, 1, 16.37],
  ])("at limit %d finds a shift of %d in %d samples, as published", (limit, shift, published) =>
    expect(cusumRunLength(limit, 0.5, shift) / published).toBeCloseTo(1, 2),
  );

  test("is what the limit was chosen for", () => {
    for (const wanted of [100, 12_345, 3e6])
      expect(cusumRunLength(cusumLimit(wanted, 0.5), 0.5) / wanted).toBeCloseTo(1, 9);
  });
});

test("the limit of the drift charts is the exact one to 0.01, whatever is promised", () => {
  for (const samples of [100, 2_016, 20_160])
    for (const probability of [0.001, 0.01, 0.1])
      expect(
        Math.abs(alarmLimit(18, samples, probability) - cusumLimit((18 * samples) / probability, ALLOWANCE)),
      ).toBeLessThan(0.01);
});

test("an EWMA with weight 0.1 and factor 2.814 runs for 499.58 quiet samples and finds a shift of one in 10.331", () => {
  expect(ewmaRunLength(0.1, 2.814)).toBeCloseTo(499.58, 1);
  expect(ewmaRunLength(0.1, 2.814, 1)).toBeCloseTo(10.331, 2);
});

describe("charts whose limit is wide against one step", () => {
  /** ARL ≈ (e^{−2Δb} + 2Δb − 1)/(2Δ²), Δ = shift − k, b = h + 1.166 (Siegmund 1985). */
  const siegmund = (limit: number, allowance: number, shift: number): number => {
    const drift = shift - allowance;
    const b = limit + 1.166;
    return (Math.expm1(-2 * drift * b) + 2 * drift * b) / (2 * drift * drift);
  };

  test.each([
    [100, 0.03, 0],
    [200, 0.02, 0],
    [500, 0.01, 0],
    [40, 0.5, 0],
    [80, 0.25, 0],
    [120, 0.5, 0.6],
    [200, 0.5, 1],
    [2_000, 0.5, 1],
  ])(
    "limit %d, allowance %d, shift %d: within 1 % of the diffusion approximation",
    (limit, allowance, shift) =>
      expect(
        Math.abs(cusumRunLength(limit, allowance, shift) / siegmund(limit, allowance, shift) - 1),
      ).toBeLessThan(0.01),
  );

  test("lengthen the quiet run by e^{2k} for each unit of the limit, far beyond what 1 − ε can tell from 1", () => {
    // Cramér–Lundberg: the tilt that turns the drift of N(−k, 1) round is 2k, whatever the limit.
    for (const [limit, allowance] of [
      [60, 0.5],
      [300, 0.5],
      [60, 3],
    ] as const) {
      const growth = cusumRunLength(limit + 1, allowance) / cusumRunLength(limit, allowance);
      expect(growth / Math.exp(2 * allowance)).toBeCloseTo(1, 9);
    }
  });

  test("delay the finding of a shift by 1/(shift − k) for each unit of the limit", () =>
    expect(cusumRunLength(700, 0.5, 1) - cusumRunLength(200, 0.5, 1)).toBeCloseTo(1_000, 7));

  test("an EWMA with weight 0.001 runs as long as simulated ones", () => {
    const source = dice("slow average");
    const limit = 2 * Math.sqrt(0.001 / 1.999);
    let count = 0;
    for (let run = 0; run < 600; run++) {
      let average = 0;
      while (Math.abs(average) <= limit) {
        average += 0.001 * (source.normal() - average);
        count++;
      }
    }
    // Run lengths are nearly exponential: the mean of 600 has a relative standard error of 0.04.
    expect(Math.abs(count / 600 / ewmaRunLength(0.001, 2) - 1)).toBeLessThan(4.5 * 0.04);
  });

  test("an EWMA with weight 1 is a Shewhart chart: 1/(2 Φ(−3))", () =>
    expect(ewmaRunLength(1, 3)).toBeCloseTo(370.3983473449564, 9));

  test("have their limits found, whatever the allowance", () => {
    for (const [wanted, allowance] of [
      [1e5, 0.01],
      [1e9, 0.1],
      [1e9, 3],
      [1e60, 0.5],
      [3.3, 0.5],
    ] as const)
      expect(cusumRunLength(cusumLimit(wanted, allowance), allowance) / wanted).toBeCloseTo(1, 9);
  });
});

test("a chart that is none, or beyond what can be computed, is refused with what can be", () => {
  for (const [bad, said] of [
    [() => cusumRunLength(0, 0.5), /positive/],
    [() => cusumRunLength(4, 0.5, Number.NaN), /finite shift/],
    [() => cusumLimit(Number.NaN, 0.5), /positive/],
    [() => ewmaRunLength(1.5, 3), /at most 1/],
    [() => ewmaRunLength(0.1, 3, Number.POSITIVE_INFINITY), /finite shift/],
    [() => cusumRunLength(2_001, 0.5, 1), /up to 2000/],
    [() => ewmaRunLength(1e-9, 3), /up to 2000/],
    [() => cusumRunLength(1_000, 0.5), /below 1e\+300/],
    // 1/Φ(−0.5), however small the limit.
    [() => cusumLimit(3.24, 0.5), /above 3\.241/],
    [() => cusumLimit(1e12, 0.001), /limit of 2000/],
  ] as const) {
    expect(refusal(bad).code).toBe("BAD_CHART");
    expect(refusal(bad).hint).toMatch(said);
  }
});
