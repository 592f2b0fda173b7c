import * as fs from "node:fs";
import { readScenarioClock, type ScenarioClock, scenarioNow } from "@plumbline/twin/contract/scenario-clock";
import { TwinError } from "@plumbline/twin/errors";

export interface Clock {
  /** Scenario time, ms since the Unix epoch: everything a rule of the domain depends on. */
  now(): number;
  /** Wall time, ms: leases, time-outs, back-off. */
  wall(): number;
  /** Scenario ms per wall ms. */
  readonly rate: number;
}

export const systemClock: Clock = { now: () => Date.now(), wall: () => Date.now(), rate: 1 };

/**
 * The clock of a scenario file, and of the frontier beside it, which the plant moves.
 * @throws {TwinError} BAD_CLOCK
 */
export function scenarioClock(file: string): Clock {
  const clock = readClockFile(file);
  return {
    now: () => scenarioNow(clock, readFrontier(`${file}.frontier`), Date.now()),
    wall: () => Date.now(),
    rate: clock.rate,
  };
}

function readClockFile(file: string): ScenarioClock {
  let clock: ScenarioClock | undefined;
  let cause: unknown;
  try {
    clock = readScenarioClock(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (error) {
    cause = error;
  }
  if (clock) return clock;
  throw new TwinError(
    "BAD_CLOCK",
    `${file} is not a scenario clock`,
    `write {"origin": ms, "wallAnchor": ms, "rate": n} there, or unset PLUMBLINE_SCENARIO_CLOCK`,
    { cause },
  );
}

/** Undefined until the plant has published its first row: then nothing holds the clock back. */
function readFrontier(file: string): number | undefined {
  try {
    const text = fs.readFileSync(file, "utf8").trim();
    const frontier = Number(text);
    return text !== "" && Number.isFinite(frontier) ? frontier : undefined;
  } catch {
    return undefined;
  }
}
