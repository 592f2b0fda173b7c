import { evidenceRows } from "@plumbline/twin/calibration/rows";
import type { Reading } from "@plumbline/twin/contract/reading";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { asReadings, drags, FILE_PERIOD, noisyValues, SIGNALS, START } from "../support/web-line-truth.ts";

const dice = seeded(91);
const row = (index: number): Reading[] =>
  asReadings(START + index * FILE_PERIOD, noisyValues(drags({ b3: 0.01 }), dice));
const readings: Reading[] = Array.from({ length: 30 }, (_, index) => row(index)).flat();
const good = (changed: object): Reading => ({
  signal: "w3",
  at: START,
  value: 20,
  quality: "GOOD",
  ...changed,
});

describe("evidence rows", () => {
  const straight = evidenceRows(webLine, readings);

  test("are one per event time, in order, with values in definition order", () => {
    expect(straight.rows.map(({ at }) => at)).toEqual(
      Array.from({ length: 30 }, (_, index) => START + index * FILE_PERIOD),
    );
    expect(straight.rows[7]!.values).toEqual(readings.slice(7 * 21, 8 * 21).map(({ value }) => value));
    expect(straight.refused).toEqual([]);
  });

  test("are the same for shuffled and for doubled readings", () => {
    for (let seed = 0; seed < 5; seed++) {
      const mixed = seeded(seed).shuffled([...readings, ...readings, ...readings.slice(40, 90)]);
      expect(evidenceRows(webLine, mixed)).toEqual(straight);
    }
  });

  test("are the same in any order when copies of a reading differ in their flags, or two values were never called a conflict", () => {
    const awkward = [
      good({ reason: "late" }),
      good({}),
      good({ value: 20.01 }),
      good({ value: 19.99 }),
      good({ quality: "BAD", reason: "range" }),
      good({ signal: "s4", boot: "boot-a", counter: 1, value: 100 }),
      good({ signal: "s4", boot: "boot-a", counter: 1, value: 101 }),
      good({ signal: "s4", boot: "boot-b", counter: 9, value: 102, quality: "UNCERTAIN", reason: "rate" }),
    ];
    const first = evidenceRows(webLine, awkward);
    expect(first.rows[0]!.values[SIGNALS.indexOf("w3")]).not.toBeNaN();
    for (let seed = 0; seed < 50; seed++)
      expect(evidenceRows(webLine, seeded(seed).shuffled(awkward))).toEqual(first);
  });

  test("have a hole where a reading is bad or late, with the reason; the loser of a conflict just loses", () => {
    const mixed = [
      good({ quality: "BAD", reason: "spike" }),
      good({ signal: "w4", reason: "late" }),
      good({ signal: "s4", value: 100 }),
      good({ signal: "s4", value: 300, reason: "conflict" }),
      good({ signal: "w1", quality: "UNCERTAIN", reason: "rate" }),
      good({ signal: "w2", quality: "BAD" }),
    ];
    const { rows, refused } = evidenceRows(webLine, mixed);
    expect(refused).toEqual([
      { at: START, signal: "w2", reason: "bad", detail: "quality BAD" },
      { at: START, signal: "w3", reason: "bad", detail: "spike" },
      { at: START, signal: "w4", reason: "late", detail: "late" },
    ]);
    expect(rows).toHaveLength(1);
    const seen = SIGNALS.filter((_, index) => !Number.isNaN(rows[0]!.values[index]));
    expect(seen).toEqual(["w1", "s4"]);
    expect(rows[0]!.values[SIGNALS.indexOf("s4")]).toBe(100);
  });

  test("of a line at rest are refused as mode, once for the row, and stay in the list to let time pass", () => {
    const { rows, refused } = evidenceRows(
      webLine,
      asReadings(
        START,
        webLine.signals.map(({ unit }) => (unit === "N" ? 100 : 0)),
      ),
    );
    expect(rows.map(({ inMode }) => inMode)).toEqual([false]);
    expect(refused.map(({ at, reason }) => [at, reason])).toEqual([[START, "mode"]]);
    expect(refused[0]?.detail).toContain("not running");
  });

  test("of signals that the twin does not declare do not exist", () => {
    expect(evidenceRows(webLine, [good({ signal: "w6" }), good({ signal: "constructor" })])).toEqual({
      rows: [],
      refused: [],
    });
  });
});
