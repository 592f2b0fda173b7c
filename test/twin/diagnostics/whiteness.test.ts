import {
  autocorrelations,
  jarqueBera,
  lagOneAboutZero,
  ljungBox,
  runsTest,
  varianceBreak,
} from "@plumbline/twin/diagnostics/whiteness";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { refusal } from "../support/refusals.ts";

const white = (length: number, seed: string): Float64Array => {
  const roll = dice(seed);
  return Float64Array.from({ length }, () => roll.normal());
};

withReferenceData<{ readonly diffuse: { readonly v: number[]; readonly F: number[] } }>(
  "calibration/kalman/nile.json",
  "standardised innovations of the Nile, t = 2 … 100",
  ({ diffuse }) => {
    const innovations = diffuse.v.map((value, t) => value / Math.sqrt(diffuse.F[t]!)).slice(1);

    test("have the published Ljung–Box statistics", () => {
      expect(ljungBox(innovations, 9).statistic).toBeCloseTo(8.8433, 4);
      expect(ljungBox(innovations, 10).statistic).toBeCloseTo(13.195, 3);
      // EViews at its own estimates: Q(10) 13.117, p 0.217, all ten degrees kept.
      expect(ljungBox(innovations, 10).p).toBeCloseTo(0.213, 2);
    });

    test("have the published skewness, kurtosis, Jarque–Bera and H(33)", () => {
      const { skewness, kurtosis, statistic } = jarqueBera(innovations);
      expect(skewness).toBeCloseTo(-0.0306, 4);
      expect(kurtosis).toBeCloseTo(3.0873, 4);
      expect(statistic).toBeCloseTo(0.0469, 4);
      expect(varianceBreak(innovations).part).toBe(33);
      expect(varianceBreak(innovations).ratio).toBeCloseTo(0.613, 4);
    });
  },
);

describe("Ljung and Box's test", () => {
  // r by hand for 1, 2, 3, 4, 10 (mean 4): e = −3 −2 −1 0 6; Σe² = 50; r1 = (6 + 2 + 0 + 0)/50, r2 = (3 + 0 − 6)/50.
  test("is n (n + 2) Σ r²/(n − k)", () => {
    const series = [1, 2, 3, 4, 10];
    expect([...autocorrelations(series, 2)]).toEqual([8 / 50, -3 / 50]);
    expect(ljungBox(series, 2).statistic).toBeCloseTo(35 * (0.16 ** 2 / 4 + 0.06 ** 2 / 3), 14);
  });

  // 2,000 series of 100: P(p < 0.05) is 0.05 by the χ² limit, a little more in finite samples (Ljung & Box 1978, table 2:
  // up to 0.06 at n = 100); Bin(2000, 0.055) has sd 10; [0.04, 0.07] is ± 3 sd.
  test.each([
    ["whole", (series: Float64Array) => series],
    ["with a third missing in a row", (series: Float64Array) => series.fill(Number.NaN, 30, 63)],
    [
      "with every fourth missing",
      (series: Float64Array) => series.map((value, t) => (t % 4 ? value : Number.NaN)),
    ],
  ])("rejects 5 % of white series at 5 %, %s", (_, damage) => {
    let rejected = 0;
    for (let run = 0; run < 2000; run++)
      if (ljungBox(damage(white(100, `white ${run}`)), 7).p < 0.05) rejected++;
    expect(rejected / 2000).toBeGreaterThan(0.038);
    expect(rejected / 2000).toBeLessThan(0.07);
  });

  test("rejects an AR(1) of 0.3, with gaps too", () => {
    const noise = white(400, "ar");
    for (let t = 1; t < 400; t++) noise[t] = 0.3 * noise[t - 1]! + noise[t]!;
    expect(ljungBox(noise, 10).p).toBeLessThan(1e-4);
    expect(
      ljungBox(
        noise.map((value, t) => (t % 5 ? value : Number.NaN)),
        10,
      ).p,
    ).toBeLessThan(0.01);
  });

  test("pays for fitted parameters with degrees of freedom", () => {
    const series = white(200, "fitted");
    expect(ljungBox(series, 10, 2).freedom).toBe(8);
    expect(ljungBox(series, 10, 2).p).toBeLessThan(ljungBox(series, 10).p);
    expect(refusal(() => ljungBox(series, 2, 2)).code).toBe("BAD_LAGS");
  });
});

