import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { FaultsError, TwinError } from "@plumbline/twin/errors";
import { describe, expect, test } from "vitest";
import {
  LOCKSTEP_RATE,
  moveFrontier,
  openClock,
  readClock,
  readFrontier,
  scenarioTime,
} from "../../../simulators/src/scenario/clock.ts";
import { readPublishedFile } from "../../../simulators/src/scenario/published-file.ts";
import { DEFAULT_WEAR, readScenario, rowCount, rowTime } from "../../../simulators/src/scenario/scenario.ts";

const folder = (): string => mkdtempSync(path.join(os.tmpdir(), "plumbline-scenario-"));
const MINIMAL = {
  seed: 1,
  origin: 1_700_000_000_000,
  days: 30,
  samplingSeconds: 1_296.648,
  rate: "lockstep",
  sensors: {
    speed: { noise: 0.01, bias: 0, quantisation: 0 },
    tension: { noise: 1, bias: 0, quantisation: 0 },
  },
};
const caught = (run: () => unknown): TwinError => {
  try {
    run();
  } catch (error) {
    if (error instanceof TwinError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("a scenario", () => {
  test("needs no more than seed, origin, days, sampling, rate and sensors", () => {
    expect(readScenario(MINIMAL)).toMatchObject({
      wear: DEFAULT_WEAR,
      faults: [],
      outages: [],
      rate: "lockstep",
    });
    expect(readScenario(MINIMAL).signals).toHaveLength(21);
  });

  test("has a row at rest, and one for each sampling period of its days", () => {
    const scenario = readScenario(MINIMAL);
    expect(rowCount(scenario)).toBe(2_000);
    expect(rowTime(scenario, 0)).toBe(MINIMAL.origin);
    expect(rowTime(scenario, 1)).toBe(MINIMAL.origin + 1_296_648);
  });

  test("with many faults is refused with all of them", () => {
    const bad = {
      ...MINIMAL,
      seed: -1,
      rate: "fast",
      colour: "red",
      signals: ["w3", "w3", "w6"],
      sensors: { speed: { noise: "loud", bias: 0, quantisation: 0 }, tension: MINIMAL.sensors.tension },
      wear: [{ roller: 6, fromDay: 3, toDay: 2, finalDrag: 0.7 }],
      faults: [{ signal: "w3", kind: "melted", fromDay: 0, toDay: 1 }],
      outages: [{ link: "moon", fromDay: 0, toDay: 1 }],
      stop: { day: 5 },
    };
    const error = caught(() => readScenario(bad));
    expect(error).toBeInstanceOf(FaultsError);
    expect((error as FaultsError).faults.map((fault) => fault.path)).toEqual([
      "scenario.colour",
      "seed",
      "rate",
      "signals[1]",
      "signals[2]",
      "sensors.speed.noise",
      "wear[0].roller",
      "wear[0].finalDrag",
      "wear[0].toDay",
      "faults[0].kind",
      "outages[0].link",
      "stop.minutes",
    ]);
  });
});

describe("the scenario clock", () => {
  test("is made once and read again on a restart", () => {
    const file = path.join(folder(), "clock.json");
    const first = openClock(file, { origin: 1_000, rate: 60 }, 5_000);
    expect(openClock(file, { origin: 1_000, rate: 60 }, 99_000)).toEqual(first);
    expect(readClock(file)).toEqual({ origin: 1_000, wallAnchor: 5_000, rate: 60 });
  });

  test("never runs ahead of the plant: not before its first row, nor after any", () => {
    const file = path.join(folder(), "clock.json");
    openClock(file, { origin: 1_000, rate: 60 }, 5_000);
    expect(scenarioTime(file, 6_000)).toBe(1_000);
    moveFrontier(file, 31_000);
    expect(scenarioTime(file, 5_100)).toBe(7_000);
    expect(scenarioTime(file, 6_000)).toBe(31_000);
  });

  test("in lock-step is where the plant is", () => {
    const file = path.join(folder(), "clock.json");
    expect(openClock(file, { origin: 1_700_000_000_000, rate: "lockstep" }, 5_000).rate).toBe(LOCKSTEP_RATE);
    moveFrontier(file, 1_700_000_009_000);
    expect(scenarioTime(file, 5_001)).toBe(1_700_000_009_000);
  });

  test("of another scenario is refused", () => {
    const file = path.join(folder(), "clock.json");
    openClock(file, { origin: 1_000, rate: 60 }, 5_000);
    expect(caught(() => openClock(file, { origin: 2_000, rate: 60 }, 5_000)).code).toBe("FOREIGN_CLOCK");
  });

  test("that is missing or broken is told", () => {
    const file = path.join(folder(), "clock.json");
    expect(caught(() => readClock(file))).toMatchObject({ code: "BAD_CLOCK_FILE", retry: "later" });
    expect(readFrontier(file)).toBeUndefined();
    writeFileSync(file, `{"origin": 1}`);
    expect(caught(() => readClock(file)).message).toContain("is not a scenario clock");
  });
});

describe("the published file", () => {
  const header = [
    "t",
    ...[1, 2, 3, 4, 5, 7, 8, 9, 10].map((i) => `\`Main.R${i}.w\``),
    ...Array.from({ length: 12 }, (_, k) => `\`Main.S${k + 1}.summary_Tension\``),
  ];
  const write = (lines: string[]): string => {
    const file = path.join(folder(), "data.csv");
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  };
  const row = (fill: string): string => header.map((_, at) => (at === 0 ? "86400" : fill)).join(",");

  test("is read by the names of its columns", () => {
    const [first] = readPublishedFile(write(["Latest Results", header.join(","), row("20.5")]));
    expect(first).toMatchObject({ index: 0, day: 1, seconds: 86_400 });
    expect(first!.values.size).toBe(21);
    expect(first!.values.get("w10")).toBe(20.5);
    expect(first!.values.get("s12")).toBe(20.5);
  });

  test("that is missing is told with where to find it", () => {
    expect(caught(() => readPublishedFile("/no/such.csv"))).toMatchObject({ code: "DATA_FILE_MISSING" });
  });

  test("with a wrong header is told with the missing columns", () => {
    const error = caught(() =>
      readPublishedFile(write(["Latest Results", header.join(",").replace("Main.R3.w", "R3"), row("1")])),
    );
    expect(error).toMatchObject({ code: "DATA_FILE_HEADER" });
    expect(error.message).toContain("line 2: the header lacks 1 column: Main.R3.w");
  });

  test("with a cell that is not a number is told with line and column", () => {
    const error = caught(() =>
      readPublishedFile(
        write(["Latest Results", header.join(","), row("1"), row("1").replace(/,1,/, ",n/a,")]),
      ),
    );
    expect(error).toMatchObject({ code: "DATA_FILE_CELL" });
    expect(error.message).toContain(`line 4 (row 1), column 2 (Main.R1.w): "n/a" is not a number`);
  });

  const DATA = path.join(
    process.env["PLUMBLINE_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../../shared/data"),
    "web-line/Case_1_Data_2023_06_22.csv",
  );
  const there = ((): boolean => {
    try {
      return readFileSync(DATA).length > 0;
    } catch {
      return false;
    }
  })();
  test.skipIf(!there)(
    "as published has 2,000 rows and begins with a line at rest (skipped without it)",
    () => {
      const rows = readPublishedFile(DATA);
      expect(rows).toHaveLength(2_000);
      expect(rows[0]!.values.get("w3")).toBe(0);
      expect(rows[1_999]!.values.get("w9")).toBe(17.25641427);
    },
  );
});
