import {
  chiSquaredTest,
  type EcdfBand,
  ecdfTest,
  simultaneousBand,
} from "@plumbline/twin/diagnostics/uniformity";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const countsOf = (places: readonly number[], cells: number): number[] => {
  const counts = new Array<number>(cells).fill(0);
  for (const place of places) counts[Math.floor(place * cells)]!++;
  return counts;
};

const isInside = (counts: readonly number[], { low, high }: EcdfBand): boolean => {
  let below = 0;
  return low.every((least, edge) => {
    below += counts[edge]!;
    return below >= least && below <= high[edge]!;
  });
};

describe("the ECDF test", () => {
  // Three values in two cells: the count below ½ is Bin(3, ½): 1, 3, 3, 1 of 8. Counts 0 and 3 have p = 2/8, 1 and 2 p = 1.
  test("is exact where all cases can be counted", () => {
    expect(ecdfTest([0, 3]).p).toBeCloseTo(0.25, 14);
    expect(ecdfTest([3, 0]).p).toBeCloseTo(0.25, 14);
    expect(ecdfTest([1, 2]).p).toBe(1);
  });

  test("is exact for two edges, against all 27 ways to put three values into three cells", () => {
    const cases: { counts: number[]; statistic: number }[] = [];
    for (const a of [0, 1, 2])
      for (const b of [0, 1, 2])
        for (const c of [0, 1, 2]) {
          const counts = [0, 0, 0];
          for (const cell of [a, b, c]) counts[cell]!++;
          cases.push({ counts, statistic: ecdfTest(counts).statistic });
        }
    for (const { counts, statistic } of cases) {
      const asExtreme = cases.filter((other) => other.statistic <= statistic * (1 + 1e-9)).length;
      expect(ecdfTest(counts).p).toBeCloseTo(asExtreme / 27, 12);
    }
  });

  test("says where the deviation is", () => {
    const counts = new Array<number>(10).fill(50);
    counts[2] = 100;
    expect(ecdfTest(counts).at).toBeCloseTo(0.3, 12);
  });

  // p of a discrete exact test is no less than uniform: P(p ≤ 0.05) ≤ 0.05. Bin(2000, 0.05): sd 9.7, 3.3 sd above: 132.
  test("rejects at most 5 % of uniform samples at 5 %, and nearly 5 %", () => {
    let rejected = 0;
    for (let run = 0; run < 2000; run++) {
      const roll = dice(`uniform ${run}`);
      if (
        ecdfTest(
          countsOf(
            Array.from({ length: 100 }, () => roll.uniform()),
            50,
          ),
        ).p <= 0.05
      )
        rejected++;
    }
    expect(rejected).toBeLessThan(132);
    expect(rejected).toBeGreaterThan(60);
  });
});

describe("the simultaneous band", () => {
  // 4,000 ECDFs leave the 90 % band in at most 10 %: sd 0.0047. The steps of counts make it keep slightly more.
  test("holds the whole ECDF with its probability", () => {
    const band = simultaneousBand(200, 20, 0.9);
    let held = 0;
    for (let run = 0; run < 4000; run++) {
      const roll = dice(`band ${run}`);
      const counts = countsOf(
        Array.from({ length: 200 }, () => roll.uniform()),
        20,
      );
      if (isInside(counts, band)) held++;
    }
    expect(held / 4000).toBeGreaterThan(0.9 - 3 * 0.0047);
    expect(held / 4000).toBeLessThan(0.93);
  });

  test("agrees with the test: an ECDF is inside if and only if p > 1 − level", () => {
    const band = simultaneousBand(60, 12, 0.95);
    for (let run = 0; run < 400; run++) {
      const roll = dice(`agree ${run}`);
      const counts = countsOf(
        Array.from({ length: 60 }, () => roll.uniform() ** 1.3),
        12,
      );
      const inside = isInside(counts, band);
      expect(ecdfTest(counts).p > 0.05).toBe(inside);
    }
  });

  test("of nothing is refused", () => {
    expect(refusal(() => simultaneousBand(0, 10)).code).toBe("BAD_BAND");
    expect(refusal(() => simultaneousBand(10, 1)).code).toBe("BAD_BAND");
  });
});

describe("Pearson's test", () => {
  test("of equal and of given probabilities", () => {
    expect(chiSquaredTest([10, 20]).statistic).toBeCloseTo(50 / 15, 12);
    expect(chiSquaredTest([10, 20], [1 / 3, 2 / 3]).statistic).toBeCloseTo(0, 12);
    // χ²(1) beyond 3.8415 has 5 %.
    expect(chiSquaredTest([30 + 9.8, 30 - 9.8].map(Math.round)).freedom).toBe(1);
  });

  test("refuses what is no count", () => {
    expect(refusal(() => chiSquaredTest([1, -1])).code).toBe("BAD_COUNT");
    expect(refusal(() => chiSquaredTest([1.5, 1])).code).toBe("BAD_COUNT");
    expect(refusal(() => ecdfTest([0, 0])).code).toBe("TOO_FEW_VALUES");
    expect(refusal(() => ecdfTest([5])).code).toBe("TOO_FEW_VALUES");
    expect(refusal(() => chiSquaredTest([1, 2], [1])).code).toBe("BAD_SHAPE");
  });
});
