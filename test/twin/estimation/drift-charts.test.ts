import { webLine } from "@plumbline/twin/definition/web-line";
import { alarmLimit } from "@plumbline/twin/estimation/cusum";
import { type Alarm, DriftCharts } from "@plumbline/twin/estimation/drift-charts";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { median } from "../../support/statistics.ts";
import { LIGHT, newCharts, PRIOR } from "../support/quiet-windows.ts";
import {
  DAY,
  drags,
  drawnBiases,
  FILE_PERIOD,
  noisyValues,
  START,
  wearAt,
} from "../support/web-line-truth.ts";

const values = (theta: Float64Array, seed: number): number[] => noisyValues(theta, seeded(seed));

/** Alarms of a wearing line from day 0 to the first after the onset, on the published file's clock. */
function alarmsOfRamp(seed: number): Alarm[] {
  const dice = seeded(seed);
  const biases = drawnBiases(dice);
  const charts = newCharts();
  const alarms: Alarm[] = [];
  for (let at = FILE_PERIOD; at < 24 * DAY; at += FILE_PERIOD) {
    const b = wearAt(at / DAY);
    alarms.push(...charts.watch(START + at, noisyValues(drags({ b3: b, b9: b }), dice, biases)));
    if (alarms.some((alarm) => alarm.at - START >= 14 * DAY)) break;
  }
  return alarms;
}
const dayOf = ({ at }: Alarm): number => (at - START) / DAY;

describe("drift charts", () => {
  test("see the published wear, with biased sensors, by day 15.3 in the median of 50 seeds, and seldom anything before it", () => {
    const runs = Array.from({ length: 50 }, (_, seed) => alarmsOfRamp(7_000 + seed));
    const days = runs.map((alarms) => dayOf(alarms.find((alarm) => dayOf(alarm) >= 14)!));
    const early = runs.flatMap((alarms) => alarms.filter((alarm) => dayOf(alarm) < 14)).length;
    console.info(
      `alarm day of the ramp, 50 seeds: median ${median(days).toFixed(2)}, ${Math.min(...days).toFixed(2)}–${Math.max(...days).toFixed(2)}; ${early} alarms before day 14`,
    );
    expect(median(days)).toBeLessThanOrEqual(15.3);
    expect(Math.max(...days)).toBeLessThan(16);
    // At 0.01 a window, 50 windows have 4 or more early alarms less than once in 500 times.
    expect(early).toBeLessThan(4);
    const first = runs.map((alarms) => alarms.find((alarm) => dayOf(alarm) >= 14)!.chart);
    expect(
      first.filter((chart) => ["b2", "b3", "b4", "b8", "b9", "b10"].includes(chart)).length,
    ).toBeGreaterThan(45);
  });

  test("have the family's limit: two sums for each parameter, a tenth in hand", () => {
    expect(newCharts().limit).toBe(alarmLimit(2 * webLine.parameters.length, 2_016, 0.01 / 1.1));
  });

  test("alarm once, then are silent for a day, then may alarm again with a sum that ran on", () => {
    const charts = newCharts();
    const alarms: Alarm[] = [];
    const step = DAY / 20;
    for (let row = 0; row < 200; row++) {
      const b = row < 100 ? 0 : 0.1;
      alarms.push(...charts.watch(row * step, values(drags({ b3: b }), 300 + row)));
    }
    const own = alarms.filter(({ chart }) => chart === "b3");
    expect(own.length).toBeGreaterThan(1);
    for (const [index, alarm] of own.entries()) {
      expect(alarm.statistic).toBeGreaterThan(charts.limit);
      if (index > 0) expect(alarm.at - own[index - 1]!.at).toBeGreaterThanOrEqual(DAY);
    }
  });

  test("are silent for ever if no reading can move them, and read what is there of a broken row", () => {
    const charts = newCharts();
    const nothing = webLine.signals.map(() => Number.NaN);
    expect(charts.watch(START, nothing)).toEqual([]);
    expect(charts.charts.every(({ cusum }) => cusum.count === 0)).toBe(true);
    const upstream = values(drags({}), 71).map((value, index) =>
      webLine.signals[index]!.id === "s1" ? value : Number.NaN,
    );
    charts.watch(START + 1, upstream);
    const counted = charts.charts.map(({ cusum }) => cusum.count);
    expect(counted.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
    expect(counted.slice(5)).toEqual([0, 0, 0, 0]);
  });

  test("are not moved by a constant bias, however large: the same alarms at the same times", () => {
    const dice = seeded(72);
    const rows = Array.from({ length: 900 }, (_, row) =>
      noisyValues(drags(row < 600 ? {} : { b9: 0.004 }), dice),
    );
    const alarmsWith = (bias: (index: number) => number): Alarm[] => {
      const charts = newCharts();
      return rows.flatMap((row, index) =>
        charts.watch(
          START + index * FILE_PERIOD,
          row.map((value, signal) => value + bias(signal)),
        ),
      );
    };
    const plain = alarmsWith(() => 0);
    const biased = alarmsWith((signal) => 5 * webLine.signals[signal]!.noise);
    expect(plain.length).toBeGreaterThan(0);
    expect(biased.map(({ chart, at }) => [chart, at])).toEqual(plain.map(({ chart, at }) => [chart, at]));
  });

  test("go on from a snapshot of their state as if they had never stopped", () => {
    const dice = seeded(73);
    const whole = newCharts();
    let parts = newCharts();
    for (let row = 0; row < 60; row++) {
      const theta = noisyValues(drags({}), dice);
      whole.watch(row, theta);
      parts.watch(row, theta);
      parts = new DriftCharts(
        webLine,
        PRIOR,
        LIGHT,
        JSON.parse(JSON.stringify(parts.charts)) as typeof parts.charts,
      );
    }
    expect(parts.charts).toEqual(whole.charts);
  });
});
