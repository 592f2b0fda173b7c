import { Assimilator } from "@plumbline/twin/calibration/assimilator";
import type { DeclaredEvent } from "@plumbline/twin/calibration/evidence/declared-event";
import { inCanonicalOrder } from "@plumbline/twin/calibration/evidence/declared-event";
import { type EvidenceRow, evidenceRows } from "@plumbline/twin/calibration/rows";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { assimilated, rowAt, rowsOf } from "../support/calibrated.ts";
import { refusal } from "../support/refusals.ts";
import { DAY, SIGNALS, START } from "../support/web-line-truth.ts";

const rows = rowsOf(31, 12, () => ({ b3: 0.04 }), 61);
const good = rows[30]!;
const before = assimilated(rows.slice(0, 30));
const checkpoint = before.checkpoint();

/** The code of the refusal, when the assimilator was left as it was to the last bit. */
function refused(step: (assimilator: Assimilator) => unknown, start = checkpoint, twin = webLine): string {
  const assimilator = Assimilator.restore(twin, start);
  const { code } = refusal(() => step(assimilator));
  expect(assimilator.checkpoint()).toBe(start);
  return code;
}

const withValue = (value: unknown, index = 12): EvidenceRow => ({
  ...good,
  values: good.values.map((one, signal) => (signal === index ? (value as number) : one)),
});

describe("a row that is none", () => {
  test.each([
    ["a value far outside its signal's range", withValue(1e30)],
    ["an infinite value", withValue(Number.POSITIVE_INFINITY)],
    ["a negative infinite value", withValue(Number.NEGATIVE_INFINITY, 3)],
    ["text", withValue("5")],
    ["nothing in place of NaN", withValue(undefined)],
    ["null", withValue(null)],
    ["too few values", { ...good, values: good.values.slice(0, 3) }],
    ["too many values", { ...good, values: [...good.values, 1] }],
    ["no values", { at: good.at, inMode: true } as unknown as EvidenceRow],
    ["no time", { ...good, at: Number.NaN }],
    ["no mode", { at: good.at, values: good.values } as unknown as EvidenceRow],
    ["ends of scale for other signals", { ...good, beyond: [0, 1] }],
    ["an end of scale that is none", { ...good, beyond: SIGNALS.map(() => 2) }],
  ])("with %s is refused by BAD_ROW, and nothing has changed", (_, row) =>
    expect(refused((assimilator) => assimilator.assimilate(row))).toBe("BAD_ROW"),
  );

  test("names every fault at once", () =>
    expect(refusal(() => before.assimilate({ ...withValue("x"), at: Number.NaN })).message).toMatch(
      /2 faults[\s\S]*at: NaN[\s\S]*values\[12\] \(s4\): "x"/,
    ));

  test("of another time than in order is refused, and time has not passed", () =>
    expect(refused((assimilator) => assimilator.assimilate(rows[0]!))).toBe("OUT_OF_ORDER"));

  // Ranges that do not bound anything: the guard behind them is the numbers' own.
  const boundless = {
    ...webLine,
    signals: webLine.signals.map((signal) => ({ ...signal, range: [-1e300, 1e300] as const })),
  };
  const start = assimilated(rows.slice(0, 30), Assimilator.start(boundless)).checkpoint();
  const huge = [1e12, 1e15, 1e20, 1e30, 1e160, 1e299];
  test.each([
    [3, [1e5, 1e6, 1e7, ...huge]],
    [12, [1e7, 1e8, ...huge]],
    [20, huge],
  ])("too far off for double precision (signal %i) is refused, never NaN", (index, sizes) => {
    for (const value of sizes.flatMap((size) => [size, -size]))
      expect(
        refused((assimilator) => assimilator.assimilate(withValue(value, index)), start, boundless),
      ).toBe("BAD_ROW");
  });

  test("does not come from readings: one outside its range is refused on the way", () => {
    const reading = { signal: "s4", at: START, value: 1e30, quality: "GOOD" as const };
    const { rows: made, refused: out } = evidenceRows(webLine, [
      reading,
      { ...reading, signal: "s3", value: 100 },
    ]);
    expect(made).toHaveLength(1);
    expect(made[0]!.values.filter((value) => !Number.isNaN(value))).toEqual([100]);
    expect(out).toContainEqual({ at: START, signal: "s4", reason: "bad", detail: "range" });
  });
});

