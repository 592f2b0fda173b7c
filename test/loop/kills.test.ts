import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cast } from "../../simulators/src/drill/cast.ts";
import { demo, type Plot } from "../../simulators/src/drill/demo.ts";
import type { Scoreboard } from "../../simulators/src/drill/scoreboard.ts";
import { ORIGIN } from "../../simulators/src/drill/web-line-drill.ts";
import { readFrontier } from "../../simulators/src/scenario/clock.ts";

const DAY = 86_400_000;
const PLOT: Plot = {
  days: 9,
  wear: [3, 9].map((roller) => ({ roller, fromDay: 3, toDay: 6, finalDrag: 0.1 })),
  stop: 1,
  cut: { from: 4, kill: 4.25, to: 4.5 },
};
const SECONDS = 45;
const KILLS = [
  [2, "ingest"],
  [2.6, "box"],
  [3.2, "planner"],
  [4.9, "job"],
  [5.3, "agent"],
  [5.6, "box"],
  [6, "job"],
  [6.5, "ingest"],
] as const;

/** Process ids of recalibration jobs that belong to a scenario. */
const jobsOf = (folder: string): number[] =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const isJob = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("recalibrate/main.js");
      return isJob && readFileSync(`/proc/${name}/environ`, "utf8").includes(folder) ? [Number(name)] : [];
    } catch {
      return []; // it ended while we looked
    }
  });

async function killJob(folder: string): Promise<boolean> {
  for (let look = 0; look < 400; look++) {
    const [job] = jobsOf(folder);
    if (job !== undefined) return process.kill(job, "SIGKILL");
    await sleep(20);
  }
  return false;
}

async function disturb(cast: Cast, folder: string, killed: string[]): Promise<void> {
  for (const [day, victim] of KILLS) {
    while ((readFrontier(cast.home.path("clock.json")) ?? 0) < ORIGIN + day * DAY) await sleep(20);
    if (victim === "job") {
      if (await killJob(folder)) killed.push("job");
    } else {
      cast.child(victim).kill();
      killed.push(victim);
    }
  }
}

describe.skipIf(!readdirSync("/").includes("proc"))("a loop of which every process is killed in turn", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-test-kills-"));
  const killed: string[] = [];
  let board: Scoreboard;

  beforeAll(async () => {
    let disturbing: Promise<void> = Promise.resolve();
    board = await demo({
      folder,
      seed: 11,
      plot: PLOT,
      seconds: SECONDS,
      say: () => undefined,
      meet: (cast) => {
        disturbing = disturb(cast, folder, killed);
      },
    });
    await disturbing;
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("agent, ingest, planner, the cloud in a box and a recalibration job have each died at least once", () => {
    expect([...new Set(killed)].sort()).toEqual(["agent", "box", "ingest", "job", "planner"]);
    for (const name of ["agent", "box", "ingest", "planner"]) expect(board.restarts[name]).toBeGreaterThan(0);
  });

  test("no reading is lost and none is doubled", () => {
    expect(board.readings.published).toBe((PLOT.days * 144 + 1) * 21);
    expect(board.readings).toMatchObject({ lost: 0, duplicated: 0, stored: board.readings.published });
  });

  test("the loop closes by itself", () => {
    expect(board.committedVersion).toBeGreaterThan(0);
    expect(board).toMatchObject({ loopClosed: true, falseAlarms: 0 });
  });
});
