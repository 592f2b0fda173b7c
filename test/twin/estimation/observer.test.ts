import type { Reading } from "@plumbline/twin/contract/reading";
import { webLine } from "@plumbline/twin/definition/web-line";
import { type Observation, Observer, type Row } from "@plumbline/twin/estimation/observer";
import { inMode } from "@plumbline/twin/estimation/operating-mode";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { LIGHT, PRIOR } from "../support/quiet-windows.ts";
import { refusal } from "../support/refusals.ts";
import {
  asReadings,
  DAY,
  drags,
  FILE_PERIOD,
  noisyValues,
  outputIndex,
  START,
} from "../support/web-line-truth.ts";

const newObserver = (): Observer => Observer.start(webLine, PRIOR);
/** Rows of a line whose bearing 3 wears from row 40 on, each as its 21 readings. */
const story = (rows: number, seed = 81): Reading[][] => {
  const dice = seeded(seed);
  return Array.from({ length: rows }, (_, row) =>
    asReadings(START + row * FILE_PERIOD, noisyValues(drags({ b3: row < 40 ? 0 : 0.02 }), dice)),
  );
};
const rowsOf = (observations: readonly Observation[]): Row[] => observations.flatMap(({ rows }) => rows);
const watch = (observer: Observer, readings: readonly Reading[]): Observation[] =>
  readings.map((reading) => observer.observe(reading));

