import {
  above,
  below,
  between,
  forBounds,
  identity,
  log,
  log10,
  type Transform,
} from "@plumbline/twin/optimisation/transforms";
import { describe, expect, test } from "vitest";

const ALL: readonly (readonly [string, Transform, readonly number[]])[] = [
  ["identity", identity, [-3, 0, 1e9]],
  ["above", above(2), [2 + 1e-12, 3, 1e12]],
  ["below", below(-1), [-1e9, -2, -1 - 1e-12]],
  ["between", between(-1, 4), [-1 + 1e-9, 0, 1.5, 4 - 1e-9]],
  ["log", log, [1e-300, 1, 1e300]],
  ["log10", log10, [1e-12, 0.5, 1e9]],
];

describe.each(ALL)("the %s transform", (_, transform, values) => {
  test("comes back to every value inside its bounds", () => {
    for (const value of values) {
      const size = Math.abs(value) + (Number.isFinite(transform.low) ? Math.abs(transform.low) : 0);
      expect(Math.abs(transform.toNatural(transform.fromNatural(value)) - value)).toBeLessThan(
        1e-13 * (1 + size),
      );
    }
  });

  test("has the slope that differences show, and its logarithm", () => {
    for (const value of values.slice(1, 2)) {
      const z = transform.fromNatural(value);
      const slope = (transform.toNatural(z + 1e-5) - transform.toNatural(z - 1e-5)) / 2e-5;
      expect(transform.slope(z) / slope).toBeCloseTo(1, 8);
      expect(transform.logSlope(z)).toBeCloseTo(Math.log(transform.slope(z)), 12);
    }
  });

  test("stays inside for every coordinate and refuses a value at or beyond a bound", () => {
    for (const z of [-30, 0, 30]) {
      expect(transform.toNatural(z)).toBeGreaterThan(transform.low);
      expect(transform.toNatural(z)).toBeLessThan(transform.high);
    }
    for (const bound of [transform.low, transform.high, Number.NaN])
      expect(() => transform.fromNatural(bound)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
  });
});

test("the log slope of a logit keeps its digits far out", () => {
  // ln dθ/dz = ln (high − low) − |z| − 2 ln (1 + e^{−|z|}) → −|z|
  expect(between(0, 1).logSlope(700)).toBeCloseTo(-700, 10);
  expect(between(0, 1).logSlope(-700)).toBeCloseTo(-700, 10);
});

test("bounds choose the plainest transform, and must hold an interval", () => {
  expect(forBounds(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(identity);
  expect(forBounds(0, Number.POSITIVE_INFINITY).toNatural(0)).toBe(1);
  expect(forBounds(Number.NEGATIVE_INFINITY, 0).toNatural(0)).toBe(-1);
  expect(forBounds(0, 4).toNatural(0)).toBe(2);
  for (const [low, high] of [
    [1, 1],
    [2, 1],
    [Number.NaN, 1],
  ] as const)
    expect(() => forBounds(low, high)).toThrow(expect.objectContaining({ code: "BAD_BOUNDS" }));
});
