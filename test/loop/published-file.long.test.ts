import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type DrillRun, runDrill } from "./run-drill.ts";

const FILE = path.resolve(
  process.env["PLUMBLINE_TEST_DATA"] ?? "../shared/data",
  "web-line/Case_1_Data_2023_06_22.csv",
);
const SEEDS = ["3", "1971", "604800"];
const MINUTES = 60_000;

describe.skipIf(!existsSync(FILE))(
  "the published file through the real code [needs the reference data]",
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-test-published-"));
    const runs = new Map<string, DrillRun>();
    const drill = (name: string, ...args: string[]): Promise<DrillRun> =>
      runDrill(path.join(folder, `${name}.ndjson`), ...args);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(SEEDS)(
      "with seed %s the wear is alarmed in time, followed closely, and the bands are honest",
      async (seed) => {
        const run = await drill(
          `seed-${seed}`,
          "--data",
          FILE,
          "--noise",
          "speed=0.01,tension=1",
          "--seed",
          seed,
        );
        runs.set(seed, run);
        const { alarmDay, falseAlarms, rmse, rmseInForce, coverage90, score90, refused } = run.result;
        expect(falseAlarms).toBe(0);
        expect(alarmDay).toBeLessThanOrEqual(15.6);
        for (const id of ["b3", "b9"]) {
          expect(rmse[id]).toBeLessThanOrEqual(0.01);
          expect(rmseInForce[id]).toBeLessThanOrEqual(0.03);
          expect(coverage90[id]).toBeGreaterThanOrEqual(0.75);
          expect(score90[id]).toBeLessThanOrEqual(0.04);
        }
        expect(refused).toEqual([{ row: 0, reason: expect.stringMatching(/^mode: not running/) }]);
        expect(run.result.bytesPerReading).toBeLessThan(3);
      },
      5 * MINUTES,
    );

    test(
      "cut at day 18, its log is a prefix of the whole log",
      async () => {
        const lines = readFileSync(FILE, "utf8").split("\n");
        const kept = lines.filter((line, index) => index < 2 || Number(line.split(",")[1]) <= 18);
        const cut = path.join(folder, "cut.csv");
        writeFileSync(cut, kept.join("\n"));
        const { log } = await drill("cut", "--data", cut, "--seed", SEEDS[0] ?? "");
        expect(log.length).toBeGreaterThan(10_000);
        expect(runs.get(SEEDS[0] ?? "")?.log.slice(0, log.length)).toEqual(log);
      },
      5 * MINUTES,
    );

    test(
      "delivered three times in shuffled order, every frame changes nothing",
      async () => {
        const again = await drill("replay", "--data", FILE, "--seed", SEEDS[0] ?? "", "--replay", "3");
        expect(again.result).toEqual(runs.get(SEEDS[0] ?? "")?.result);
      },
      5 * MINUTES,
    );
  },
);