describe("an observer", () => {
  test("restored at every seventh reading says the same, with the same hash, as one that never stopped", () => {
    const readings: Reading[] = story(60).flatMap((row, index) => (index % 9 === 4 ? row.slice(3) : row));
    const whole = newObserver();
    let parts = newObserver();
    let alarms = 0;
    for (const [index, reading] of readings.entries()) {
      const [one, other] = [whole.observe(reading), parts.observe(reading)];
      expect(other).toEqual(one);
      alarms += one.rows.flatMap((row) => row.alarms).length;
      if (index % 7 !== 0) continue;
      const snapshot = parts.snapshot();
      expect(snapshot).toBe(whole.snapshot());
      parts = Observer.restore(webLine, PRIOR, snapshot);
      expect(parts.hash()).toBe(whole.hash());
      expect(parts.virtual).toEqual(whole.virtual);
    }
    expect(alarms).toBeGreaterThan(0);
  });

  test("does not mind the order of the signals inside a row: the same alarms, values and charts", () => {
    const dice = seeded(82);
    const rows = story(60);
    const straight = newObserver();
    const mixed = newObserver();
    const one = rowsOf(watch(straight, rows.flat()));
    const other = rowsOf(
      watch(
        mixed,
        rows.flatMap((row) => dice.shuffled(row)),
      ),
    );
    expect(one.flatMap(({ alarms }) => alarms).length).toBeGreaterThan(0);
    expect(other).toEqual(one);
    expect(mixed.hash()).toBe(straight.hash());
  });

  test("closes a row with its last signal, or, if one is missing, with the first reading of a later time", () => {
    const observer = newObserver();
    const [first, second] = story(2) as [Reading[], Reading[]];
    const whole = watch(observer, first);
    expect(whole.map(({ rows }) => rows.length)).toEqual([...new Array(20).fill(0), 1]);
    expect(watch(observer, second.slice(1)).flatMap(({ rows }) => rows)).toEqual([]);
    const [closed] = observer.observe({ ...first[0]!, at: second[0]!.at + 1 }).rows;
    expect(closed?.at).toBe(second[0]!.at);
    expect(closed?.values[0]).toBeNaN();
    expect(closed?.values.slice(1)).toEqual(second.slice(1).map(({ value }) => value));
  });

  test.each([
    ["BAD", { quality: "BAD", reason: "range" }],
    ["late", { quality: "GOOD", reason: "late" }],
    ["the loser of a conflict", { quality: "GOOD", reason: "conflict" }],
  ] as const)("does not fuse a reading that is %s, not even when it is not a number", (_name, mark) => {
    const observer = newObserver();
    const [row] = story(1) as [Reading[]];
    watch(observer, row.slice(0, 5));
    const before = observer.hash();
    const observation = observer.observe({ ...row[0]!, value: Number.NaN, ...mark });
    expect(observation).toEqual({ rows: [] });
    expect(observer.hash()).toBe(before);
  });

  test("lets a bad reading of a later time close the row before it", () => {
    const observer = newObserver();
    const [row] = story(1) as [Reading[]];
    watch(observer, row.slice(1));
    const { filtered, rows } = observer.observe({
      ...row[0]!,
      at: START + 1,
      quality: "BAD",
      reason: "range",
    });
    expect(filtered).toBeUndefined();
    expect(rows.map(({ at }) => at)).toEqual([START]);
  });

  test("does not let a reading whose time is in doubt close the row before it", () => {
    const observer = newObserver();
    const [row] = story(1) as [Reading[]];
    watch(observer, row.slice(1));
    const wild = { ...row[0]!, at: START + 400 * DAY, quality: "BAD", reason: "clock" } as const;
    expect(observer.observe(wild).rows).toEqual([]);
    expect(observer.observe(row[0]!).rows.map(({ at, values }) => [at, values.some(Number.isNaN)])).toEqual([
      [START, false],
    ]);
  });

  test("does not open a closed row again for a reading that comes late", () => {
    const observer = newObserver();
    const [first, second, third] = story(3) as [Reading[], Reading[], Reading[]];
    watch(observer, [...first.slice(1), ...second]);
    const charts = (): unknown => (JSON.parse(observer.snapshot()) as { charts: unknown }).charts;
    const before = charts();
    expect(observer.observe(first[0]!).rows).toEqual([]);
    expect(observer.observe(second[3]!).rows).toEqual([]);
    expect(charts()).toEqual(before);
    watch(observer, third.slice(0, 2));
    expect(observer.observe(first[0]!).rows).toEqual([]);
    expect(rowsOf(watch(observer, third.slice(2))).map(({ at, values }) => [at, values[0]])).toEqual([
      [third[0]!.at, third[0]!.value],
    ]);
  });

  test("does not put a reading into an open row that is later than it", () => {
    const observer = newObserver();
    const [first, second] = story(2) as [Reading[], Reading[]];
    watch(observer, second.slice(0, 4));
    expect(observer.observe(first[2]!).rows).toEqual([]);
    expect(observer.observe(first[9]!).rows).toEqual([]);
    const [row] = rowsOf(watch(observer, second.slice(4)));
    expect(row?.at).toBe(second[0]!.at);
    expect(row?.values).toEqual(second.map(({ value }) => value));
  });

  test("ignores a reading of a signal that the twin does not declare", () => {
    const observer = newObserver();
    watch(observer, story(1)[0]!.slice(0, 5));
    const before = observer.snapshot();
    expect(observer.observe({ signal: "w6", at: START + DAY, value: 20, quality: "GOOD" })).toEqual({
      rows: [],
    });
    expect(observer.observe({ signal: "__proto__", at: START + DAY, value: 20, quality: "GOOD" })).toEqual({
      rows: [],
    });
    expect(observer.snapshot()).toBe(before);
    expect(observer.level("w6")).toBeUndefined();
  });

  test("trusts an uncertain reading less than a good one", () => {
    const [one, other] = [newObserver(), newObserver()];
    const [first, second] = story(2) as [Reading[], Reading[]];
    for (const observer of [one, other]) watch(observer, first);
    const good = one.observe({ ...second[0]!, value: 20.03 }).filtered!;
    const uncertain = other.observe({ ...second[0]!, value: 20.03, quality: "UNCERTAIN", reason: "rate" })
      .filtered!;
    expect(Math.abs(uncertain.value - first[0]!.value)).toBeLessThan(Math.abs(good.value - first[0]!.value));
    expect(uncertain.sd).toBeGreaterThan(good.sd);
  });

  test("keeps its charts at rest while the line is", () => {
    const observer = newObserver();
    const atRest = asReadings(
      START,
      webLine.signals.map(() => 0),
    );
    const [row] = rowsOf(watch(observer, atRest));
    expect(row?.inMode).toBe(false);
    expect(row?.alarms).toEqual([]);
    const { charts } = JSON.parse(observer.snapshot()) as { charts: { cusum: { count: number } }[] };
    expect(charts.every(({ cusum }) => cusum.count === 0)).toBe(true);
  });

  test("starts its charts anew when a set comes into force, keeps its filters, and alarms no more for what the set knows", () => {
    const observer = newObserver();
    const rows = story(60);
    const before = rowsOf(watch(observer, rows.flat())).flatMap(({ alarms }) => alarms).length;
    expect(before).toBeGreaterThan(0);
    const level = observer.level("s4");
    observer.install({
      ...PRIOR,
      version: 1,
      parameters: PRIOR.parameters.map((one) => (one.id === "b3" ? { ...one, mean: 0.02 } : one)),
    });
    expect(observer.level("s4")).toEqual(level);
    const dice = seeded(83);
    const later = Array.from({ length: 200 }, (_, row) =>
      asReadings(START + (60 + row) * FILE_PERIOD, noisyValues(drags({ b3: 0.02 }), dice)),
    );
    expect(rowsOf(watch(observer, later.flat())).flatMap(({ alarms }) => alarms)).toEqual([]);
    expect(observer.virtual.find(({ id }) => id === "slip3")?.value).toBeGreaterThan(5e-6);
  });

  test("refuses a snapshot that is damaged or of another definition", () => {
    const snapshot = newObserver().snapshot();
    const other = { ...webLine, version: "2.0.0" };
    expect(refusal(() => Observer.restore(other, PRIOR, snapshot)).code).toBe("BAD_SNAPSHOT");
    for (const text of ["", "{", snapshot.slice(0, -2), "{}", "null", "[]", "7"]) {
      expect(refusal(() => Observer.restore(webLine, PRIOR, text)).code, text).toBe("BAD_SNAPSHOT");
    }
  });
});

