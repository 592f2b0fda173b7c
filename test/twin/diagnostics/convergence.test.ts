import { summariseChains, summariseDraws } from "@plumbline/twin/diagnostics/draws-summary";
import {
  essBulk,
  essMean,
  essQuantile,
  essSd,
  essTail,
} from "@plumbline/twin/diagnostics/effective-sample-size";
import { mcseMean, mcseQuantile, mcseSd } from "@plumbline/twin/diagnostics/monte-carlo-error";
import { averageRanks, rankCounts } from "@plumbline/twin/diagnostics/ranks";
import { rhat, rhatBasic } from "@plumbline/twin/diagnostics/rhat";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { refusal } from "../support/refusals.ts";

interface Summary extends Record<string, number | string> {
  readonly variable: string;
}
interface Reference {
  readonly summary: readonly Summary[];
  readonly draws: Record<string, readonly (readonly number[])[]>;
}

withReferenceData<Reference>(
  "calibration/diagnostics/rhat_ess_posterior.json",
  "R-hat, ESS and MCSE as R's posterior computes them",
  ({ summary, draws }) => {
    test.each(summary.map((expected) => [expected.variable, expected] as const))(
      "%s",
      (variable, expected) => {
        const chains = draws[variable]!;
        const near = (value: number, name: string) =>
          expect(Math.abs(value / (expected[name] as number) - 1), name).toBeLessThan(1e-9);
        near(rhatBasic(chains), "rhat_basic");
        near(essMean(chains), "ess_basic");
        near(essMean(chains), "ess_mean");
        near(essBulk(chains), "ess_bulk");
        near(essTail(chains), "ess_tail");
        near(essSd(chains), "ess_sd");
        near(mcseMean(chains), "mcse_mean");
        near(mcseSd(chains), "mcse_sd");
        // 400 folded draws tie in pairs; whether rounding keeps a tie moves R-hat by up to 2e-4.
        expect(Math.abs(rhat(chains) - (expected["rhat"] as number))).toBeLessThan(3e-4);
        const row = summariseChains(variable, chains, [0.05, 0.95]);
        near(row.mean, "mean");
        near(row.sd, "sd");
        near(row.quantiles[0]!.value, "5%");
        near(row.quantiles[1]!.value, "95%");
      },
    );
  },
);

/** Gaussian AR(1) of unit variance. */
function autoregressive(length: number, correlation: number, roll: Dice, mean = 0): Float64Array {
  const innovation = Math.sqrt(1 - correlation ** 2);
  let state = roll.normal();
  return Float64Array.from({ length }, () => {
    const value = mean + state;
    state = correlation * state + innovation * roll.normal();
    return value;
  });
}
const four = (seed: string, correlation: number, length = 4000): Float64Array[] =>
  [0, 1, 2, 3].map((chain) => autoregressive(length, correlation, dice(seed).split(chain)));

describe("effective sample size", () => {
  // τ of an AR(1) is (1 + φ)/(1 − φ); its estimate from S draws has a relative sd of about √(2(2m + 1)/S), m the lag at
  // which the sum stops (Sokal 1997): at φ = 0.9, m ≈ 6 τ = 110, S = 16,000 that is 0.17; 3 sd = 0.5. φ = 0.5: m ≈ 15, 0.19.
  test.each([
    [0.5, 0.19],
    [0.9, 0.5],
  ])("of an AR(1) with φ = %d is S (1 − φ)/(1 + φ)", (correlation, tolerance) => {
    const exact = (16_000 * (1 - correlation)) / (1 + correlation);
    for (const ess of [essBulk, essMean])
      expect(Math.abs(ess(four("ar", correlation)) / exact - 1)).toBeLessThan(tolerance);
  });

  test("of antithetic draws may exceed their number, but not by more than log₁₀ of it", () => {
    const draws = four("antithetic", -0.9);
    expect(essMean(draws)).toBeGreaterThan(16_000);
    expect(essMean(draws)).toBeLessThanOrEqual(16_000 * Math.log10(16_000) * (1 + 1e-12));
  });

  test("falls when chains disagree, however white each is", () => {
    const apart = [0, 1, 2, 3].map((chain) => autoregressive(1000, 0, dice("apart").split(chain), 3 * chain));
    expect(essBulk(apart)).toBeLessThan(10);
  });

  test("uses ranks for the bulk: a monotone transform changes nothing", () => {
    const draws = four("monotone", 0.3, 500);
    const cubed = draws.map((chain) => chain.map((value) => Math.exp(3 * value)));
    expect(essBulk(cubed)).toBe(essBulk(draws));
    expect(essTail(cubed)).toBe(essTail(draws));
  });

  test("of tails is of the worse tail", () => {
    const draws = four("tails", 0.6, 500);
    expect(essTail(draws)).toBe(Math.min(essQuantile(draws, 0.05), essQuantile(draws, 0.95)));
  });
});

describe("Monte Carlo errors", () => {
  // White normal draws, S = 16,000: mean 1/√S, sd 1/√(2S), median √(π/2)/√S. ESS of white draws is known to about 5 %
  // (√(2·3/S) plus the search for the cut), so its root to 5 % generously; the order statistics add a few per cent.
  test("of white normal draws are 1/√S, 1/√(2S) and √(π/2S)", () => {
    const draws = four("white", 0);
    expect(Math.abs(mcseMean(draws) * Math.sqrt(16_000) - 1)).toBeLessThan(0.1);
    expect(Math.abs(mcseSd(draws) * Math.sqrt(32_000) - 1)).toBeLessThan(0.1);
    expect(Math.abs(mcseQuantile(draws, 0.5) * Math.sqrt(32_000 / Math.PI) - 1)).toBeLessThan(0.15);
  });
});

