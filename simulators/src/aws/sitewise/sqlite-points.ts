import type { Statement, Store } from "../sqlite-store.ts";
import type { Quality } from "./shapes.ts";
import type { Timestamp } from "./timestamp-window.ts";
import type { StoredValue } from "./variant.ts";

/** A point's place in its series: SiteWise keeps one value per time and quality. */
export interface PointKey extends Timestamp {
  readonly quality: number;
}
export interface Point extends PointKey, StoredValue {}

/** Ranks qualities, so that of several at one time the best is the latest value. AWS does not say which it gives. */
const QUALITIES: readonly Quality[] = ["BAD", "UNCERTAIN", "GOOD"];
export const qualityRank = (quality: Quality): number => QUALITIES.indexOf(quality);
export const qualityOf = (rank: number): Quality => QUALITIES[rank] ?? "GOOD";

export interface Range {
  /** Exclusive. */
  readonly start: Timestamp;
  /** Inclusive. */
  readonly end: Timestamp;
  readonly quality: Quality | undefined;
  readonly descending: boolean;
  /** Continue behind this point. */
  readonly after: PointKey | undefined;
  readonly limit: number;
}

/** Above any quality, and below: so that a time alone can stand for "behind all its points". */
const ABOVE = 9;
const BELOW = -1;

export class PointTable {
  private readonly upsert: Statement<
    [number, number, number, number, string, number | string | null],
    unknown
  >;
  private readonly newest: Statement<[number], Point>;
  private readonly ascending: Statement<[Record<string, number>], Point>;
  private readonly descending: Statement<[Record<string, number>], Point>;
  private readonly inSecond: Statement<[number, number, number, number], { n: number }>;

  constructor(store: Store) {
    this.upsert = store.prepare(
      `INSERT INTO point VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET kind = excluded.kind, value = excluded.value`,
    );
    const columns = "seconds, nanos, quality, kind, value FROM point WHERE series";
    this.newest = store.prepare(
      `SELECT ${columns} = ? ORDER BY seconds DESC, nanos DESC, quality DESC LIMIT 1`,
    );
    const quality = "(@quality = -1 OR quality = @quality)";
    this.ascending = store.prepare(
      `SELECT ${columns} = @series AND (seconds, nanos, quality) > (@fromS, @fromN, @fromQ)
         AND (seconds, nanos) <= (@toS, @toN) AND ${quality} ORDER BY seconds, nanos, quality LIMIT @limit`,
    );
    this.descending = store.prepare(
      `SELECT ${columns} = @series AND (seconds, nanos, quality) < (@fromS, @fromN, @fromQ)
         AND (seconds, nanos) > (@toS, @toN) AND ${quality} ORDER BY seconds DESC, nanos DESC, quality DESC LIMIT @limit`,
    );
    this.inSecond = store.prepare(
      "SELECT count(*) AS n FROM point WHERE series = ? AND seconds = ? AND quality = ? AND nanos <> ?",
    );
  }

  /** Same time and quality replaces, another quality is another point. */
  put(series: number, { seconds, nanos, quality, kind, value }: Point): void {
    this.upsert.run(series, seconds, nanos, quality, kind, value);
  }

  latest(series: number): Point | undefined {
    return this.newest.get(series);
  }

  /** Points of that second and quality, the one at these nanoseconds apart. */
  othersInSecond(series: number, { seconds, nanos, quality }: PointKey): number {
    return this.inSecond.get(series, seconds, quality, nanos)?.n ?? 0;
  }

  /** Lazily, because a page may end by its bytes: close the iterator. */
  range(series: number, { start, end, quality, descending, after, limit }: Range): IterableIterator<Point> {
    const first = descending ? { ...end, quality: ABOVE } : { ...start, quality: ABOVE };
    const from = after ?? first;
    const to = descending ? start : end;
    const bounds = {
      fromS: from.seconds,
      fromN: from.nanos,
      fromQ: from.quality,
      toS: to.seconds,
      toN: to.nanos,
    };
    const statement = descending ? this.descending : this.ascending;
    return statement.iterate({
      series,
      ...bounds,
      quality: quality === undefined ? BELOW : qualityRank(quality),
      limit,
    });
  }
}
