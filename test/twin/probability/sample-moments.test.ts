import {
  covarianceOfPoints,
  meanOfPoints,
  sampleMean,
  sampleVariance,
} from "@plumbline/twin/probability/sample-moments";
import { describe, expect, test } from "vitest";

describe("sample moments", () => {
  test("of a constant have no round-off", () => {
    const constant = new Float64Array(7).fill(0.1);
    expect(sampleMean(constant)).toBe(0.1);
    expect(sampleVariance(constant)).toBe(0);
  });

  test("divide by n − 1", () => expect(sampleVariance([1, 2, 3, 6])).toBeCloseTo(14 / 3, 14));

  test("of points are those of their coordinates, and the covariance is symmetric", () => {
    const points = [Float64Array.of(1, 2), Float64Array.of(3, 8), Float64Array.of(5, 2)];
    expect([...meanOfPoints(points)]).toEqual([3, 4]);
    // Deviations (−2, −2), (0, 4), (2, −2): the products sum to 8, 24 and 0.
    expect([...covarianceOfPoints(points).data]).toEqual([4, 0, 0, 12]);
    const skew = covarianceOfPoints([...points, Float64Array.of(7, 12)]);
    expect(skew.get(0, 1)).toBe(skew.get(1, 0));
    expect(skew.get(0, 1)).toBeGreaterThan(0);
  });
});
