import { webLine } from "@plumbline/twin/definition/web-line";
import { expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { binomialCumulative } from "../../support/statistics.ts";
import { windowsWithAlarm } from "../support/quiet-windows.ts";

test("all charts together alarm in at most one of a hundred quiet windows of 14 days: 100,000 windows", () => {
  const windows = 100_000;
  const alarmed = windowsWithAlarm(windows, seeded(63));
  const rate = alarmed / windows;
  console.info(
    `quiet windows with an alarm: ${alarmed} of ${windows}: ${rate.toFixed(5)} ± ${Math.sqrt((rate * (1 - rate)) / windows).toFixed(5)}`,
  );
  expect(rate).toBeLessThanOrEqual(webLine.policy.falseAlarmPer14Days);
  // So few alarms would come with less than one chance in a million if the true rate were the promised one.
  expect(binomialCumulative(alarmed, windows, webLine.policy.falseAlarmPer14Days)).toBeLessThan(1e-6);
});
