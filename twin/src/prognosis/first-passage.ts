import { TwinError } from "../errors.ts";
import type { Dice } from "../random/dice.ts";
import type { TrendBelief } from "./trend.ts";

/** When a level will first reach a limit. */
export interface FirstPassage {
  /** Share of futures that reach the limit within the horizon. */
  readonly probability: number;
  /** Event times of all futures, ascending; ∞ where the limit is not reached within the horizon. */
  readonly times: Float64Array;
}

/** Way in which a limit is reached. */
export type Direction = "rising" | "falling";

export interface PassageRequest {
  readonly limit: number;
  /** Futures that begin at the limit or past it reach it at once. Default: each crosses from the side it begins on. */
  readonly direction?: Direction;
  /** How far ahead is looked, in the trend's unit of time. */
  readonly horizon: number;
  readonly dice: Dice;
  /** Futures drawn. Default 1000: quantiles of a 90 % band are then good to about a thirtieth of its width. */
  readonly paths?: number;
  /** Steps per horizon. The level is smooth: inside a step it is taken as straight. Default 200. */
  readonly steps?: number;
}

/**
 * Draws futures of the trend, exactly at the steps, and notes when each first crosses the limit.
 *
 *     (level, slope)_{t+h} = [[1, h], [0, 1]] (level, slope)_t + N(0, q [[h³/3, h²/2], [h²/2, h]])
 *
 * @throws {TwinError} BAD_REQUEST
 * @see Daigle, Saxena & Goebel (2012), Annual Conf. of the PHM Society (simulated end of life under future noise).
 */
export function firstPassage(
  trend: readonly TrendBelief[],
  { limit, direction, horizon, dice, paths = 1_000, steps = 200 }: PassageRequest,
): FirstPassage {
  if (
    !(
      Number.isFinite(limit) &&
      horizon > 0 &&
      Number.isFinite(horizon) &&
      paths >= 1 &&
      steps >= 1 &&
      trend.length > 0
    )
  )
    throw new TwinError(
      "BAD_REQUEST",
      `limit ${limit}, horizon ${horizon}, ${paths} paths of ${steps} steps, ${trend.length} beliefs`,
      "give a finite limit, a positive horizon, at least one path, one step and one belief",
    );
  const times = new Float64Array(paths).fill(Number.POSITIVE_INFINITY);
  const side = direction === undefined ? undefined : direction === "rising" ? 1 : -1;
  if (trend.every((belief) => isOutOfReach(belief, limit, horizon, side))) return { times, probability: 0 };
  for (let path = 0; path < paths; path++)
    times[path] = crossing(chosen(trend, dice.uniform()), { limit, side, h: horizon / steps, steps, dice });
  times.sort();
  const reached = times.indexOf(Number.POSITIVE_INFINITY);
  return { times, probability: (reached < 0 ? paths : reached) / paths };
}

/** Standard deviations beyond which a limit is out of reach: probability below 1e-8, reflections counted. */
const OUT_OF_REACH = 6;

/** Whether even at the horizon, where it is widest, the level does not come near the limit. */
function isOutOfReach(
  { level, slope, covariance, roughness }: TrendBelief,
  limit: number,
  horizon: number,
  side = Math.sign(limit - level),
): boolean {
  const [p00, p01, p11] = covariance;
  const variance = p00 + 2 * horizon * p01 + horizon * horizon * p11 + (roughness * horizon ** 3) / 3;
  const nearest = Math.min(Math.abs(limit - level), Math.abs(limit - level - slope * horizon));
  const crosses = side * (limit - level) <= 0 || side * (limit - level - slope * horizon) <= 0;
  return !crosses && nearest > OUT_OF_REACH * Math.sqrt(Math.max(variance, 0));
}

function chosen(trend: readonly TrendBelief[], share: number): TrendBelief {
  let left = share;
  for (const belief of trend) {
    left -= belief.weight;
    if (left < 0) return belief;
  }
  return trend.at(-1) as TrendBelief;
}

interface Path {
  readonly limit: number;
  readonly side: number | undefined;
  readonly h: number;
  readonly steps: number;
  readonly dice: Dice;
}

function crossing(belief: TrendBelief, { limit, side: given, h, steps, dice }: Path): number {
  const [p00, p01, p11] = belief.covariance;
  const l00 = Math.sqrt(Math.max(p00, 0));
  const l10 = l00 === 0 ? 0 : p01 / l00;
  const z = dice.normal();
  let level = belief.level + l00 * z;
  let slope = belief.slope + l10 * z + Math.sqrt(Math.max(p11 - l10 * l10, 0)) * dice.normal();
  const side = given ?? Math.sign(limit - level);
  if (side * (limit - level) <= 0) return belief.at;
  const rough = Math.sqrt(belief.roughness * h);
  for (let step = 0; step < steps; step++) {
    const before = level;
    const [common, own] = [dice.normal(), dice.normal()];
    level += h * (slope + rough * (common / 2 + own / Math.sqrt(12)));
    slope += rough * common;
    if (side * (limit - level) <= 0) return belief.at + h * (step + (limit - before) / (level - before));
  }
  return Number.POSITIVE_INFINITY;
}
