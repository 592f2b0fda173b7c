import { MAX_FRAME_BYTES } from "@plumbline/twin/contract/frame";
import { decodeFrame, encodeFrame } from "@plumbline/twin/contract/frame-codec";
import { fromSteps, REASONS, type Reading, roundTo } from "@plumbline/twin/contract/reading";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { bytesOf, frameOf, type GoldenFrame, golden, hexOf } from "../support/fixtures.ts";
import { refusal } from "../support/refusals.ts";
import { asReadings, drags, noisyValues, resolutionOf, START } from "../support/web-line-truth.ts";

const RESOLUTIONS: Readonly<Record<string, number>> = {
  w1: 0.001,
  s4: 0.1,
  third: 1 / 3,
  big: 1_000,
  one: 1,
};
const resolution = (signal: string): number => RESOLUTIONS[signal] ?? Number.NaN;

/** Values as they may stand in the journal: on the grid, off it, beyond it, of any size; −0 is rounded away at validation. */
const value = (signal: string): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: -100_000, max: 100_000 }).map((steps) => fromSteps(steps, resolution(signal))),
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }).map((steps) => fromSteps(steps, resolution(signal))),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => double + 0),
  );

const reading: fc.Arbitrary<Reading> = fc
  .constantFrom(...Object.keys(RESOLUTIONS))
  .chain((signal) =>
    fc.record({
      signal: fc.constant(signal),
      at: fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: START, max: START + 1e7 })),
      value: fc.oneof(
        { weight: 9, arbitrary: value(signal) },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
      quality: fc.constantFrom("GOOD" as const, "UNCERTAIN" as const, "BAD" as const),
      reason: fc.option(fc.constantFrom(...REASONS), { nil: undefined }),
      identity: fc.option(
        fc.record({
          boot: fc.constantFrom("boot-a", "boot-b", "a|1"),
          counter: fc.oneof(fc.nat(3), fc.nat()),
        }),
        { nil: undefined },
      ),
    }),
  )
  .map(({ reason, identity, ...rest }) => ({
    ...rest,
    ...(reason === undefined ? {} : { reason }),
    ...(Number.isNaN(rest.value) ? { quality: "BAD" as const, reason: "not-finite" as const } : {}),
    ...identity,
  }));

/** A source that counts: its counters run on, with a gap now and then and a new boot. */
const counted: fc.Arbitrary<Reading[]> = fc
  .array(fc.constantFrom(1, 1, 1, 1, 5, "boot"), { maxLength: 60 })
  .map((steps) => {
    let boot = 0;
    let counter = 0;
    return steps.map((step, index) => {
      if (step === "boot") [boot, counter] = [boot + 1, 0];
      else counter += step as number;
      return {
        signal: "w1",
        at: START + index,
        value: 20,
        quality: "GOOD" as const,
        boot: `boot-${boot}`,
        counter,
      };
    });
  });

describe("a frame", () => {
  test("gives back any readings: not finite, bad, late, lost conflicts, off the grid, out of order, of several boots", () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 80 }), (readings) => {
        const bytes = encodeFrame(frameOf(readings), resolution);
        if (bytes.length > MAX_FRAME_BYTES) return;
        expect(decodeFrame(bytes).readings).toEqual(readings);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test("gives back counters that run on, jump, or start again after a boot", () => {
    fc.assert(
      fc.property(counted, (readings) => {
        expect(decodeFrame(encodeFrame(frameOf(readings), resolution)).readings).toEqual(readings);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test("lists no counter of a source that counts without a gap but its first", () => {
    const steady = Array.from({ length: 300 }, (_, index) => ({
      signal: "w1",
      at: START + index,
      value: 20,
      quality: "GOOD" as const,
      boot: "boot-a",
      counter: 7 + index,
    }));
    const without = steady.map(({ boot: _b, counter: _c, ...rest }) => rest);
    const bytes = (readings: Reading[]): number => encodeFrame(frameOf(readings), resolution).length;
    expect(bytes(steady) - bytes(without)).toBeLessThan(40);
  });

  test("has no −0: it is rounded away before", () =>
    expect(Object.is(roundTo(-0.0001, 0.001), 0)).toBe(true));

  test.each(["frame-full", "frame-empty"])(
    "with any one byte damaged is refused, never read as another: %s",
    (name) => {
      const { hex } = golden<GoldenFrame>(name);
      const dice = seeded(3);
      for (let position = 0; position < hex.length / 2; position++) {
        const bytes = bytesOf(hex);
        bytes[position] = bytes[position]! ^ dice.whole(1, 255);
        expect(["BAD_FRAME", "BAD_MESSAGE"], hexOf(bytes)).toContain(refusal(() => decodeFrame(bytes)).code);
      }
    },
  );

  test("cut short anywhere, or with a byte too many, is refused", () => {
    const whole = bytesOf(golden<GoldenFrame>("frame-full").hex);
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(() => decodeFrame(whole.subarray(0, length))).code).toBe("BAD_FRAME");
    }
    expect(refusal(() => decodeFrame(Uint8Array.from([...whole, 0]))).code).toBe("BAD_FRAME");
  });

  test("of 1,260 readings of the noisy web line fits 4,000 bytes, whatever the noise", () => {
    const sizes = [11, 12, 13, 14, 15].map((seed) => {
      const dice = seeded(seed);
      const readings = Array.from({ length: 60 }, (_, row) =>
        asReadings(START + row * 600_000, noisyValues(drags({ b3: 0.02, b9: 0.01 }), dice)),
      ).flat();
      expect(readings).toHaveLength(1_260);
      const bytes = encodeFrame(frameOf(readings), resolutionOf);
      expect(decodeFrame(bytes).readings).toEqual(readings);
      return bytes.length;
    });
    const perReading = Math.max(...sizes) / 1_260;
    console.info(
      `frame of 1,260 web-line readings: at most ${Math.max(...sizes)} bytes, ${perReading.toFixed(3)} bytes a reading`,
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });
});
