import { ALLOWANCE, alarmLimit } from "@plumbline/twin/estimation/cusum";
import { cusumLimit, cusumRunLength, ewmaRunLength } from "@plumbline/twin/estimation/run-length";
import { fitColour, Whitener } from "@plumbline/twin/estimation/whitening";
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

test("a chart without a limit is refused", () => {
  for (const bad of [
    () => cusumRunLength(0, 0.5),
    () => cusumLimit(Number.NaN, 0.5),
    () => ewmaRunLength(1.5, 3),
  ])
    expect(refusal(bad).code).toBe("BAD_CHART");
});

/** Mean run length of a two-sided CUSUM (0.5, 5) on a stream; and its standard error. */
function meanRunLength(next: () => number, runs: number): { mean: number; error: number } {
  let [sum, square] = [0, 0];
  for (let run = 0; run < runs; run++) {
    let [high, low, count] = [0, 0, 0];
    while (high <= 5 && low <= 5) {
      const z = next();
      high = Math.max(0, high + z - 0.5);
      low = Math.max(0, low - z - 0.5);
      count++;
    }
    sum += count;
    square += count * count;
  }
  const mean = sum / runs;
  return { mean, error: Math.sqrt((square / runs - mean * mean) / runs) };
}

describe("autocorrelated residuals", () => {
  const source = dice("coloured");
  let state = 0;
  /** AR(1), φ = 0.5, mean 3, innovations of sd 2. */
  const coloured = (): number => {
    state = 0.5 * state + 2 * source.normal();
    return 3 + state;
  };
  const colour = fitColour(Float64Array.from({ length: 20_000 }, coloured));

  test("raw, in units of their own sd, bring the alarm nine times too early", () => {
    const sd = 2 / Math.sqrt(1 - 0.25);
    const { mean } = meanRunLength(() => (coloured() - 3) / sd, 400);
    expect(mean).toBeLessThan(465.444 / 5);
  });

  test("have their order, coefficient, mean and scale found", () => {
    // Standard errors: of φ √((1 − φ²)/n), of σ σ/√(2n), of the mean σ/((1 − φ)√n); 4.5 of each.
    expect(colour.coefficients).toHaveLength(1);
    expect(Math.abs(colour.coefficients[0]! - 0.5)).toBeLessThan(4.5 * Math.sqrt(0.75 / 20_000));
    expect(Math.abs(colour.sd - 2)).toBeLessThan((4.5 * 2) / Math.sqrt(40_000));
    expect(Math.abs(colour.mean - 3)).toBeLessThan((4.5 * 4) / Math.sqrt(20_000));
  });

  test("whitened, keep the nominal run length to a fifth", () => {
    const whitener = new Whitener(colour);
    const { mean, error } = meanRunLength(() => whitener.next(coloured()), 1_500);
    // A mean that is off by 0.028 (one standard error of it, in innovations' sd) costs 2 % of the run length; the rest is sampling.
    expect(Math.abs(mean / 465.444 - 1)).toBeLessThan(0.2);
    expect(error / mean).toBeLessThan(0.04);
  });

  test("that are white are found to be", () =>
    expect(fitColour(Float64Array.from({ length: 5_000 }, () => source.normal())).coefficients).toEqual([]));

  test("too few, or not finite, are refused", () => {
    expect(refusal(() => fitColour(new Float64Array(100))).code).toBe("TOO_FEW_RESIDUALS");
    expect(refusal(() => fitColour(new Float64Array(600).fill(Number.NaN))).code).toBe("BAD_RESIDUALS");
  });
});
