import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { webLine } from "@plumbline/twin/definition/web-line";
import type { Millis } from "@plumbline/twin/units";
import { expect, test } from "vitest";
import { runNeeded } from "../../../edge-agent/src/validate/frozen.ts";
import { Validator } from "../../../edge-agent/src/validate/validator.ts";
import { seeded } from "../../support/random.ts";

const START = Date.UTC(2026, 0, 1);
const ANY_TIME = Number.MAX_SAFE_INTEGER;
const MINUTE = 60_000;

/** Judges and accepts, as the agent does. */
function feed(
  validator: Validator,
  signal: string,
  at: number,
  value: number,
  more: { counter?: number; boot?: string; status?: string } = {},
  latest = ANY_TIME,
): Reading | "duplicate" {
  const judged = validator.judge({ signal, at, value, ...more }, latest);
  if (judged.kind === "duplicate") return "duplicate";
  validator.accept(judged.reading);
  return judged.reading;
}

/** A signal that has been healthy for a while. */
function settled(
  definition: TwinDefinition,
  signal: string,
  count = 100,
  period = 10 * MINUTE,
): { validator: Validator; next: () => number; normal: () => number } {
  const validator = new Validator(definition);
  const { normal } = seeded(11);
  const { nominal, noise } = definition.signals.find(({ id }) => id === signal)!;
  let at = START;
  for (let index = 0; index < count; index++, at += period)
    feed(validator, signal, at, nominal + noise * normal());
  return { validator, next: () => (at += period), normal };
}

test("200,000 healthy readings are all GOOD", () => {
  const validator = new Validator(webLine);
  const { normal } = seeded(1);
  const marked: Reading[] = [];
  for (let row = 0; row < 200_000 / webLine.signals.length; row++) {
    for (const { id, nominal, noise } of webLine.signals) {
      const reading = feed(validator, id, START + row * 10 * MINUTE, nominal + noise * normal(), {
        boot: "b",
        counter: row,
      });
      if (reading !== "duplicate" && reading.quality !== "GOOD") marked.push(reading);
    }
  }
  expect(marked).toEqual([]);
});

test("200,000 healthy readings of coarse sensors, ten a second, are all GOOD", () => {
  const fast: TwinDefinition = {
    ...webLine,
    signals: webLine.signals.map((signal) => ({ ...signal, period: 100 as Millis })),
  };
  const validator = new Validator(fast);
  const { normal } = seeded(2);
  const marked: Reading[] = [];
  for (let row = 0; row < 200_000 / webLine.signals.length; row++) {
    for (const [index, { id, nominal, noise }] of fast.signals.entries()) {
      const step = noise * [0.1, 0.5, 1, 2, 5][index % 5]!;
      const reading = feed(
        validator,
        id,
        START + row * 100,
        Math.round((nominal + noise * normal()) / step) * step,
      );
      if (reading !== "duplicate" && reading.quality !== "GOOD") marked.push(reading);
    }
  }
  expect(marked).toEqual([]);
});

test("a line that starts, stops and slips within its rate limit is not accused", () => {
  const { validator, next, normal } = settled(webLine, "w9");
  const steps = [0, 0, 0, 0, 20, 20, 20, 20, 12, 12.1, 11.9, 12, 20, 20, 0, 20];
  const qualities = steps.map((level) => feed(validator, "w9", next(), level + 0.01 * normal()));
  expect(qualities.map((reading) => (reading === "duplicate" ? reading : reading.quality))).toEqual(
    steps.map(() => "GOOD"),
  );
});

test("a noise-free source that hardly moves is not called frozen", () => {
  const validator = new Validator(webLine);
  for (let row = 0; row < 1_000; row++) {
    const drifting = 20 - Math.max(row - 500, 0) * 0.0004;
    expect(feed(validator, "w3", START + row * 10 * MINUTE, drifting)).toMatchObject({ quality: "GOOD" });
  }
});

test("a sensor that stopped moving is UNCERTAIN first and BAD when there is no doubt left", () => {
  const { validator, next } = settled(webLine, "w3");
  const qualities = Array.from({ length: 30 }, () => feed(validator, "w3", next(), 20.004)).map((reading) =>
    reading === "duplicate" ? reading : `${reading.quality} ${reading.reason ?? ""}`,
  );
  const needed = runNeeded(0.001, 0.01);
  expect(qualities.slice(0, needed - 1)).toEqual(Array.from({ length: needed - 1 }, () => "GOOD "));
  expect(qualities[needed - 1]).toBe("UNCERTAIN frozen");
  expect(qualities.slice(2 * needed - 1)).toEqual(qualities.slice(2 * needed - 1).map(() => "BAD frozen"));
});

test("a machine at rest that reads zero again and again is not called frozen", () => {
  const { validator, next } = settled(webLine, "w3");
  for (let row = 0; row < 100; row++)
    expect(feed(validator, "w3", next(), 0)).toMatchObject({ quality: "GOOD" });
});

