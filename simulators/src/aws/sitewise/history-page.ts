import type { Quality } from "./shapes.ts";
import { type Point, type PointKey, type PointTable, qualityOf, type Range } from "./sqlite-points.ts";
import { wireTimestamp } from "./timestamp-window.ts";
import { wireOf } from "./variant.ts";

export interface WirePoint {
  readonly value: Record<string, unknown>;
  readonly timestamp: { readonly timeInSeconds: number; readonly offsetInNanos: number };
  readonly quality: Quality;
}

export const wirePoint = (point: Point): WirePoint => ({
  value: wireOf(point),
  timestamp: wireTimestamp(point),
  quality: qualityOf(point.quality),
});

export interface HistoryPage {
  readonly values: readonly WirePoint[];
  /** The last point of the page when there may be more behind it. */
  readonly more: PointKey | undefined;
  readonly bytes: number;
}

/** Fills a page up to `range.limit` values or `maxBytes` of JSON, whichever comes first; at least one value. */
export function historyPage(points: PointTable, series: number, range: Range, maxBytes: number): HistoryPage {
  const values: WirePoint[] = [];
  let bytes = 0;
  let last: PointKey | undefined;
  // One more than asked for tells whether there is a next page.
  for (const point of points.range(series, { ...range, limit: range.limit + 1 })) {
    const wire = wirePoint(point);
    const size = JSON.stringify(wire).length + 1;
    if (values.length === range.limit || (values.length > 0 && bytes + size > maxBytes))
      return { values, more: last, bytes };
    values.push(wire);
    bytes += size;
    last = { seconds: point.seconds, nanos: point.nanos, quality: point.quality };
  }
  return { values, more: undefined, bytes };
}
