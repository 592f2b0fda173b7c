import { meanAbsorptionTime } from "@plumbline/twin/estimation/absorption-time";
import { expect, test } from "vitest";

/** A walk on 0 … `inner`, up with probability p, down with 1 − p (from 0: stays), that ends above `inner`. */
const walk = (inner: number, p: number): number =>
  meanAbsorptionTime({
    inner,
    band: 1,
    move: (from, to) => (to === from + 1 ? p : to === from - 1 ? 1 - p : 0),
    end: (from) => (from === inner ? p : 0),
  });

test.each([
  [3, 0.5],
  [20, 0.3],
  [100, 0.01],
])(
  "a walk over %d states with %d upwards ends after its mean time of closed form, to 13 digits",
  (inner, p) => {
    // Time from i to i + 1: T_i = 1/p + (q/p) T_{i−1}, T_0 = 1/p. For p = 0.01 the sum is 1e201.
    let step = 0;
    let whole = 0;
    for (let state = 0; state <= inner; state++) {
      step = (1 + (1 - p) * step) / p;
      whole += step;
    }
    expect(walk(inner, p) / whole).toBeCloseTo(1, 13);
  },
);

test("a chain that starts anywhere, and is never led back to the start, counts all ways", () => {
  // From 0 to 1 or 3 evenly; 1 → 2 → 3 → end.
  const time = meanAbsorptionTime({
    inner: 3,
    band: 1,
    move: (from, to) => (from === 0 ? (to === 2 ? 0 : 0.5) : to === from + 1 ? 1 : 0),
    end: (from) => (from === 3 ? 1 : 0),
  });
  expect(time).toBe(1 + (3 + 1) / 2);
});

test("an end out of reach is at infinity", () => {
  expect(meanAbsorptionTime({ inner: 1, band: 0, move: (_, to) => (to === 0 ? 1 : 0.5), end: () => 0 })).toBe(
    Number.POSITIVE_INFINITY,
  );
});
