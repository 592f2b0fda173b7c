import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFastWear } from "./fast-wear.ts";
import { type DrillRun, runDrill } from "./run-drill.ts";

const ROWS = 260;
const ONSET = 150;
const WORN = 60;
const CUT = 200;

describe("a drill on a file whose bearings wear fast", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-test-drill-"));
  const at = (name: string): string => path.join(folder, name);
  let whole: DrillRun;

  beforeAll(async () => {
    writeFastWear(at("whole.csv"), ROWS, ONSET, WORN);
    writeFastWear(at("cut.csv"), CUT, ONSET, WORN);
    whole = await runDrill(at("whole.ndjson"), "--data", at("whole.csv"), "--seed", "5");
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the loop closes: alarm, recalibration, trial, commit", () => {
    const { recalibrations, commits, falseAlarms } = whole.result;
    expect(recalibrations.accepted).toBeGreaterThan(0);
    expect(commits).toBeGreaterThan(0);
    expect(recalibrations.run).toBe(
      recalibrations.accepted + recalibrations.rejected + recalibrations.waited,
    );
    // The scored onset is the published one (day 14); every alarm of this faster file comes before it.
    expect(falseAlarms).toBeGreaterThan(0);
    const alarms = whole.log
      .map((line) => JSON.parse(line) as { type: string; t: number })
      .filter(({ type }) => type === "alarm");
    const onsetDay = (ONSET * 1_296.648324) / 86_400;
    expect(Math.min(...alarms.map(({ t }) => t))).toBeGreaterThan(onsetDay);
  });

  test("the worn bearings are found and the others are not", () => {
    const { final } = whole.result;
    for (const id of ["b3", "b9"]) {
      expect(final[id]?.mean).toBeGreaterThan(0.1);
      expect(final[id]?.mean).toBeLessThan(0.14);
    }
    for (const id of ["b1", "b2", "b4", "b5", "b7", "b8", "b10"]) expect(final[id]?.mean).toBeLessThan(0.01);
  });

  test("the row at rest is refused, with its reason", () => {
    expect(whole.result.refused).toEqual([{ row: 0, reason: expect.stringMatching(/^mode: not running/) }]);
  });

  test("every reading travels, in few bytes", () => {
    expect(whole.result.readings).toBe(ROWS * 21);
    expect(whole.result.bytesPerReading).toBeLessThan(4);
  });

  test("the log of the file cut short is a prefix of the whole log", async () => {
    const cut = await runDrill(at("cut.ndjson"), "--data", at("cut.csv"), "--seed", "5");
    expect(cut.log.length).toBeGreaterThan(1_000);
    expect(whole.log.slice(0, cut.log.length)).toEqual(cut.log);
  }, 180_000);

  test("every frame delivered three times in shuffled order changes nothing", async () => {
    const replayed = await runDrill(
      at("replayed.ndjson"),
      "--data",
      at("whole.csv"),
      "--seed",
      "5",
      "--replay",
      "3",
    );
    expect(replayed.result).toEqual(whole.result);
    expect(replayed.log).toEqual(whole.log);
  }, 180_000);

  test("another seed gives another digest", async () => {
    const other = await runDrill(at("other.ndjson"), "--data", at("cut.csv"), "--seed", "6");
    expect(other.result.digest).not.toBe(whole.result.digest);
  }, 180_000);
});
