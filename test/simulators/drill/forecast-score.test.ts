import type { DrillEntry } from "@plumbline/twin/contract/machine-log";
import { describe, expect, test } from "vitest";
import { scoreForecasts } from "../../../simulators/src/drill/forecast-score.ts";

const told = (t: number, interval90: readonly [number | null, number | null], limit = 5): DrillEntry => ({
  type: "forecast",
  t,
  parameter: "b",
  limit,
  probability: 1,
  horizon: 14,
  median: null,
  interval90,
});
const days = Array.from({ length: 21 }, (_, day) => day);
/** Reaches 5 on day 10. */
const rising = (_: string, day: number): number => day / 2;

describe("a forecast", () => {
  test("is scored as the last one that left two days", () => {
    const log = [told(6, [9, 11]), told(8, [8, 9]), told(8.5, [10, 10.5])];
    expect(scoreForecasts(log, ["b"], days, rising)).toEqual({
      b: { event: 10, madeOn: 8, median: null, interval90: [8, 9], covers: false },
    });
    expect(scoreForecasts(log.slice(0, 1), ["b"], days, rising)["b"]!.covers).toBe(true);
  });

  test("with an open end covers all that comes later", () =>
    expect(scoreForecasts([told(7, [9.5, null])], ["b"], days, rising)["b"]!.covers).toBe(true));

  test("of what never happens covers only by an open end", () => {
    const never = (): number => 0;
    expect(scoreForecasts([told(7, [12, null])], ["b"], days, never)["b"]).toMatchObject({
      event: null,
      covers: true,
    });
    expect(scoreForecasts([told(7, [12, 19])], ["b"], days, never)["b"]!.covers).toBe(false);
  });

  test("that came too late, or of another parameter, is none", () => {
    expect(scoreForecasts([told(9, [9, 11])], ["b"], days, rising)).toEqual({});
    expect(scoreForecasts([told(6, [9, 11])], ["c"], days, rising)).toEqual({});
  });
});
