import { readFileSync } from "node:fs";
import { readScenarioClock, type ScenarioClock, scenarioNow } from "@plumbline/twin/contract/scenario-clock";
import { TwinError } from "@plumbline/twin/errors";

/** The clocks of the box, ms since the epoch. */
export interface BoxClock {
  /** Sockets, signatures, HTTP dates, jobs. */
  wall(): number;
  /** What SiteWise and the shadows call "now". */
  now(): number;
  /**
   * What rates are counted on: the scenario clock without its frontier. The frontier stands still while the
   * plant waits, and a bucket that is filled by a clock that stands still would never be filled again.
   */
  quota(): number;
}

export function openClock(path: string | undefined, wall: () => number = Date.now): BoxClock {
  if (path === undefined) return { wall, now: wall, quota: wall };
  const clock = readClockFile(path);
  const frontier = `${path}.frontier`;
  return {
    wall,
    now: () => scenarioNow(clock, readFrontier(frontier), wall()),
    quota: () => scenarioNow(clock, undefined, wall()),
  };
}

function readClockFile(path: string): ScenarioClock {
  const hint = `write {"origin": ms, "wallAnchor": ms, "rate": n} there, or leave scenarioClock out for the system clock`;
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TwinError("NO_SCENARIO_CLOCK", `the scenario clock ${path} cannot be read`, hint, { cause });
  }
  const clock = readScenarioClock(found);
  if (clock === undefined) throw new TwinError("BAD_SCENARIO_CLOCK", `${path} is not a scenario clock`, hint);
  return clock;
}

/** Read anew each time: a frontier that is a moment old would refuse a reading of the row just published. */
function readFrontier(path: string): number | undefined {
  try {
    const frontier = Number(readFileSync(path, "utf8"));
    return Number.isFinite(frontier) ? frontier : undefined;
  } catch {
    return undefined;
  }
}
