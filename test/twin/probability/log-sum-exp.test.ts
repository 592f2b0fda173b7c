import { logMeanExp, logSumExp } from "@plumbline/twin/probability/log-sum-exp";
import { describe, expect, test } from "vitest";

describe("sums of exponentials", () => {
  test("neither overflow nor vanish", () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp([-1000, -1001])).toBeCloseTo(-1000 + Math.log1p(Math.exp(-1)), 12);
    expect(logMeanExp(new Float64Array(8).fill(-750))).toBeCloseTo(-750, 12);
  });
  test("of nothing, or of impossibilities alone, are impossible", () => {
    expect([logSumExp([]), logSumExp([-Infinity, -Infinity])]).toEqual([-Infinity, -Infinity]);
    expect(logSumExp([-Infinity, 2])).toBe(2);
  });
  test("carry a not-a-number on", () => expect(logSumExp([1, Number.NaN])).toBeNaN());
});
