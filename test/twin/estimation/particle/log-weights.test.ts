import { effectiveSize, normaliseLogWeights } from "@plumbline/twin/estimation/particle/log-weights";
import { describe, expect, test } from "vitest";

const NONE = Number.NEGATIVE_INFINITY;

describe("log weights", () => {
  test("far below underflow still have an effective size, the same normalised or not", () => {
    expect(effectiveSize([-5000, -5000, NONE])).toBeCloseTo(2, 11);
    const logWeights = Float64Array.of(-5000, -5002, NONE);
    const before = effectiveSize(logWeights);
    const { effectiveSize: after } = normaliseLogWeights(logWeights, new Float64Array(3));
    expect(after).toBeCloseTo(before, 11);
  });

  test("of nothing possible have an effective size of 0", () => expect(effectiveSize([NONE, NONE])).toBe(0));
});
