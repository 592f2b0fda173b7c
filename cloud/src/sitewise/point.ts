import type { Quality } from "@plumbline/twin/contract/reading";

/** One value of one property at one time. A number that is not finite travels as "no value", which is never GOOD. */
export interface Point {
  readonly at: number;
  readonly value: number | string;
  readonly quality: Quality;
}

/** Points of one property; at most {@link POINTS_PER_ENTRY}. */
export interface Entry {
  readonly alias: string;
  readonly points: readonly Point[];
}

/** SiteWise's limits per request, which its service model does not carry. */
export const POINTS_PER_ENTRY = 10;
export const ENTRIES_PER_REQUEST = 10;

/** One fault of one entry, as the service told it. `at` empty: the whole entry. */
export interface EntryFault {
  readonly entry: number;
  readonly code: string;
  readonly message: string;
  readonly at: readonly number[];
}

/** The property store: takes up to ten entries, and says which points it did not take. */
export interface PropertyStore {
  /** @throws {RequestFault} when the request as a whole was refused. */
  put(entries: readonly Entry[]): Promise<readonly EntryFault[]>;
}

/** The whole request was refused. */
export class RequestFault extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause: unknown) {
    super(message, { cause });
    this.name = "RequestFault";
    this.code = code;
  }
}

/** Points of many properties as entries of at most ten, in order. */
export function toEntries(points: ReadonlyMap<string, readonly Point[]>): Entry[] {
  const entries: Entry[] = [];
  for (const [alias, all] of points) {
    for (let start = 0; start < all.length; start += POINTS_PER_ENTRY) {
      entries.push({ alias, points: all.slice(start, start + POINTS_PER_ENTRY) });
    }
  }
  return entries;
}
