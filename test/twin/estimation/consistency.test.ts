import { chiSquaredQuantile, isConsistent, Z_999, Z_9999 } from "@plumbline/twin/estimation/consistency";
import { cumulative, logDensity, logTail, tail, truncatedAbove } from "@plumbline/twin/estimation/normal";
import { describe, expect, test } from "vitest";
import { exactChiSquaredQuantile } from "../../support/statistics.ts";

/** P(Z > z) by Simpson's rule on the density, from z to z + 12. */
function integratedTail(z: number): number {
  const [steps, width] = [20_000, 12 / 20_000];
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * (z + step * width) ** 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}

describe("the χ² quantile", () => {
  test("is as near to the exact one as its comment says", () => {
    const worst = (
      probabilities: readonly (readonly [number, number])[],
      freedoms: readonly number[],
    ): number =>
      Math.max(
        ...probabilities.flatMap(([probability, z]) =>
          freedoms.map((freedom) =>
            Math.abs(chiSquaredQuantile(freedom, z) / exactChiSquaredQuantile(probability, freedom) - 1),
          ),
        ),
      );
    const upper = [
      [0.5, 0],
      [0.9, 1.2815515655446004],
      [0.999, Z_999],
      [0.9999, Z_9999],
    ] as const;
    expect(worst(upper, [21, 42, 100, 336, 2_000])).toBeLessThan(0.006);
    expect(worst(upper, [3, 4, 8, 12])).toBeLessThan(0.04);
    expect(worst([[0.001, -Z_999]], [30, 100, 336])).toBeLessThan(0.01);
  });
  test("agrees with tables: χ²(21) at 0.999 is 46.797, χ²(3) is 16.266", () => {
    expect(exactChiSquaredQuantile(0.999, 21)).toBeCloseTo(46.797, 2);
    expect(exactChiSquaredQuantile(0.999, 3)).toBeCloseTo(16.266, 2);
  });
  test("bounds a consistent sum on both sides", () => {
    expect(isConsistent(21, 21, Z_999)).toBe(true);
    expect(isConsistent(50, 21, Z_999)).toBe(false);
    expect(isConsistent(4, 21, Z_999)).toBe(false);
  });
});

describe("the normal distribution", () => {
  test("has tails within 2e-7 relative of numerical integration, from −8 to 20 standard deviations", () => {
    for (let z = -8; z <= 20; z += 0.25) {
      const exact = z < 0 ? 1 - integratedTail(-z) : integratedTail(z);
      expect(Math.abs(tail(z) / exact - 1), String(z)).toBeLessThan(2e-7);
    }
    expect(logTail(40)).toBeCloseTo(logDensity(40) - Math.log(40) - 1 / 1600, 4);
    expect(cumulative(1.959963985)).toBeCloseTo(0.975, 7);
  });

  test("has, cut off below, the mean and variance that numerical integration gives", () => {
    for (let a = -6; a <= 14; a += 0.5) {
      const [steps, width] = [40_000, 12 / 40_000];
      let [mass, first, second] = [0, 0, 0];
      for (let step = 0; step < steps; step++) {
        const off = (step + 0.5) * width;
        const weight = Math.exp(-a * off - 0.5 * off * off);
        mass += weight;
        first += weight * off;
        second += weight * off * off;
      }
      const mean = first / mass;
      const variance = second / mass - mean * mean;
      const found = truncatedAbove(a);
      expect(Math.abs(found.mean - (a + mean)), `mean above ${a}`).toBeLessThan(a > 12 ? 2e-3 : 3e-6);
      expect(Math.abs(found.variance / variance - 1), `variance above ${a}`).toBeLessThan(
        a > 12 ? 0.05 : 2e-3,
      );
    }
  });
});
