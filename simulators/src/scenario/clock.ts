import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readScenarioClock, type ScenarioClock, scenarioNow } from "@plumbline/twin/contract/scenario-clock";
import { TwinError } from "@plumbline/twin/errors";

/** In lock-step the frontier alone decides: any wall time carries the clock past it. */
export const LOCKSTEP_RATE = 1e12;

const frontierFile = (clockFile: string): string => `${clockFile}.frontier`;

/** Replaces a file at once: a reader sees the old content or the new, never a part. */
function replaceFile(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

/**
 * The scenario's clock: made on the first start, read again on every later one.
 * The frontier is laid at the origin before the clock exists, so that no reader ever runs ahead of the plant.
 * @throws {TwinError} BAD_CLOCK_FILE, or FOREIGN_CLOCK when the file belongs to another scenario.
 */
export function openClock(
  clockFile: string,
  scenario: { origin: number; rate: number | "lockstep" },
  wall: number,
): ScenarioClock {
  const rate = scenario.rate === "lockstep" ? LOCKSTEP_RATE : scenario.rate;
  if (!existsSync(clockFile)) {
    moveFrontier(clockFile, scenario.origin);
    replaceFile(clockFile, JSON.stringify({ origin: scenario.origin, wallAnchor: wall, rate }));
  }
  const clock = readClock(clockFile);
  if (clock.origin === scenario.origin && clock.rate === rate) return clock;
  throw new TwinError(
    "FOREIGN_CLOCK",
    `${clockFile} says origin ${clock.origin}, rate ${clock.rate}; the scenario says ${scenario.origin}, ${rate}`,
    "give each scenario a clock file of its own, or remove this one (and its frontier) to begin anew",
  );
}

/** @throws {TwinError} BAD_CLOCK_FILE when it is missing or not a clock. */
export function readClock(clockFile: string): ScenarioClock {
  let clock: ScenarioClock | undefined;
  try {
    clock = readScenarioClock(JSON.parse(readFileSync(clockFile, "utf8")));
  } catch (cause) {
    throw new TwinError(
      "BAD_CLOCK_FILE",
      `the scenario clock ${clockFile} cannot be read`,
      "start the plant first: it makes the file",
      { cause, retry: "later" },
    );
  }
  if (clock !== undefined) return clock;
  throw new TwinError(
    "BAD_CLOCK_FILE",
    `${clockFile} is not a scenario clock`,
    `it must hold {"origin": ms, "wallAnchor": ms, "rate": n > 0}`,
  );
}

/** Event time of the plant's last acknowledged row; `undefined` when no plant has begun. */
export function readFrontier(clockFile: string): number | undefined {
  if (!existsSync(frontierFile(clockFile))) return undefined;
  const frontier = Number(readFileSync(frontierFile(clockFile), "utf8"));
  if (Number.isFinite(frontier)) return frontier;
  throw new TwinError(
    "BAD_CLOCK_FILE",
    `${frontierFile(clockFile)} does not hold a number`,
    "restart the plant: it writes the file anew",
  );
}

/** The plant alone calls this, after a row is acknowledged and journalled. */
export const moveFrontier = (clockFile: string, eventTime: number): void =>
  replaceFile(frontierFile(clockFile), String(eventTime));

/** Scenario time at a wall time, from the files. */
export const scenarioTime = (clockFile: string, wall: number): number =>
  scenarioNow(readClock(clockFile), readFrontier(clockFile), wall);