describe("an event that is none", () => {
  const at = START + 4 * DAY;
  const inspection = { kind: "inspection", id: "i", at, parameter: "b3", value: 0.04, sd: 0.001 } as const;
  const measurement = { kind: "measurement", id: "l", at, output: "s3", value: 100, sd: 1 } as const;
  const maintenance = { kind: "maintenance", id: "m", at, parameter: "b3" } as const;
  const bad: [string, unknown][] = [
    ["an unknown kind", { ...inspection, kind: "rumour" }],
    ["a kind that every object knows", { ...inspection, kind: "toString" }],
    ["an unknown parameter", { ...inspection, parameter: "zz" }],
    ["an unknown part", { ...maintenance, parameter: "zz" }],
    ["an unknown output", { ...measurement, output: "zz" }],
    ["no value", { ...inspection, value: Number.NaN }],
    ["text for a value", { ...measurement, value: "100" }],
    ["no error of its own", { ...inspection, sd: 0 }],
    ["an error whose square is nothing", { ...inspection, sd: 1e-200 }],
    ["a negative error", { ...inspection, sd: -1 }],
    ["an infinite error", { ...measurement, sd: Number.POSITIVE_INFINITY }],
    ["a prior without spread", { ...maintenance, prior: { mean: 0, sd: 0 } }],
    ["a prior outside the bounds", { ...maintenance, prior: { mean: -0.1, sd: 0.01 } }],
    ["a value that its error does not bring inside the bounds", { ...inspection, value: -0.5 }],
    ["a value above the bounds", { ...inspection, value: 0.51 }],
    ["a measured output beyond all numbers", { ...measurement, value: 1e200 }],
    ["no identity", { ...inspection, id: undefined }],
    ["no time", { ...maintenance, at: Number.NaN }],
    ["nothing in it", null],
  ];
  test.each(bad)("with %s is refused by BAD_EVENTS, and nothing has changed", (_, event) =>
    expect(refused((assimilator) => assimilator.declare(event as DeclaredEvent))).toBe("BAD_EVENTS"),
  );

  test("is refused in a list too", () => {
    for (const [words, event] of bad)
      if (words !== "a measured output beyond all numbers")
        expect(refusal(() => inCanonicalOrder(webLine, [], [event as DeclaredEvent])).code).toBe(
          "BAD_EVENTS",
        );
  });

  test("may lie a few of its own errors outside the bounds: zero wear, measured, is often below zero", () => {
    const assimilator = Assimilator.restore(webLine, checkpoint);
    assimilator.declare({ ...inspection, value: -0.003 });
    expect(assimilator.posterior().parameters[2]!.mean).toBeLessThan(0.04);
  });
});

describe("a checkpoint with a hole", () => {
  test.each(["mean", "covariance", "marginals", "unlearnt", "at", "points"])(
    "in its %s is refused",
    (field) => {
      const damaged = JSON.parse(checkpoint);
      if (Array.isArray(damaged[field])) damaged[field][0] = null;
      else damaged[field] = field === "at" ? "noon" : null;
      expect(refusal(() => Assimilator.restore(webLine, JSON.stringify(damaged))).code).toBe(
        "BAD_CHECKPOINT",
      );
    },
  );
});

test("rows that came before a refused one and after it give what they give without it", () => {
  const twice = Assimilator.restore(webLine, checkpoint);
  refusal(() => twice.assimilate(withValue(1e30)));
  twice.assimilate(good);
  expect(twice.checkpoint()).toBe(assimilated(rows).checkpoint());
  expect(rowAt(0, good.values).inMode).toBe(true);
});
