import * as fs from "node:fs";
import {
  longestBackoff,
  readScenarioClock,
  type ScenarioClock,
  scenarioNow,
} from "@plumbline/twin/contract/scenario-clock";
import { TwinError } from "@plumbline/twin/errors";
import { BUILD_DATE } from "./version.ts";

/** The scenario clock as the agent reads it. Only event-like time: sockets and back-offs live on the wall. */
export interface Clock {
  /** Scenario time, ms since the Unix epoch; never ahead of the plant's last acknowledged row. */
  now(): number;
  /** Event times above this cannot be honest yet (CONTRACT §2 "clock"). */
  latestHonest(): number;
  /** False: the system clock stands before the agent was built, so nothing can be said of a set's age. */
  isSet(): boolean;
  /** Wall-clock cap of a back-off that is `productionMs` in production. */
  backoff(productionMs: number): number;
  /** Scenario ms that pass in one wall ms. */
  readonly rate: number;
}

/** A source may be this far ahead of the gateway's clock. */
const AHEAD = 10 * 60_000;
/**
 * In a scenario the plant publishes a row before the frontier reaches it, so the frontier alone would make every
 * reading of a slow line look like the future.
 */
const AHEAD_OF_FRONTIER = 24 * 3_600_000;
/** The frontier is read at most this often. */
const REREAD = 20;

export const systemClock = (wall: () => number = Date.now): Clock => ({
  now: wall,
  latestHonest: () => wall() + AHEAD,
  isSet: () => wall() >= BUILD_DATE,
  backoff: (productionMs) => productionMs,
  rate: 1,
});

/** @throws {TwinError} BAD_CLOCK when the file is not a scenario clock. */
export function scenarioClock(file: string): Clock {
  const clock = readClock(file);
  let readAt = Number.NEGATIVE_INFINITY;
  let frontier: number | undefined;
  const currentFrontier = (): number | undefined => {
    const wall = Date.now();
    if (Math.abs(wall - readAt) >= REREAD) {
      readAt = wall;
      frontier = readFrontier(`${file}.frontier`) ?? frontier;
    }
    return frontier;
  };
  return {
    now: () => scenarioNow(clock, currentFrontier(), Date.now()),
    latestHonest: () =>
      Math.max(
        scenarioNow(clock, undefined, Date.now()) + AHEAD,
        (currentFrontier() ?? clock.origin) + AHEAD_OF_FRONTIER,
      ),
    isSet: () => true, // a scenario may play in any year
    backoff: (productionMs) => longestBackoff(clock, productionMs),
    rate: clock.rate,
  };
}

function readClock(file: string): ScenarioClock {
  let clock: ScenarioClock | undefined;
  try {
    clock = readScenarioClock(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (cause) {
    throw new TwinError(
      "BAD_CLOCK",
      `the scenario clock ${file} cannot be read`,
      "unset PLUMBLINE_SCENARIO_CLOCK, or give the file of a running scenario",
      { cause },
    );
  }
  if (clock) return clock;
  throw new TwinError(
    "BAD_CLOCK",
    `${file} is not a scenario clock`,
    `expected {"origin": ms, "wallAnchor": ms, "rate": positive number}`,
  );
}

function readFrontier(file: string): number | undefined {
  try {
    const frontier = Number(fs.readFileSync(file, "utf8").trim() || Number.NaN);
    return Number.isFinite(frontier) ? frontier : undefined;
  } catch {
    return undefined; // the plant has not published yet
  }
}