describe("virtual sensors", () => {
  test("are the model at the parameters in force, with the parameters' covariance carried through its slopes", () => {
    const covariance = PRIOR.covariance.map(
      (value, index) => value + (index === 1 || index === 9 ? 1e-7 : 0),
    );
    const [slip, , ...rest] = Observer.start(webLine, { ...PRIOR, covariance }).virtual;
    const row = outputIndex("slip1");
    expect(slip).toMatchObject({ id: "slip1", value: LIGHT.outputs[row] });
    const gradient = webLine.parameters.map((_, column) => LIGHT.jacobian.get(row, column));
    let variance = 0;
    for (const [i, left] of gradient.entries())
      for (const [j, right] of gradient.entries()) variance += left * covariance[9 * i + j]! * right;
    expect(slip!.sd).toBeCloseTo(Math.sqrt(variance), 15);
    expect(rest).toHaveLength(webLine.virtualSensors.length - 2);
  });
});

describe("the operating mode", () => {
  const mode = { name: "running", anyOf: ["w1", "w2"], above: 5 };
  const reads = (values: Record<string, number>): boolean =>
    inMode(mode, (signal) => values[signal] ?? Number.NaN);

  test("holds while any of its signals is above its threshold, and not at it", () => {
    expect(reads({ w1: 20, w2: 0 })).toBe(true);
    expect(reads({ w2: 5.001 })).toBe(true);
    expect(reads({ w1: 5, w2: 5 })).toBe(false);
    expect(reads({ w1: -20 })).toBe(false);
  });
  test("does not hold when nothing is known", () => expect(reads({})).toBe(false));
});
