import { ALLOWANCE, accumulate, alarmLimit, type Cusum, RESTING } from "@plumbline/twin/estimation/cusum";
import { describe, expect, test } from "vitest";
import { type Random, seeded } from "../../support/random.ts";
import { mean } from "../../support/statistics.ts";

const run = (statistics: Iterable<number>): Cusum[] => {
  const states: Cusum[] = [];
  let state = RESTING;
  for (const statistic of statistics) {
    state = accumulate(state, statistic);
    states.push(state);
  }
  return states;
};

/** Samples until the upper sum of a quiet chart exceeds h. */
function runLength(h: number, dice: Random): number {
  let state = RESTING;
  for (;;) {
    state = accumulate(state, dice.normal());
    if (state.high > h) return state.count;
  }
}

describe("a self-starting cusum", () => {
  test("is by hand what its equations say", () => {
    const states = run([1, 3, -1, 5]);
    const third = (-1 - 2) * Math.sqrt(2 / 3);
    const fourth = (5 - 1) * Math.sqrt(3 / 4);
    const second = (3 - 1) * Math.sqrt(1 / 2);
    expect(states.map(({ count, mean }) => [count, mean])).toEqual([
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 2],
    ]);
    expect(states[0]).toMatchObject({ high: 0, low: 0 });
    expect(states[1]!.high).toBeCloseTo(second - ALLOWANCE, 14);
    expect(states[2]!.high).toBe(0);
    expect(states[2]!.low).toBeCloseTo(-third - ALLOWANCE, 14);
    expect(states[3]!.high).toBeCloseTo(fourth - ALLOWANCE, 14);
  });

  test("gives exactly the same sums under a constant offset of any size", () => {
    // Values on a grid of 2⁻²⁰ and offsets of whole numbers: the doubles' own rounding is all that may differ.
    const dice = seeded(51);
    const statistics = Array.from({ length: 3_000 }, () => Math.round(dice.normal() * 2 ** 20) / 2 ** 20);
    const plain = run(statistics);
    for (const offset of [-1, 7, 1_000, 1_000_000]) {
      const shifted = run(statistics.map((statistic) => statistic + offset));
      const worst = Math.max(
        ...shifted.map(({ high, low }, index) =>
          Math.max(Math.abs(high - plain[index]!.high), Math.abs(low - plain[index]!.low)),
        ),
      );
      expect(worst).toBeLessThan(3_000 * 2 ** -52 * (10 + Math.abs(offset)));
    }
  });

  test("sees independent standard normal surprises, whatever mean they have to be learnt from", () => {
    const dice = seeded(52);
    const surprises: number[] = [];
    for (let chart = 0; chart < 400; chart++) {
      let state = RESTING;
      for (let step = 0; step < 50; step++) {
        const statistic = 5 + dice.normal();
        if (state.count > 0)
          surprises.push((statistic - state.mean) * Math.sqrt(state.count / (state.count + 1)));
        state = accumulate(state, statistic);
      }
    }
    const count = surprises.length;
    expect(Math.abs(mean(surprises))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(mean(surprises.map((u) => u * u)) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    const lagged = surprises.slice(1).map((u, index) => u * surprises[index]!);
    expect(Math.abs(mean(lagged))).toBeLessThan(4 / Math.sqrt(count));
  });

  test("alarms late after a shift down as after a shift up: both sums are watched", () => {
    const dice = seeded(53);
    const quiet = Array.from({ length: 200 }, () => dice.normal());
    const shifted = Array.from({ length: 20 }, () => dice.normal());
    const up = run([...quiet, ...shifted.map((z) => z + 3)]).at(-1)!;
    const down = run([...quiet.map((z) => -z), ...shifted.map((z) => -z - 3)]).at(-1)!;
    expect(up.high).toBeGreaterThan(20);
    expect(down.low).toBeCloseTo(up.high, 10);
  });
});

describe("the alarm limit", () => {
  test("gives the run length it promises, within the approximation's 20 %, against simulation", () => {
    const dice = seeded(54);
    for (const arl of [100, 500, 2_000]) {
      const limit = alarmLimit(1, arl, 1);
      const lengths = Array.from({ length: 1_000 }, () => runLength(limit, dice));
      const simulated = mean(lengths);
      // Run lengths are nearly exponential, so the mean of 1,000 has a relative error of 3 %: 10 % is three of them.
      expect(simulated / arl, `ARL ${arl}`).toBeGreaterThan(0.7);
      expect(simulated / arl, `ARL ${arl}`).toBeLessThan(1.3);
    }
  });

  test("solves its own equation, and rises with charts, samples and caution", () => {
    const h = alarmLimit(18, 2_016, 0.01);
    const b = h + 1.166;
    expect((Math.exp(2 * ALLOWANCE * b) - 2 * ALLOWANCE * b - 1) / (2 * ALLOWANCE ** 2)).toBeCloseTo(
      (18 * 2_016) / 0.01,
      0,
    );
    expect(alarmLimit(36, 2_016, 0.01)).toBeGreaterThan(h);
    expect(alarmLimit(18, 4_032, 0.01)).toBeGreaterThan(h);
    expect(alarmLimit(18, 2_016, 0.001)).toBeGreaterThan(h);
  });
});
