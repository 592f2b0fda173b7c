import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { Row } from "../../../simulators/src/plant/publisher.ts";
import { plantRows, plantRowTimes, trueDrags } from "../../../simulators/src/plant/rows.ts";
import { readScenario, type Scenario, SIGNALS } from "../../../simulators/src/scenario/scenario.ts";

const ORIGIN = 1_700_000_000_000;
const scenario = (changes: Record<string, unknown>, noise = 0): Scenario =>
  readScenario({
    seed: 3,
    origin: ORIGIN,
    days: 30,
    samplingSeconds: 21_600,
    rate: "lockstep",
    sensors: {
      speed: { noise: noise / 100, bias: 0, quantisation: 0 },
      tension: { noise, bias: 0, quantisation: 0 },
    },
    ...changes,
  });

/** A file of the published form: `rows` rows, half a day apart, every value its row number. */
function dataFile(rows: number): string {
  const column = (signal: string): string =>
    signal.startsWith("w")
      ? `\`Main.R${signal.slice(1)}.w\``
      : `\`Main.S${signal.slice(1)}.summary_Tension\``;
  const lines = Array.from({ length: rows }, (_, row) =>
    [row * 43_200.25, ...SIGNALS.map(() => row)].join(","),
  );
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "plumbline-rows-")), "data.csv");
  writeFileSync(file, ["Latest Results", ["t", ...SIGNALS.map(column)].join(","), ...lines].join("\n"));
  return file;
}

test("rows of a published file keep its times and, without noise, its values", () => {
  const story = scenario({ file: dataFile(5) });
  const rows = [...plantRows(story)];
  expect(rows.map(({ t }) => t)).toEqual([0, 1, 2, 3, 4].map((row) => ORIGIN + row * 43_200_250));
  for (const { index, readings } of rows)
    expect(readings.map(({ value }) => value)).toEqual(Array(21).fill(index));
  expect(plantRowTimes(story)).toEqual(rows.map(({ t }) => t));
});

test.each([
  ["a published file", { file: dataFile(40) }],
  ["the simulated line", {}],
])("a story of %s cut short is the beginning of the whole, noise included", (_, changes) => {
  const whole = [...plantRows(scenario(changes, 1))];
  const short = [...plantRows(scenario({ ...changes, days: 8 }, 1))];
  expect(short.length).toBeGreaterThan(10);
  expect(whole.slice(0, short.length)).toEqual(short);
});

test("the first row of the simulated line is a line at rest", () => {
  const [first, second] = plantRows(scenario({}));
  const speeds = (row: Row | undefined): number[] =>
    row?.readings.filter(({ signal }) => signal.startsWith("w")).map(({ value }) => value) ?? [];
  expect(speeds(first)).toEqual(Array(9).fill(0));
  expect(Math.min(...speeds(second))).toBeGreaterThan(19.9);
});

test("the truth behind the last row is the wear that the scenario declares", () => {
  expect(trueDrags(scenario({}), 30)).toEqual({
    b1: 0,
    b2: 0,
    b3: 0.2,
    b4: 0,
    b5: 0,
    b7: 0,
    b8: 0,
    b9: 0.2,
    b10: 0,
  });
  const sudden = scenario({ wear: [{ roller: 7, fromDay: 5, toDay: 5.01, finalDrag: 0.1 }] });
  expect(trueDrags(sudden, 6)).toMatchObject({ b3: 0, b7: 0.1 });
});
