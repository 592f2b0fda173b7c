import { scenarioNow } from "@plumbline/twin/contract/scenario-clock";
import { readClock, readFrontier } from "../scenario/clock.ts";

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

/**
 * The system clock, or the scenario's from its file. The frontier is read anew each time: one that is a moment old
 * would refuse a reading of the row just published.
 * @throws {TwinError} BAD_CLOCK_FILE.
 */
export function openBoxClock(path: string | undefined, wall: () => number = Date.now): BoxClock {
  if (path === undefined) return { wall, now: wall, quota: wall };
  const clock = readClock(path);
  return {
    wall,
    now: () => scenarioNow(clock, readFrontier(path), wall()),
    quota: () => scenarioNow(clock, undefined, wall()),
  };
}