test("the lag-one correlation about 0 takes a bias for what it is, and knows nothing of zeros", () => {
  expect(lagOneAboutZero([1, 1, 1, 1])).toBe(3 / 4);
  expect(lagOneAboutZero([1, -1, 1, -1])).toBe(-3 / 4);
  expect(lagOneAboutZero([0, 0])).toBeNaN();
});

describe("normality and constancy", () => {
  test("Jarque and Bera's statistic has two degrees: p = exp(−JB/2)", () => {
    const { statistic, p } = jarqueBera([-2, -1, 0, 1, 2, 0.5, -0.5, 3]);
    expect(p).toBe(Math.exp(-statistic / 2));
  });

  test("heavy tails are not normal", () => {
    const roll = dice("student");
    const student = Float64Array.from({ length: 500 }, () => {
      const chi = roll.normal() ** 2 + roll.normal() ** 2 + roll.normal() ** 2;
      return roll.normal() / Math.sqrt(chi / 3);
    });
    expect(jarqueBera(student).p).toBeLessThan(1e-6);
    expect(jarqueBera(white(500, "gauss")).p).toBeGreaterThan(0.01);
  });

  test("a variance that doubles is seen by H; one that stays gives a uniform p", () => {
    const doubled = white(300, "doubled").map((value, t) => (t < 150 ? value : Math.SQRT2 * value));
    expect(varianceBreak(doubled).p).toBeLessThan(0.01);
    let rejected = 0;
    for (let run = 0; run < 1000; run++) if (varianceBreak(white(60, `constant ${run}`)).p < 0.05) rejected++;
    // Exact test: Bin(1000, 0.05), sd 6.9, 3.3 sd.
    expect(Math.abs(rejected - 50)).toBeLessThan(23);
  });

  test("H by thirds leaves out the middle and what is missing", () => {
    expect(varianceBreak([1, 1, 100, Number.NaN, 2, 2]).part).toBe(2);
    expect(varianceBreak([1, 1, 100, Number.NaN, 2, 2], 2).ratio).toBe(4);
    expect(refusal(() => varianceBreak([1, 2, 3, 4], 3)).code).toBe("BAD_PART");
  });
});

describe("the runs test", () => {
  // 6 of each sign in 2 runs: E = 7, Var = 6 · 5/11.
  test("counts runs and their score", () => {
    const { runs, expected, score } = runsTest([1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1]);
    expect([runs, expected]).toEqual([2, 7]);
    expect(score).toBeCloseTo(-5 / Math.sqrt(30 / 11), 14);
  });

  test("sees alternation as well as persistence", () => {
    const alternating = Array.from({ length: 60 }, (_, t) => (t % 2 ? 1 : -1));
    expect(runsTest(alternating).score).toBeGreaterThan(5);
    expect(runsTest(alternating).p).toBeLessThan(1e-6);
  });

  test("cannot judge one sign", () => {
    expect(refusal(() => runsTest([1, 2, 3, 4, 5])).code).toBe("ONE_SIGN");
  });
});

describe("series that say nothing are refused", () => {
  const tests = [
    (series: readonly number[]) => ljungBox(series, 1),
    (series: readonly number[]) => autocorrelations(series, 1),
    jarqueBera,
    varianceBreak,
    runsTest,
  ] as const;
  test.each([
    ["empty", [], "TOO_FEW_VALUES"],
    ["all missing", [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN], "TOO_FEW_VALUES"],
    ["infinite", [1, 2, Number.NEGATIVE_INFINITY, 4, 5], "BAD_INNOVATION"],
  ] as const)("%s", (_, series, code) => {
    for (const run of tests) expect(refusal(() => run(series)).code).toBe(code);
  });

  test("constant", () => {
    // The sum of seven times 0.1 is not 0.7: the plain mean is not 0.1.
    for (const run of [jarqueBera, (series: readonly number[]) => ljungBox(series, 1)])
      for (const series of [
        [3, 3, 3, 3, 3],
        [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
      ])
        expect(refusal(() => run(series)).code).toBe("CONSTANT_SERIES");
  });

  test("more lags than values, and lags that no pair has", () => {
    expect(refusal(() => ljungBox([1, 2, 3, 4, 5], 5)).code).toBe("BAD_LAGS");
    const gaps = [1, Number.NaN, 2, Number.NaN, 3, Number.NaN, 5];
    expect(refusal(() => ljungBox(gaps, 1)).code).toBe("TOO_FEW_VALUES");
  });
});
