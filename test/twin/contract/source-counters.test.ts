import { encodeFrame } from "@plumbline/twin/contract/frame-codec";
import { toColumns } from "@plumbline/twin/contract/frame-columns";
import type { Reading } from "@plumbline/twin/contract/reading";
import { describe, expect, test } from "vitest";
import { frameOf } from "../support/fixtures.ts";

const SIGNALS = ["w1", "w2", "w3", "s1", "s2"];
const scan = (rows: number, counterOf: (row: number, place: number) => number): Reading[] =>
  Array.from({ length: rows }, (_, row) => row).flatMap((row) =>
    SIGNALS.map((signal, place) => ({
      signal,
      at: row * 1_000,
      value: 20,
      quality: "GOOD" as const,
      boot: "plc-1",
      counter: counterOf(row, place),
    })),
  );
const listed = (readings: readonly Reading[]): number => toColumns(readings, () => 0.001).counters.length;

describe("source counters in a frame", () => {
  test("a counter that all signals share is listed once", () => {
    expect(listed(scan(100, (row, place) => row * SIGNALS.length + place + 7))).toBe(1);
  });

  test("a counter of each signal's own is listed for its first two rows", () => {
    expect(listed(scan(100, (row) => row))).toBeLessThanOrEqual(2 * SIGNALS.length);
  });

  test("a missing reading costs a few entries, not the rest of the frame", () => {
    const readings = scan(100, (row, place) => row * SIGNALS.length + place);
    const holed = readings.filter((_, index) => index !== 251);
    expect(listed(holed)).toBeLessThanOrEqual(3);
  });

  test("with either kind the identities hardly show in the size", () => {
    const size = (readings: readonly Reading[]): number => encodeFrame(frameOf(readings), () => 0.001).length;
    const bare = size(scan(100, () => 0).map(({ boot: _boot, counter: _counter, ...reading }) => reading));
    expect(size(scan(100, (row, place) => row * SIGNALS.length + place)) - bare).toBeLessThan(40);
    expect(size(scan(100, (row) => row)) - bare).toBeLessThan(90);
  });
});
