/**
 * The scenario clock: event time may run faster than the wall's, never ahead of the plant's last acknowledged row.
 *
 *     now = min(origin + (wall − wallAnchor) · rate, frontier)
 *
 * In production the rate is 1, the origin is real and there is no frontier. All times in ms since the Unix epoch.
 */
export interface ScenarioClock {
  readonly origin: number;
  readonly wallAnchor: number;
  readonly rate: number;
}

export const scenarioNow = (clock: ScenarioClock, frontier: number | undefined, wall: number): number =>
  Math.min(clock.origin + (wall - clock.wallAnchor) * clock.rate, frontier ?? Number.POSITIVE_INFINITY);

/** Longest back-off on the wall, ms: a scenario that runs fast must not sleep through its own story. */
export const longestBackoff = (clock: ScenarioClock, productionMs: number): number =>
  clock.rate > 1 ? Math.min(productionMs, 1_000) : productionMs;

/** Reads a clock file's content; `undefined` when it is not one. */
export function readScenarioClock(json: unknown): ScenarioClock | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { origin, wallAnchor, rate } = json as Record<string, unknown>;
  if (typeof origin !== "number" || typeof wallAnchor !== "number" || typeof rate !== "number" || !(rate > 0))
    return undefined;
  return { origin, wallAnchor, rate };
}