test.each([
  ["a reading 1000 times too large is BAD with the suspicion named", "s7", 150_000, "unit-scale"],
  ["a reading outside the sensor's range is BAD", "s7", 700, "range"],
  ["a reading without a value is BAD", "s7", Number.NaN, "not-finite"],
])("%s", (_name, signal, value, reason) => {
  const { validator, next } = settled(webLine, signal);
  expect(feed(validator, signal, next(), value)).toMatchObject({ quality: "BAD", reason });
  expect(feed(validator, signal, next(), 150)).toMatchObject({ quality: "GOOD" });
});

test("a reading 1000 times too small is BAD where a machine at rest could not read it", () => {
  const pressure: TwinDefinition = {
    ...webLine,
    signals: [
      {
        ...webLine.signals[0]!,
        id: "p",
        unit: "Pa",
        range: [-1_000, 200_000],
        nominal: 101_325,
        noise: 5,
        bias: 1,
        resolution: 1,
        maxRate: 1e6,
      },
    ],
  };
  const { validator, next } = settled(pressure, "p");
  expect(feed(validator, "p", next(), 101.3)).toMatchObject({ quality: "BAD", reason: "unit-scale" });
  expect(feed(validator, "p", next(), 12)).toMatchObject({ quality: "GOOD" }); // at rest
});

test("a reading from a future that has not come is BAD, and makes no other reading late", () => {
  const { validator, next } = settled(webLine, "w3");
  const now = next();
  expect(feed(validator, "w3", now + 365 * 86_400_000, 20, {}, now + 10 * MINUTE)).toMatchObject({
    quality: "BAD",
    reason: "clock",
  });
  validator.sealed();
  expect(feed(validator, "w3", next(), 20.01)).toMatchObject({ quality: "GOOD" });
  expect(feed(validator, "w3", now + 10 * MINUTE, 20, {}, now + 10 * MINUTE)).not.toMatchObject({
    reason: "clock",
  });
});

test("faster than the machine can change is UNCERTAIN, never BAD", () => {
  const { validator, next } = settled(webLine, "w3", 100, 100);
  expect(feed(validator, "w3", next(), 25)).toMatchObject({ quality: "UNCERTAIN", reason: "rate" });
});

test("one reading far off a calm signal is UNCERTAIN: a spike", () => {
  const { validator, next } = settled(webLine, "w3", 100, 100);
  expect(feed(validator, "w3", next(), 21.5)).toMatchObject({ quality: "UNCERTAIN", reason: "spike" });
});

test.each([
  ["Good", "GOOD"],
  ["Uncertain_LastUsableValue", "UNCERTAIN"],
  ["Bad_SensorFailure", "BAD"],
])("the sensor's own status %s makes the reading %s", (status, quality) => {
  const { validator, next } = settled(webLine, "w3");
  expect(feed(validator, "w3", next(), 20, { status })).toMatchObject({ quality });
});

test("a source that counts on while its clock runs back is UNCERTAIN: stale", () => {
  const { validator, next } = settled(webLine, "w3");
  feed(validator, "w3", next(), 20, { boot: "b", counter: 1 });
  expect(feed(validator, "w3", START - MINUTE, 20.001, { boot: "b", counter: 2 })).toMatchObject({
    quality: "UNCERTAIN",
    reason: "stale",
  });
});

test("the same reading again is dropped as a duplicate, with or without a source identity", () => {
  const validator = new Validator(webLine);
  feed(validator, "w3", START, 20);
  expect(feed(validator, "w3", START, 20)).toBe("duplicate");
  expect(feed(validator, "w3", START, 20.0001)).toBe("duplicate"); // the same once rounded
  feed(validator, "w4", START, 20, { boot: "b", counter: 7 });
  expect(feed(validator, "w4", START, 21, { boot: "b", counter: 7 })).toBe("duplicate");
});

test("another reading at the same event time loses the conflict, keeps its quality and is kept", () => {
  const validator = new Validator(webLine);
  feed(validator, "w3", START, 20);
  expect(feed(validator, "w3", START, 20.5)).toMatchObject({
    quality: "GOOD",
    reason: "conflict",
    value: 20.5,
  });
});

test("lateness is measured against sealed frames only, so an outage of any length makes nothing late", () => {
  const validator = new Validator(webLine);
  feed(validator, "w3", START, 20);
  feed(validator, "w3", START + 40 * 86_400_000, 20.01);
  expect(feed(validator, "w4", START, 20)).not.toMatchObject({ reason: "late" });
  validator.sealed();
  expect(feed(validator, "w4", START + MINUTE, 20)).toMatchObject({ quality: "GOOD", reason: "late" });
  expect(feed(validator, "w4", START + 39.5 * 86_400_000, 20)).not.toMatchObject({ reason: "late" });
});

test("values are rounded to the signal's resolution", () => {
  expect(feed(new Validator(webLine), "w3", START, 20.00049)).toMatchObject({ value: 20 });
  expect(feed(new Validator(webLine), "s1", START, 100.06)).toMatchObject({ value: 100.1 });
});
