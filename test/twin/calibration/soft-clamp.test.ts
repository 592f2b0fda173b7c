import { type Bounds, fromNatural, slope, toNatural } from "@plumbline/twin/calibration/soft-clamp";
import { describe, expect, test } from "vitest";

const DRAG: Bounds = { low: 0, high: 0.5, knee: 0.0005 };
const WIDE: Bounds = { low: -20, high: 100, knee: 2 };

describe("rule: bounds by a transform, not by clipping: the soft clamp", () => {
  test.each([DRAG, WIDE])("goes there and back anywhere inside the bounds: %j", (bounds) => {
    const { low, high, knee } = bounds;
    for (const share of [1e-6, 1e-4, 0.01, 0.3, 0.5, 0.7, 0.99, 0.9999]) {
      const theta = low + share * (high - low);
      expect(Math.abs(toNatural(bounds, fromNatural(bounds, theta)) - theta)).toBeLessThan(
        1e-9 * knee + 1e-12 * high,
      );
    }
  });

  test.each([DRAG, WIDE])("never leaves the bounds, however far the coordinate goes: %j", (bounds) => {
    for (const z of [-1e6, -1e3, -1, 0, 1, 1e3, 1e6].map((far) => bounds.low + far * bounds.knee)) {
      expect(toNatural(bounds, z)).toBeGreaterThanOrEqual(bounds.low);
      expect(toNatural(bounds, z)).toBeLessThanOrEqual(bounds.high + 1e-12 * bounds.high);
    }
  });

  test.each([DRAG, WIDE])("has the slope that finite differences have: %j", (bounds) => {
    const { low, high, knee } = bounds;
    for (const z of [
      low - 8 * knee,
      low - knee,
      low,
      low + knee,
      low + 5 * knee,
      (low + high) / 2,
      high - 2 * knee,
      high,
      high + 3 * knee,
    ]) {
      const step = 1e-4 * knee;
      const difference = (toNatural(bounds, z + step) - toNatural(bounds, z - step)) / (2 * step);
      expect(Math.abs(slope(bounds, z) - difference)).toBeLessThan(1e-7);
      expect(slope(bounds, z)).toBeGreaterThan(0);
      expect(slope(bounds, z)).toBeLessThanOrEqual(1);
    }
  });

  test("is the identity away from the bounds: a random walk keeps its size there", () => {
    for (const z of [0.02, 0.1, 0.25, 0.48]) {
      expect(toNatural(DRAG, z)).toBeCloseTo(z, 12);
      expect(slope(DRAG, z)).toBeCloseTo(1, 12);
    }
  });

  test("takes a value on or beyond a bound to a finite coordinate", () => {
    for (const theta of [-1, 0, 0.5, 2]) expect(Number.isFinite(fromNatural(DRAG, theta))).toBe(true);
    expect(toNatural(DRAG, fromNatural(DRAG, 0))).toBeLessThan(1e-6 * DRAG.knee);
  });
});
