import { type Marginal, summarise } from "@plumbline/twin/calibration/density";
import { type Bounds, toNatural } from "@plumbline/twin/calibration/soft-clamp";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";

const DRAG: Bounds = { low: 0, high: 0.5, knee: 0.0005 };
const FREE: Bounds = { low: -1e6, high: 1e6, knee: 1 };

/** The shortest interval that holds `level` of sorted samples: highest density, by brute force. */
function shortest(samples: readonly number[], level: number): [number, number] {
  const held = Math.ceil(level * samples.length);
  let best: [number, number] = [samples[0]!, samples.at(-1)!];
  for (let first = 0; first + held <= samples.length; first++) {
    const [low, high] = [samples[first]!, samples[first + held - 1]!];
    if (high - low < best[1] - best[0]) best = [low, high];
  }
  return best;
}
const sampled = (marginal: Marginal, bounds: Bounds): number[] => {
  const dice = seeded(92);
  const draw = (): number => {
    let left = dice.uniform();
    for (const { weight, mean, sd } of marginal) {
      left -= weight;
      if (left <= 0) return mean + sd * dice.normal();
    }
    return marginal.at(-1)!.mean;
  };
  /** Inside the bounds, but for one knee: what lies beyond is no part of the belief. */
  const inside = (): number => {
    for (;;) {
      const z = draw();
      if (z > bounds.low - bounds.knee && z < bounds.high + bounds.knee) return toNatural(bounds, z);
    }
  };
  return Array.from({ length: 200_000 }, inside).sort((left, right) => left - right);
};

describe("an interval of highest density", () => {
  test("is the usual one for a Gaussian away from the bounds", () => {
    const { mean, sd, intervals } = summarise([{ weight: 1, mean: 10, sd: 2 }], FREE, [0.9, 0.99]);
    expect(mean).toBeCloseTo(10, 6);
    expect(sd).toBeCloseTo(2, 4);
    for (const [index, z] of [1.6449, 2.5758].entries()) {
      expect(intervals[index]![0]).toBeCloseTo(10 - 2 * z, 0);
      expect(Math.abs(intervals[index]![0] - (10 - 2 * z))).toBeLessThan(0.1);
      expect(Math.abs(intervals[index]![1] - (10 + 2 * z))).toBeLessThan(0.1);
    }
  });

  test("is, of a half-normal, closed at the bound and 1.645 sd long", () => {
    const bounds: Bounds = { low: 0, high: 100, knee: 0.001 };
    const centres = Array.from({ length: 100 }, (_, index) => 0.05 * (index + 0.5));
    const total = centres.reduce((sum, centre) => sum + Math.exp(-0.5 * centre * centre), 0);
    const halfNormal = centres.map((mean) => ({
      weight: Math.exp(-0.5 * mean * mean) / total,
      mean,
      sd: 0.04,
    }));
    const [low, high] = summarise(halfNormal, bounds, [0.9]).intervals[0]!;
    const [bruteLow, bruteHigh] = shortest(sampled(halfNormal, bounds), 0.9);
    expect(low).toBe(0);
    expect(bruteLow).toBeLessThan(0.01);
    expect(Math.abs(bruteHigh - 1.6449)).toBeLessThan(0.03);
    expect(Math.abs(high - 1.6449)).toBeLessThan(0.06);
  });

  test("is, of a Gaussian pushed against a bound, never shorter than the shortest and little longer", () => {
    // Where the slope is small the density is held back, so that stray mass at the bound counts for less than it might.
    const bounds: Bounds = { low: 0, high: 100, knee: 0.02 };
    const [low, high] = summarise([{ weight: 1, mean: 0, sd: 1 }], bounds, [0.9]).intervals[0]!;
    const [, bruteHigh] = shortest(sampled([{ weight: 1, mean: 0, sd: 1 }], bounds), 0.9);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(bruteHigh - 0.05);
    expect(high).toBeLessThan(bruteHigh + 0.2);
  });

  test.each<[string, Marginal]>([
    ["a drag well inside", [{ weight: 1, mean: 0.1, sd: 0.002 }]],
    ["a drag near its bound", [{ weight: 1, mean: 0.002, sd: 0.001 }]],
    [
      "two hypotheses that overlap",
      [
        { weight: 0.4, mean: 0.17, sd: 0.002 },
        { weight: 0.6, mean: 0.174, sd: 0.003 },
      ],
    ],
  ])("agrees with the shortest interval of 200,000 samples: %s", (_name, marginal) => {
    const { mean, sd, intervals } = summarise(marginal, DRAG, [0.9]);
    const samples = sampled(marginal, DRAG);
    const [low, high] = shortest(samples, 0.9);
    const average = samples.reduce((sum, value) => sum + value, 0) / samples.length;
    const spread = Math.sqrt(
      samples.reduce((sum, value) => sum + (value - average) ** 2, 0) / samples.length,
    );
    expect(Math.abs(mean - average)).toBeLessThan(0.02 * spread);
    expect(Math.abs(sd / spread - 1)).toBeLessThan(0.02);
    expect(Math.abs(intervals[0]![0] - low)).toBeLessThan(0.12 * spread);
    expect(Math.abs(intervals[0]![1] - high)).toBeLessThan(0.12 * spread);
  });

  test("holds the mass it says, and a wider level holds a narrower one", () => {
    for (const marginal of [[{ weight: 1, mean: 0.001, sd: 0.002 }], [{ weight: 1, mean: 0.3, sd: 0.01 }]]) {
      const { intervals } = summarise(marginal, DRAG, [0.5, 0.9, 0.99]);
      const samples = sampled(marginal, DRAG);
      for (const [index, level] of [0.5, 0.9, 0.99].entries()) {
        const [low, high] = intervals[index]!;
        const held = samples.filter((value) => value >= low && value <= high).length / samples.length;
        expect(held).toBeGreaterThan(level - 0.01);
        expect(held).toBeLessThan(level + 0.07);
      }
      expect(intervals[2]![1]).toBeGreaterThan(intervals[1]![1]);
      expect(intervals[2]![0]).toBeLessThanOrEqual(intervals[1]![0]);
    }
  });

  test("is closed at either bound when the density piles up there, and never outside", () => {
    expect(summarise([{ weight: 1, mean: -0.005, sd: 0.002 }], DRAG, [0.9]).intervals[0]![0]).toBe(0);
    expect(summarise([{ weight: 1, mean: 0.505, sd: 0.002 }], DRAG, [0.9]).intervals[0]![1]).toBe(0.5);
    for (const mean of [-1, -0.01, 0, 0.25, 0.5, 1]) {
      const [low, high] = summarise([{ weight: 1, mean, sd: 0.1 }], DRAG, [0.99]).intervals[0]!;
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(0.5);
      expect(low).toBeLessThanOrEqual(high);
    }
  });
});
