import { TwinError } from "../errors.ts";
import type { Dice } from "../random/dice.ts";
import { type Direction, type FirstPassage, firstPassage } from "./first-passage.ts";
import { type Estimated, type ImpliedReading, impliedReadings } from "./implied-readings.ts";
import { fitTrend } from "./trend.ts";

export interface LifeRequest {
  /** Random-walk rate with which the history was estimated, per √time. */
  readonly rate: number;
  /** Value at which the event happens. */
  readonly limit: number;
  /** Way in which the limit is reached. Default: from the side on which the level was believed at the start of `memory`. */
  readonly direction?: Direction;
  /** How far back the trend looks: what went before says nothing of how wear goes on. */
  readonly memory: number;
  readonly horizon: number;
  readonly dice: Dice;
}

/** A forecast event as a page shows it. Infinite times are null: not within the horizon. */
export interface EventForecast {
  /** Time of the last estimate it rests on. */
  readonly madeAt: number;
  readonly limit: number;
  readonly probability: number;
  readonly horizon: number;
  readonly median: number | null;
  readonly interval90: readonly [earliest: number | null, latest: number | null];
  /** Median level and slope now. */
  readonly level: number;
  readonly slope: number;
}

export type Forecast =
  | { readonly kind: "forecast"; readonly forecast: EventForecast; readonly passage: FirstPassage }
  /** The level is at the limit or past it, and has been believed so since then. */
  | { readonly kind: "reached"; readonly since: number; readonly level: number; readonly slope: number }
  /** There is nothing to foretell from: the reason is for people. */
  | { readonly kind: "none"; readonly reason: string };

/** A trend needs so many readings. */
const ENOUGH = 8;
/**
 * What the slope's roughness may be: between a slope that changes by 1/1000 and one that changes by all of what the
 * parameter's declared walk covers, per unit of time.
 */
const ROUGHNESS = [1e-6, 1] as const;
/** Prior sd of the slope, in declared walks per unit of time. */
const SLOPE = 3;

/**
 * When a drifting parameter will reach a limit, with a band: the implied readings of its history, an integrated random
 * walk through those within `memory`, its futures.
 * @throws {TwinError} BAD_REQUEST, BAD_HISTORY
 */
export function remainingLife(history: readonly Estimated[], request: LifeRequest): Forecast {
  check(request);
  const { rate, limit, memory, horizon, dice } = request;
  const newest = history.at(-1);
  const recent = newest
    ? impliedReadings(history, rate).filter(({ at }) => at >= newest.at - memory)
    : ([] satisfies ImpliedReading[]);
  if (!newest || recent.length < ENOUGH)
    return {
      kind: "none",
      reason: `${recent.length} readings in the last ${memory}; at least ${ENOUGH} are needed`,
    };
  const unit = rate * rate;
  const trend = fitTrend(recent, {
    slope: SLOPE * rate,
    roughness: [ROUGHNESS[0] * unit, ROUGHNESS[1] * unit],
  });
  const mean = (of: (belief: (typeof trend)[number]) => number): number =>
    trend.reduce((sum, belief) => sum + belief.weight * of(belief), 0);
  const level = mean((belief) => belief.level);
  const slope = mean((belief) => belief.slope);
  const start = history.find(({ at }) => at === recent[0]?.at) ?? newest;
  const direction = request.direction ?? (start.mean > limit ? "falling" : "rising");
  const isPast = (value: number): boolean => (direction === "rising" ? value >= limit : value <= limit);
  if (isPast(level)) {
    const before = history.findLastIndex((estimate) => !isPast(estimate.mean));
    return { kind: "reached", since: (history[before + 1] ?? newest).at, level, slope };
  }
  const passage = firstPassage(trend, { limit, horizon, dice, direction });
  const at = (share: number): number | null => {
    const time = passage.times[Math.floor(share * (passage.times.length - 1))] as number;
    return Number.isFinite(time) ? time : null;
  };
  return {
    kind: "forecast",
    passage,
    forecast: {
      madeAt: newest.at,
      limit,
      probability: passage.probability,
      horizon,
      median: at(0.5),
      interval90: [at(0.05), at(0.95)],
      level,
      slope,
    },
  };
}

function check({ limit, memory, horizon, direction = "rising" }: LifeRequest): void {
  if (
    Number.isFinite(limit) &&
    memory > 0 &&
    horizon > 0 &&
    Number.isFinite(horizon) &&
    (direction === "rising" || direction === "falling")
  )
    return;
  throw new TwinError(
    "BAD_REQUEST",
    `limit ${limit}, memory ${memory}, horizon ${horizon}, ${direction}`,
    "give a finite limit, a memory and a finite horizon above 0, and rising or falling",
  );
}
