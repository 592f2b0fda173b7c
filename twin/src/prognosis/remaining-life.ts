import type { Dice } from "../random/dice.ts";
import { type FirstPassage, firstPassage } from "./first-passage.ts";
import { type Estimated, type ImpliedReading, impliedReadings } from "./implied-readings.ts";
import { fitTrend } from "./trend.ts";

export interface LifeRequest {
  /** Random-walk rate with which the history was estimated, per √time. */
  readonly rate: number;
  /** Value at which the event happens. */
  readonly limit: number;
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
 */
export function remainingLife(
  history: readonly Estimated[],
  { rate, limit, memory, horizon, dice }: LifeRequest,
): Forecast {
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
  const passage = firstPassage(trend, { limit, horizon, dice });
  const at = (share: number): number | null => {
    const time = passage.times[Math.floor(share * (passage.times.length - 1))] as number;
    return Number.isFinite(time) ? time : null;
  };
  const mean = (of: (belief: (typeof trend)[number]) => number): number =>
    trend.reduce((sum, belief) => sum + belief.weight * of(belief), 0);
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
      level: mean(({ level }) => level),
      slope: mean(({ slope }) => slope),
    },
  };
}
