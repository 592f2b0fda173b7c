import { quantileOfSorted, sampleQuantile, sampleQuantiles } from "@plumbline/twin/probability/empirical";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("sample quantiles", () => {
  const values = [7, 1, 3, 10, 2];

  test("without weights are linear between order statistics (type 7)", () => {
    // h = 4p: 0.1 → 1 + 0.4·1, 0.25 → 2, 0.9 → 7 + 0.6·3.
    const found = sampleQuantiles(values, [0, 0.1, 0.25, 0.5, 0.9, 1]);
    [1, 1.4, 2, 3, 8.8, 10].forEach((expected, k) => {
      expect(found[k]).toBeCloseTo(expected, 13);
    });
  });

  test("of sorted values need no second sort", () => {
    const sorted = [...values].sort((left, right) => left - right);
    for (const probability of [0, 0.1, 0.5, 0.77, 1])
      expect(quantileOfSorted(sorted, probability)).toBe(sampleQuantile(values, probability));
  });

  test("with equal weights are the same, whatever the weights sum to", () => {
    const weighted = sampleQuantiles(values, [0.1, 0.5, 0.77], [0.3, 0.3, 0.3, 0.3, 0.3]);
    sampleQuantiles(values, [0.1, 0.5, 0.77]).forEach((expected, k) => {
      expect(weighted[k]).toBeCloseTo(expected, 12);
    });
  });

  test("do not see a value of weight 0", () => {
    const weights = [1, 1, 1, 0, 1];
    expect(sampleQuantile(values, 0.6, weights)).toBeCloseTo(sampleQuantile([7, 1, 3, 2], 0.6), 13);
    expect(sampleQuantile(values, 1, weights)).toBe(7);
  });

  test("follow the weights: three quarters of the weight at one value hold the median there", () => {
    expect(sampleQuantile([0, 5, 9], 0.5, [1, 14, 1])).toBeCloseTo(5, 13);
    // n* = 16²/198 = 1.293: the window of p = 1 is (1 − 1/n*, 1], of which 5 and 9 hold 1/16 each.
    expect(sampleQuantile([0, 5, 9], 1, [14, 1, 1])).toBeCloseTo((14 * 256) / 198 / 16, 13);
  });

  test.each<[string, string, () => unknown]>([
    ["nothing", "EMPTY_SAMPLE", () => sampleQuantile([], 0.5)],
    ["nothing, sorted", "EMPTY_SAMPLE", () => quantileOfSorted([], 0.5)],
    ["a probability that is NaN", "BAD_ARGUMENT", () => quantileOfSorted([1, 2], Number.NaN)],
    ["a failed run that was left in", "NOT_FINITE", () => sampleQuantile([1, Number.NaN], 0.5)],
    ["a weight missing", "BAD_SHAPE", () => sampleQuantile([1, 2], 0.5, [1])],
    ["a negative weight", "BAD_ARGUMENT", () => sampleQuantile([1, 2], 0.5, [1, -1])],
    ["a weight that is NaN", "BAD_ARGUMENT", () => sampleQuantile([1, 2], 0.5, [1, Number.NaN])],
    ["no weight at all", "BAD_ARGUMENT", () => sampleQuantile([1, 2], 0.5, [0, 0])],
    ["a probability above 1", "BAD_ARGUMENT", () => sampleQuantile([1, 2], 2)],
  ])("refuse %s", (_name, code, call) => expect(refusal(call).code).toBe(code));
});
