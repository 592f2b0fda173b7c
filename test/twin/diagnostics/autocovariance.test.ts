import { meanAutocovariance } from "@plumbline/twin/diagnostics/autocovariance";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

/** The definition, term by term. */
function bySums(series: readonly Float64Array[], lag: number): number {
  let total = 0;
  for (const values of series) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    for (let t = 0; t + lag < values.length; t++)
      total += ((values[t] as number) - mean) * ((values[t + lag] as number) - mean);
  }
  return total / (series[0]?.length ?? 0) / series.length;
}

describe("autocovariances by the power spectrum", () => {
  // Lengths on both sides of powers of two, of both kinds of powers (of two alone, of four).
  test.each([1, 2, 3, 4, 5, 8, 9, 16, 17, 31, 32, 33, 100])(
    "are the sums of the definition, for %i draws",
    (length) => {
      for (const count of [1, 2, 3, 4, 7]) {
        const rolls = dice(`autocovariance ${length} ${count}`);
        const series = Array.from({ length: count }, (_, index) =>
          Float64Array.from({ length }, () => 10 * index + rolls.normal()),
        );
        const found = meanAutocovariance(series);
        expect(found).toHaveLength(length);
        // Round-off of the means, which are up to 60, and of a transform of 256 entries: below 1e-13.
        for (let lag = 0; lag < length; lag++)
          expect(Math.abs((found[lag] as number) - bySums(series, lag))).toBeLessThan(1e-12);
      }
    },
  );
});
