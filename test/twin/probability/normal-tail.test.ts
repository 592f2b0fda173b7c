import { truncatedAbove } from "@plumbline/twin/probability/normal-tail";
import { describe, expect, test } from "vitest";

/** Moments of Z − a given Z > a by the midpoint rule. */
function integrated(a: number): { mean: number; variance: number } {
  const reach = Math.min(12, 40 / Math.max(a, 1));
  const [steps, width] = [40_000, reach / 40_000];
  let [mass, first, second] = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const off = (step + 0.5) * width;
    const weight = Math.exp(-a * off - 0.5 * off * off);
    mass += weight;
    first += weight * off;
    second += weight * off * off;
  }
  return { mean: first / mass, variance: second / mass - (first / mass) ** 2 };
}

describe("a standard normal cut off below", () => {
  test.each([-6, -2, -0.5, 0, 0.5, 2, 6, 14, 40, 99, 101, 400])(
    "at %d has the mean and variance of numerical integration",
    (a) => {
      const exact = integrated(a);
      const { mean, variance } = truncatedAbove(a);
      // The mean over a loses what a is larger than the excess.
      expect(Math.abs(mean - a - exact.mean) / exact.mean).toBeLessThan(1e-6 + 1e-15 * a * a);
      expect(Math.abs(variance / exact.variance - 1)).toBeLessThan(a > 40 ? 2e-5 : 1e-6);
    },
  );

  test("keeps a positive variance at any distance", () => {
    for (let a = 1; a < 1e6; a *= 1.3) expect(truncatedAbove(a).variance).toBeGreaterThan(0);
  });
});
