import {
  fromSteps,
  isUsable,
  type Reading,
  readingIdentity,
  roundTo,
  toSteps,
} from "@plumbline/twin/contract/reading";
import { longestBackoff, readScenarioClock, scenarioNow } from "@plumbline/twin/contract/scenario-clock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const good: Reading = { signal: "w3", at: 1_000, value: 20, quality: "GOOD" };

describe("a reading", () => {
  test("is usable unless it is bad, late, or lost a conflict", () => {
    expect(isUsable(good)).toBe(true);
    expect(isUsable({ ...good, quality: "UNCERTAIN", reason: "rate" })).toBe(true);
    expect(isUsable({ ...good, quality: "BAD", reason: "range" })).toBe(false);
    expect(isUsable({ ...good, reason: "late" })).toBe(false);
    expect(isUsable({ ...good, reason: "conflict" })).toBe(false);
  });

  test("is known again by its source's identity, else by its time and the bits of its value", () => {
    const named = { ...good, boot: "boot-a", counter: 3 };
    expect(readingIdentity({ ...named, value: 21 })).toBe(readingIdentity(named));
    expect(readingIdentity({ ...named, counter: 4 })).not.toBe(readingIdentity(named));
    expect(readingIdentity({ ...good, quality: "BAD" })).toBe(readingIdentity(good));
    expect(readingIdentity({ ...good, value: 20.000000000000004 })).not.toBe(readingIdentity(good));
    expect(readingIdentity({ ...good, value: -0 })).not.toBe(readingIdentity({ ...good, value: 0 }));
    expect(readingIdentity({ ...good, signal: "w4" })).not.toBe(readingIdentity(good));
  });

  test("rounded to its resolution is the double nearest to that decimal, and rounding again changes nothing", () => {
    expect(roundTo(19.99854, 0.001)).toBe(19.999);
    expect(roundTo(0.1 + 0.2, 0.1)).toBe(0.3);
    expect(roundTo(1_234, 100)).toBe(1_200);
    const resolution = fc.oneof(
      fc.integer({ min: 2, max: 10_000 }).map((k) => 1 / k),
      fc.integer({ min: 1, max: 1_000 }),
    );
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), resolution, (value, step) => {
        const rounded = roundTo(value, step);
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(step * (0.5 + 1e-6));
        expect(roundTo(rounded, step)).toBe(rounded);
        expect(fromSteps(toSteps(rounded, step), step)).toBe(rounded);
      }),
      { seed: 9 },
    );
  });

  test("that is not finite stays what it is", () => {
    expect(roundTo(Number.NaN, 0.1)).toBeNaN();
    expect(roundTo(Number.POSITIVE_INFINITY, 0.1)).toBe(Number.POSITIVE_INFINITY);
    expect(roundTo(1e308, 0.001)).toBe(1e308);
  });
});

describe("the scenario clock", () => {
  const clock = { origin: 1_000, wallAnchor: 500, rate: 10 };

  test("runs at its rate from its origin and never ahead of the plant", () => {
    expect(scenarioNow(clock, undefined, 500)).toBe(1_000);
    expect(scenarioNow(clock, undefined, 600)).toBe(2_000);
    expect(scenarioNow(clock, 1_500, 600)).toBe(1_500);
    expect(scenarioNow(clock, 5_000, 600)).toBe(2_000);
  });
  test("caps back-offs at a second only when it runs faster than the wall", () => {
    expect(longestBackoff(clock, 60_000)).toBe(1_000);
    expect(longestBackoff(clock, 200)).toBe(200);
    expect(longestBackoff({ ...clock, rate: 1 }, 60_000)).toBe(60_000);
  });
  test("is read from its file's content, or is not one", () => {
    expect(readScenarioClock({ ...clock, more: 1 })).toEqual(clock);
    for (const bad of [
      null,
      1,
      [],
      {},
      { ...clock, rate: 0 },
      { ...clock, rate: -1 },
      { ...clock, origin: "0" },
      { ...clock, rate: Number.NaN },
    ]) {
      expect(readScenarioClock(bad)).toBeUndefined();
    }
  });
});
