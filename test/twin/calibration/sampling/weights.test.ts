import { effectiveSize, logMeanExp, systematicIndices } from "@plumbline/twin/calibration/sampling/weights";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

const NONE = Number.NEGATIVE_INFINITY;

describe("log-weights", () => {
  test("far below underflow still have a mean and an effective size", () => {
    expect(logMeanExp([-2000, -2000 + Math.log(3)])).toBeCloseTo(-2000 + Math.log(2), 12);
    expect(effectiveSize([-5000, -5000, NONE])).toBeCloseTo(2, 11);
    expect(effectiveSize([NONE, NONE])).toBe(0);
  });

  test("resample each point the whole number of times next to its share, and never one of weight zero", () => {
    const logWeights = [NONE, Math.log(0.5), Math.log(0.125), NONE, Math.log(0.375), NONE];
    for (let seed = 0; seed < 50; seed++) {
      const counts = [0, 0, 0, 0, 0, 0];
      for (const index of systematicIndices(logWeights, 10, dice(seed))) counts[index]!++;
      expect(counts[1]).toBe(5);
      expect([1, 2]).toContain(counts[2]);
      expect([3, 4]).toContain(counts[4]);
      expect([counts[0], counts[3], counts[5]]).toEqual([0, 0, 0]);
    }
  });

  test("whose sum rounds below 1 do not resample a trailing point of weight zero", () => {
    const last = { ...dice(0), uniform: () => 1 - 2 ** -53 };
    for (let size = 2; size < 60; size++) {
      const logWeights = [...Array.from({ length: size }, (_, index) => Math.log(index + 1)), NONE];
      expect(systematicIndices(logWeights, 7, last).at(-1)).toBe(size - 1);
    }
  });
});
