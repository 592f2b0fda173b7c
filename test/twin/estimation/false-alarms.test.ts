import { webLine } from "@plumbline/twin/definition/web-line";
import { ALLOWANCE } from "@plumbline/twin/estimation/cusum";
import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { binomialCumulative, binomialQuantile } from "../../support/statistics.ts";
import {
  chartCorrelation,
  directions,
  LIGHT,
  newCharts,
  ROWS_PER_WINDOW,
  windowsWithAlarm,
} from "../support/quiet-windows.ts";
import { START } from "../support/web-line-truth.ts";

describe("false alarms, all charts of a machine together", () => {
  test("are at most one in a hundred quiet windows of 14 days: 3,000 windows, a bound that would catch two in a hundred", () => {
    const windows = 3_000;
    const promised = webLine.policy.falseAlarmPer14Days;
    const bound = binomialQuantile(0.995, windows, promised);
    // The power of this test: a true rate of 0.02 would exceed the bound in more than 97 of 100 runs.
    expect(1 - binomialCumulative(bound, windows, 0.02)).toBeGreaterThan(0.97);
    const alarmed = windowsWithAlarm(windows, seeded(61));
    console.info(
      `quiet windows with an alarm: ${alarmed} of ${windows} (${(alarmed / windows).toFixed(4)}), bound ${bound}`,
    );
    expect(alarmed).toBeLessThanOrEqual(bound);
    expect(alarmed).toBeGreaterThan(0);
  });

  test("are simulated by the charts' own linear map: on real rows the map and the charts have the same sums", () => {
    const dice = seeded(62);
    const charts = newCharts();
    const along = directions();
    const sums = webLine.parameters.map(() => ({ mean: 0, count: 0, high: 0, low: 0 }));
    for (let row = 0; row < 200; row++) {
      const errors = webLine.signals.map(() => dice.normal());
      charts.watch(
        START + row,
        errors.map((error, index) => LIGHT.outputs[index]! + webLine.signals[index]!.noise * error),
      );
      for (const [chart, state] of sums.entries()) {
        const statistic = errors.reduce((sum, error, index) => sum + along.get(chart, index) * error, 0);
        const surprise =
          state.count === 0 ? 0 : (statistic - state.mean) * Math.sqrt(state.count / (state.count + 1));
        state.count++;
        state.mean += (statistic - state.mean) / state.count;
        state.high = Math.max(0, state.high + surprise - ALLOWANCE);
        state.low = Math.max(0, state.low - surprise - ALLOWANCE);
      }
    }
    for (const [chart, { cusum }] of charts.charts.entries()) {
      expect(cusum.high).toBeCloseTo(sums[chart]!.high, 6);
      expect(cusum.low).toBeCloseTo(sums[chart]!.low, 6);
    }
  });

  test("are counted over charts of unit variance whose correlations are those of their directions", () => {
    const correlation = chartCorrelation();
    expect(ROWS_PER_WINDOW).toBe(2_016);
    for (const variance of correlation.diagonal()) expect(variance).toBeCloseTo(1, 12);
    expect(() => cholesky(correlation)).not.toThrow();
  });
});
