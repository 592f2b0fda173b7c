import { converge } from "@plumbline/twin/integration/converge";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("a number that must not depend on the tolerance", () => {
  test("is tightened until it stands still", () => {
    const result = converge((tolerance) => 3 + 20 * tolerance, { loosest: 1e-4, epsilon: 1e-7 });
    // A step from tolerance τ to τ/10 moves the value by 18 τ: 1.8e-3, …, 1.8e-7, 1.8e-8.
    expect(result.trace.map(({ tolerance }) => Math.round(Math.log10(tolerance)))).toEqual([
      -4, -5, -6, -7, -8, -9, -10,
    ]);
    expect(result).toMatchObject({ converged: true });
    expect(result.change).toBeCloseTo(1.8e-8, 12);
    expect(result.value).toBeCloseTo(3, 7);
  });

  test("says when it would not", () => {
    let sign = 1;
    const result = converge(() => (sign = -sign), { loosest: 1e-3, tightest: 1e-6 });
    expect(result).toMatchObject({ converged: false, change: 2, tolerance: 1e-6 });
  });

  test("takes a failed run for no value", () => {
    const result = converge((tolerance) => {
      if (tolerance > 1e-8) throw new Error("no");
      return 1;
    });
    expect(result).toMatchObject({ value: 1, converged: true });
    expect(result.trace[0]).toEqual({ tolerance: 1e-6, value: Number.NaN });
    expect(converge(() => Number.NaN)).toMatchObject({
      converged: false,
      value: Number.NaN,
      change: Number.NaN,
    });
  });

  test("refuses options that make no sense", () => {
    expect(refusal(() => converge(() => 1, { loosest: 1e-8, tightest: 1e-6 })).code).toBe("BAD_OPTION");
    expect(refusal(() => converge(() => 1, { ratio: 1 })).code).toBe("BAD_OPTION");
  });
});