describe("R-hat", () => {
  test("of well-mixed chains is below 1.01", () => {
    expect(rhat(four("mixed", 0.3))).toBeLessThan(1.01);
  });

  test("catches a chain that is stuck, at a value that the others visit too", () => {
    const draws = four("stuck", 0.3, 1000);
    draws[2] = new Float64Array(1000).fill(0.1);
    expect(rhat(draws)).toBeGreaterThan(1.05);
    expect(summariseChains("b", draws).stuck).toEqual([2]);
    expect(summariseChains("b", draws).faults.map(({ statistic }) => statistic)).toContain("stuck");
  });

  test("catches a chain that is stuck elsewhere", () => {
    const draws = four("elsewhere", 0.3, 1000);
    draws[0] = autoregressive(1000, 0.3, dice("far"), 25);
    expect(rhat(draws)).toBeGreaterThan(1.3);
    expect(rhatBasic(draws)).toBeGreaterThan(5);
  });

  test("catches chains of equal centre and unequal spread, which the unfolded statistic does not", () => {
    const draws = four("spread", 0, 1000);
    draws[3] = draws[3]!.map((value) => value / 4);
    expect(rhatBasic(draws)).toBeLessThan(1.01);
    expect(rhat(draws)).toBeGreaterThan(1.1);
  });

  test("catches one chain that drifts", () => {
    const drifting = Float64Array.from(
      { length: 1000 },
      (_, draw) => draw / 100 + dice("drift").split(draw).normal(),
    );
    expect(rhat([drifting])).toBeGreaterThan(1.3);
  });

  test("does not need a mean: Cauchy chains agree with themselves", () => {
    const cauchy = [0, 1, 2, 3].map((chain) => {
      const roll = dice("cauchy").split(chain);
      return Float64Array.from({ length: 1000 }, () => roll.normal() / roll.normal());
    });
    expect(rhat(cauchy)).toBeLessThan(1.01);
  });

  test("of chains that each stand still apart is infinite", () => {
    const still = [0, 1].map((value) => new Float64Array(100).fill(value));
    expect(rhatBasic(still)).toBe(Number.POSITIVE_INFINITY);
    expect(rhat(still)).toBe(Number.POSITIVE_INFINITY);
  });

  test("of constant draws is not a number, and that is a fault", () => {
    const constant = [0, 1, 2, 3].map(() => new Float64Array(500).fill(7));
    for (const value of [rhat, rhatBasic, essBulk, essTail, essMean, essSd, mcseMean, mcseSd].map((of) =>
      of(constant),
    ))
      expect(value).toBeNaN();
    expect(mcseQuantile(constant, 0.5)).toBeNaN();
    const { mean, sd, faults } = summariseChains("b", constant);
    expect([mean, sd]).toEqual([7, 0]);
    expect(faults.map(({ statistic }) => statistic)).toEqual(["rhat", "essBulk", "essTail", "stuck"]);
  });
});

describe("draws that say nothing are refused", () => {
  test.each([
    ["NaN", [[1, 2, 3, 4, Number.NaN, 6]], "BAD_DRAW", "draw 4 of chain 0 is NaN"],
    [
      "infinite",
      [
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3, Number.POSITIVE_INFINITY, 5, 6],
      ],
      "BAD_DRAW",
      "draw 3 of chain 1",
    ],
    ["few", [[1, 2, 3, 4, 5]], "TOO_FEW_DRAWS", "a chain of 5 draws"],
    [
      "of unequal length",
      [
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5, 6, 7],
      ],
      "BAD_SHAPE",
      "chain 1 has 7 draws",
    ],
    ["absent", [], "NO_CHAINS", "0 chains"],
  ] as const)("%s", (_, chains, code, message) => {
    for (const of of [rhat, rhatBasic, essBulk, essTail, essMean, essSd, mcseMean, mcseSd]) {
      const error = refusal(() => of(chains));
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
    }
  });

  test("names must fit the columns", () => {
    expect(refusal(() => summariseDraws([new Matrix(10, 2)], ["a"])).code).toBe("BAD_SHAPE");
  });
});

describe("a summary of draws", () => {
  test("names what is not converged, and the limit", () => {
    const chains = four("summary", 0.97, 400);
    const matrices = chains.map((chain) => new Matrix(400, 1, chain));
    const [row] = summariseDraws(matrices, ["b3"]);
    expect(row!.name).toBe("b3");
    expect(row!.faults.find(({ statistic }) => statistic === "essBulk")?.limit).toBe(400);
  });

  test("does not take one chain's word", () => {
    const one = four("white", 0).slice(0, 1);
    expect(summariseChains("b3", one).faults).toEqual([{ statistic: "chains", value: 1, limit: 4 }]);
    expect(summariseChains("b3", one, [0.5], { chains: 1 }).faults).toEqual([]);
  });

  test("has no fault for white chains", () => {
    expect(summariseChains("b3", four("white", 0)).faults).toEqual([]);
  });
});

describe("ranks", () => {
  test("of equal values are shared", () => {
    expect([...averageRanks([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
  });

  test("of chains that agree fill the bins of a rank plot evenly, of one that is apart the last", () => {
    const same = rankCounts(four("plot", 0), 20);
    // 4,000 draws over 20 bins: 200 each; hypergeometric sd √(200 · 0.95 · 0.75) = 12; 4.5 sd over 80 bins.
    for (const chain of same) for (const count of chain) expect(Math.abs(count - 200)).toBeLessThan(54);
    const apart = four("plot", 0, 100);
    apart[1] = apart[1]!.map((value) => value + 100);
    expect([...rankCounts(apart, 4)[1]!]).toEqual([0, 0, 0, 100]);
  });
});
