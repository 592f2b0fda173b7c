import type { Point } from "./sqlite-points.ts";
import { msOf } from "./timestamp-window.ts";

export type AggregateType = "AVERAGE" | "COUNT" | "MAXIMUM" | "MINIMUM" | "SUM" | "STANDARD_DEVIATION";
export type Resolution = "1m" | "15m" | "1h" | "1d";

const MINUTE = 60_000;
export const RESOLUTION_MS: Readonly<Record<Resolution, number>> = {
  "1m": MINUTE,
  "15m": 15 * MINUTE,
  "1h": 60 * MINUTE,
  "1d": 24 * 60 * MINUTE,
};

export interface Aggregate {
  /** End of the window, ms since the epoch: the window is (end − length, end], aligned to UTC. */
  readonly end: number;
  readonly values: readonly number[];
}

/** End of the window that holds a time, both in ms. */
export const windowEnd = (ms: number, length: number): number => Math.ceil(ms / length) * length;

/** Points in ascending order → their windows, those without a point left out. Strings and nulls count as one each (NaN). */
export function windows(points: Iterable<Point>, length: number): Aggregate[] {
  const found: { end: number; values: number[] }[] = [];
  for (const point of points) {
    const end = windowEnd(msOf(point), length);
    const value = typeof point.value === "number" ? point.value : Number.NaN;
    const last = found.at(-1);
    if (last?.end === end) last.values.push(value);
    else found.push({ end, values: [value] });
  }
  return found;
}

/** One number for a window; STANDARD_DEVIATION is that of the population (AWS does not say which it means). */
export function aggregate(type: AggregateType, values: readonly number[]): number {
  const sum = values.reduce((total, each) => total + each, 0);
  const mean = sum / values.length;
  switch (type) {
    case "COUNT":
      return values.length;
    case "SUM":
      return sum;
    case "AVERAGE":
      return mean;
    case "MAXIMUM":
      return values.reduce((best, each) => Math.max(best, each));
    case "MINIMUM":
      return values.reduce((best, each) => Math.min(best, each));
    case "STANDARD_DEVIATION":
      return Math.sqrt(values.reduce((total, each) => total + (each - mean) ** 2, 0) / values.length);
  }
}
