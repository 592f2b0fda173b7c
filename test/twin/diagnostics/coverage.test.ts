import { CoverageScoreboard, type PublishedInterval } from "@plumbline/twin/diagnostics/coverage";
import { quantileOfSorted } from "@plumbline/twin/probability/empirical";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const Z_90 = 1.6448536269514722;

/** Forecasts of N(0, 1) as N(shift, spread²), each published and settled. */
function board(cases: number, roll: Dice, spread = 1, shift = 0): CoverageScoreboard {
  const result = new CoverageScoreboard();
  for (let i = 0; i < cases; i++) {
    const interval = { name: "b3", level: 0.9, low: shift - Z_90 * spread, high: shift + Z_90 * spread };
    result.publish(interval);
    result.settle(interval, roll.normal());
  }
  return result;
}

describe("the coverage scoreboard", () => {
  test("keeps an honest 90 % interval, with the band that a coverage of 500 has", () => {
    const [row] = board(500, dice("honest")).rows();
    expect(row!.verdict).toBe("kept");
    expect(row!.reasons).toEqual([]);
    expect(row!.band).toEqual([0.864, 0.932]);
    expect(row!.coverage).toBeGreaterThanOrEqual(0.864);
    expect(row!.meanWidth).toBeCloseTo(2 * Z_90, 12);
  });

  test("keeps 99 % of honest boards: a band is a quantile with coverage, not the extremes of some samples", () => {
    let kept = 0;
    for (let run = 0; run < 500; run++)
      if (board(100, dice(`board ${run}`)).rows()[0]!.verdict === "kept") kept++;
    // At least 99 %, for counts are discrete: Bin(500, 0.99) has sd 2.2, 4 sd.
    expect(kept).toBeGreaterThan(485);
  });

  test("rule: a band is a quantile with coverage: the extremes of 10 or of 100 samples are none", () => {
    const verdict = (
      samples: number,
      low: (sorted: Float64Array) => number,
      high: typeof low,
      seed: string,
    ) => {
      const roll = dice(seed);
      const result = new CoverageScoreboard();
      for (let i = 0; i < 500; i++) {
        const sorted = Float64Array.from({ length: samples }, () => roll.normal()).sort();
        result.settle({ name: "b3", level: 0.9, low: low(sorted), high: high(sorted) }, roll.normal());
      }
      return result.rows()[0]!.verdict;
    };
    // Extremes of M hold (M − 1)/(M + 1): 0.818 and 0.980, outside [0.864, 0.932].
    const least = (sorted: Float64Array): number => sorted[0]!;
    const most = (sorted: Float64Array): number => sorted[sorted.length - 1]!;
    expect(verdict(10, least, most, "ten")).toBe("too narrow");
    expect(verdict(100, least, most, "hundred")).toBe("too wide");
    const lower = (sorted: Float64Array): number => quantileOfSorted(sorted, 0.05);
    const upper = (sorted: Float64Array): number => quantileOfSorted(sorted, 0.95);
    for (const samples of [100, 1000])
      expect(verdict(samples, lower, upper, `quantiles ${samples}`)).toBe("kept");
  });

  test("condemns ± one sd sold as 90 %, and says by how much", () => {
    const [row] = board(500, dice("bold"), 1 / Z_90).rows();
    expect(row!.verdict).toBe("too narrow");
    expect(row!.reasons[0]).toMatchObject({ kind: "coverage", limit: [0.864, 0.932] });
    expect(Math.abs(row!.reasons[0]!.value - 0.6827)).toBeLessThan(0.07);
  });

  test("names intervals that are too wide, and those that miss to one side", () => {
    expect(board(500, dice("shy"), 1.5).rows()[0]!.verdict).toBe("too wide");
    const [biased] = board(500, dice("biased"), 1, 0.5).rows();
    expect(biased!.reasons.map(({ kind }) => kind)).toContain("one-sided");
  });

  test("gives no verdict on a handful", () => {
    const [row] = board(19, dice("few")).rows();
    expect(row!.verdict).toBe("too few");
    expect(row!.reasons).toMatchObject([{ kind: "too few", value: 19 }]);
  });

  test("counts what never found an outcome", () => {
    const result = board(100, dice("open"));
    for (let i = 0; i < 50; i++) result.publish({ name: "b3", level: 0.9, low: 0, high: 1 });
    const [row] = result.rows();
    expect([row!.published, row!.settled]).toEqual([150, 100]);
    expect(row!.reasons.map(({ kind }) => kind)).toEqual(["unsettled"]);
  });

  test("scores a miss as Winkler does", () => {
    const result = new CoverageScoreboard();
    result.settle({ name: "b", level: 0.9, low: 0, high: 1 }, 1.5);
    result.settle({ name: "b", level: 0.9, low: 0, high: 1 }, 0.5);
    expect(result.rows()[0]!.meanScore).toBeCloseTo((1 + 10 + 1) / 2, 12);
    expect(result.rows()[0]).toMatchObject({ below: 0, above: 1, coverage: 0.5 });
  });

  test("of shards is that of the whole, in any order, though one publishes and another settles", () => {
    const roll = dice("shards");
    const whole = new CoverageScoreboard();
    const shards = [new CoverageScoreboard(), new CoverageScoreboard(), new CoverageScoreboard()];
    for (let i = 0; i < 300; i++) {
      // Dyadic ends: sums are exact in any order.
      const low = Math.round(8 * roll.normal()) / 8;
      const interval: PublishedInterval = {
        name: `b${i % 2}`,
        level: i % 3 ? 0.5 : 0.75,
        low,
        high: low + 1,
      };
      const outcome = Math.round(8 * roll.normal()) / 8;
      whole.publish(interval);
      whole.settle(interval, outcome);
      shards[i % 3]!.publish(interval);
      shards[(i + 1) % 3]!.settle(interval, outcome);
    }
    const merged = new CoverageScoreboard(JSON.parse(JSON.stringify(shards[2]!.tallies())));
    merged.merge(shards[0]!);
    merged.merge(shards[1]!);
    expect(merged.tallies()).toEqual(whole.tallies());
    expect(merged.rows()).toEqual(whole.rows());
    expect(merged.rows().map(({ name, level }) => [name, level])).toEqual([
      ["b0", 0.5],
      ["b0", 0.75],
      ["b1", 0.5],
      ["b1", 0.75],
    ]);
  });

  test("refuses what is no interval and no outcome", () => {
    const good = { name: "b", level: 0.9, low: 0, high: 1 };
    for (const bad of [
      { low: 2 },
      { level: 1 },
      { level: 0 },
      { high: Number.NaN },
      { low: Number.NEGATIVE_INFINITY },
    ])
      expect(refusal(() => new CoverageScoreboard().publish({ ...good, ...bad })).code).toBe("BAD_INTERVAL");
    expect(refusal(() => new CoverageScoreboard().settle(good, Number.NaN)).code).toBe("BAD_OUTCOME");
  });
});
