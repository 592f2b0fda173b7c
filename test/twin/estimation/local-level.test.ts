import { GATE, type Level, updateLevel } from "@plumbline/twin/estimation/local-level";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { binomialCumulative, exactChiSquaredQuantile } from "../../support/statistics.ts";
import { ReferenceKalman } from "./reference-kalman.ts";

const NOISE = 0.5;
const WANDER = 0.05;

/** A level that has settled at `value`, read once a second. */
function settled(value: number): Level {
  let level: Level | undefined;
  for (let step = 0; step < 500; step++) level = updateLevel(level, step * 1_000, value, NOISE, WANDER).level;
  return level as Level;
}

describe("the local level", () => {
  test("is the vector Kalman filter of a random walk while no innovation reaches the gate, at irregular times", () => {
    const dice = seeded(41);
    let level: Level | undefined;
    let belief: ReferenceKalman | undefined;
    let at = 1_000_000;
    let worst = 0;
    for (let step = 0; step < 2_000; step++) {
      at += dice.whole(1, 5_000);
      // Uniform noise of ±1.7 sd: no innovation can reach 3.3.
      const reading = 20 + NOISE * 3.4 * (dice.uniform() - 0.5);
      const updated = updateLevel(level, at, reading, NOISE, WANDER);
      level = updated.level;
      expect(updated.filtered.nis).toBeLessThan(GATE);
      if (belief === undefined)
        belief = new ReferenceKalman(
          {
            transition: () => Matrix.identity(1),
            processNoise: (from, to) => Matrix.diagonal([(WANDER ** 2 * (to - from)) / 1_000]),
            observation: Matrix.identity(1),
            observationNoise: Matrix.diagonal([NOISE ** 2]),
          },
          { at, mean: Float64Array.of(reading), covariance: Matrix.diagonal([NOISE ** 2]) },
        );
      else {
        belief.predict(at);
        belief.update([reading]);
      }
      worst = Math.max(
        worst,
        Math.abs(level.value - belief.mean[0]!) / 20,
        Math.abs(level.variance / belief.covariance.get(0, 0) - 1),
      );
    }
    expect(worst).toBeLessThan(1e-12);
  });

  test("begins with the first reading: its value, its noise", () => {
    expect(updateLevel(undefined, 7, 20, NOISE, WANDER)).toEqual({
      level: { value: 20, variance: 0.25, at: 7 },
      filtered: { value: 20, sd: NOISE, innovation: 0, nis: 0 },
    });
  });

  test("settles at the variance of the exact steady state", () => {
    const [q, r] = [WANDER ** 2, NOISE ** 2];
    expect(settled(20).variance).toBeCloseTo((q + Math.sqrt(q * q + 4 * q * r)) / 2 - q, 12);
  });

  test("grows as unsure in two half gaps as in one whole gap", () => {
    const level = settled(20);
    const apart = (gap: number): number =>
      updateLevel(level, level.at + gap, 20, 1e9, WANDER).level.variance - level.variance;
    expect(apart(10_000)).toBeCloseTo(2 * apart(5_000), 9);
    expect(apart(10_000)).toBeCloseTo(10 * WANDER ** 2, 9);
  });

  test("weighs down one healthy reading in a thousand", () => {
    expect(GATE).toBeCloseTo(exactChiSquaredQuantile(0.999, 1), 6);
    const dice = seeded(42);
    const trials = 200_000;
    let level: Level | undefined;
    let truth = 20;
    let gated = 0;
    for (let step = 0; step < trials; step++) {
      truth += WANDER * dice.normal();
      const updated = updateLevel(level, step * 1_000, truth + NOISE * dice.normal(), NOISE, WANDER);
      level = updated.level;
      if (updated.filtered.nis > GATE) gated++;
    }
    expect(binomialCumulative(gated, trials, 0.001)).toBeGreaterThan(0.001);
    expect(binomialCumulative(gated, trials, 0.001)).toBeLessThan(0.999);
  });

  test.each([4, 10, 1e3, 1e6, 1e12])(
    "is moved by a spike of %d noises no further than by one at the gate",
    (size) => {
      const level = settled(20);
      const prior = level.variance + WANDER ** 2;
      const gain = prior / (prior + NOISE ** 2);
      const most = gain * Math.sqrt(GATE * (prior + NOISE ** 2));
      for (const side of [1, -1]) {
        const { value } = updateLevel(level, level.at + 1_000, 20 + side * size * NOISE, NOISE, WANDER).level;
        expect(Math.abs(value - 20)).toBeLessThanOrEqual(most * (1 + 1e-12));
        expect(Math.abs(value - 20)).toBeLessThan(NOISE);
      }
    },
  );

  test("follows a step: slowly as if each reading were a spike, but it arrives, and is no surer of itself for the doubt", () => {
    let level = settled(20);
    const before = level.variance;
    for (let step = 1; step <= 80; step++) {
      level = updateLevel(level, level.at + 1_000, 30, NOISE, WANDER).level;
      expect(level.variance).toBeGreaterThanOrEqual(before * (1 - 1e-9));
    }
    expect(Math.abs(level.value - 30)).toBeLessThan(NOISE);
  });

  test("takes a reading older than itself as if it came now, and does not go back in time", () => {
    const level = settled(20);
    const older = updateLevel(level, level.at - 60_000, 20.1, NOISE, WANDER);
    const now = updateLevel(level, level.at, 20.1, NOISE, WANDER);
    expect(older).toEqual(now);
    expect(older.level.at).toBe(level.at);
  });
});
