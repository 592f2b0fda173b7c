import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { twinSensors } from "../../../cloud/src/commands/operator.ts";
import { observabilityEntry, sensorReport, toldSensors } from "../../../cloud/src/fleet/sensor-report.ts";

const SPEEDS = webLine.signals.map(({ id }) => id).filter((id) => id.startsWith("w"));
/** The published file's rows in a day. */
const ROWS = 86_400 / 1_296.648;

describe("what a web line's sensors see in a day", () => {
  const counts = new Map(SPEEDS.map((id) => [id, 2_000]));
  const entry = observabilityEntry(webLine, counts, 2_000 / ROWS)!;
  const b3 = entry.parameters.find(({ parameter }) => parameter === "b3")!;

  test("with speeds alone is a drag of a twelfth of a newton metre second, by its own speed", () => {
    expect(b3.bestSensor).toBe("w3");
    // ω3 moves by 0.0299 rad/s per unit of b3: 3 · 0.01 / √66.6 / 0.0299 = 0.123; the other speeds of the zone help.
    expect(b3.othersKnown).toBeLessThan(0.123);
    expect(b3.smallestChange).toBeGreaterThan(b3.othersKnown!);
    expect(entry.signals).toEqual(SPEEDS);
  });

  test("names a tension sensor as the next to buy, and none when all are read", () => {
    expect(entry.nextSensor).toMatch(/^s\d+$/);
    expect(
      sensorReport(
        webLine,
        webLine.signals.map(({ id }) => id),
      ).next,
    ).toEqual([]);
  });

  test("with one load cell is a hundred times smaller", () => {
    const with4 = sensorReport(webLine, [...SPEEDS, "s4"], { readingsPerDay: ROWS });
    const best = with4.observability.parameters.find(({ id }) => id === "b3")!.alone[0]!;
    // 3 · 1 N / √66.6 / 400 N = 0.00092.
    expect(best.sensor).toBe("s4");
    expect(best.change).toBeCloseTo(0.00092, 5);
  });

  test("is nothing without readings", () =>
    expect(observabilityEntry(webLine, new Map(), 3)).toBeUndefined());

  test("is told to a person with the sensor to buy, and a sensor that is none is refused", () => {
    expect(toldSensors(twinSensors("web-line", { sensors: "w1,w3" }))).toMatch(
      /^smallest change visible in a day at 3 standard deviations.*the next sensor to buy: s/s,
    );
    expect(() => twinSensors("web-line", { sensors: "w6" })).toThrow(/no signal "w6"/);
  });
});
