import { json, wireSeconds } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { type Check, type Checked, listOf, struct } from "../http/shape.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest } from "./faults.ts";
import { historyPage, type WirePoint } from "./history-page.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import { referenceMembers } from "./property-reference.ts";
import { entryFault, type ReadError, seriesOf } from "./read-values.ts";
import { entryId, epochTime, maxResults, nextToken, ordering, quality } from "./shapes.ts";
import type { PointKey, Range } from "./sqlite-points.ts";
import { timestampOf } from "./timestamp-window.ts";

const entryShape = struct(
  { entryId },
  {
    ...referenceMembers,
    startDate: epochTime,
    endDate: epochTime,
    qualities: listOf(quality, { min: 1, max: 1 }),
    timeOrdering: ordering,
  },
);
type Entry = Checked<typeof entryShape>;

interface BatchHistoryRequest {
  readonly entries: readonly Entry[];
  readonly nextToken?: string;
  readonly maxResults?: number;
}

const requestShape = ({ quotas }: SiteWise): Check<BatchHistoryRequest> =>
  struct(
    { entries: listOf(entryShape, { min: 1, max: quotas.entriesPerHistory }) },
    { nextToken, maxResults: maxResults(quotas.historyPageValues) },
  );

/** Where a page begins: the entry, and the last point of it that was given. */
interface Position {
  readonly entry: number;
  readonly after: PointKey | null;
}

/**
 * BatchGetAssetPropertyValueHistory: entries one behind the other, each page up to `maxResults` values or 4 MB over
 * all of them. What earlier pages finished is listed again as skipped.
 */
export function batchGetHistory(sitewise: SiteWise): (call: Call) => Answer {
  const shape = requestShape(sitewise);
  return (call) => {
    admit(sitewise, "dataRequestsPerSecond");
    const request = jsonBody(call, shape, invalidRequest);
    if (new Set(request.entries.map((each) => each.entryId)).size !== request.entries.length)
      throw invalidRequest("Every entryId must be unique in the request");
    const from = pagePosition<Position>(request, request.nextToken) ?? { entry: 0, after: null };
    const page = fill(sitewise, request, from);
    const skippedEntries = request.entries.slice(0, from.entry).map((entry) => skipped(sitewise, entry));
    const next = page.next === undefined ? {} : { nextToken: pageToken(request, page.next) };
    return json({ errorEntries: page.errors, successEntries: page.successes, skippedEntries, ...next });
  };
}

interface Page {
  readonly errors: ReadError[];
  readonly successes: { entryId: string; assetPropertyValueHistory: readonly WirePoint[] }[];
  readonly next: Position | undefined;
}

function fill(sitewise: SiteWise, { entries, maxResults: limit }: BatchHistoryRequest, from: Position): Page {
  const page: Page = { errors: [], successes: [], next: undefined };
  let values = limit ?? sitewise.quotas.historyPageValues;
  let bytes = sitewise.quotas.historyPageBytes;
  for (const [index, entry] of entries.entries()) {
    if (index < from.entry) continue;
    if (values === 0 || bytes <= 0) return { ...page, next: { entry: index, after: null } };
    const fault = entryFault(sitewise, entry);
    if (fault !== undefined) {
      page.errors.push(fault);
      continue;
    }
    const after = index === from.entry ? (from.after ?? undefined) : undefined;
    const found = historyPage(
      sitewise.points,
      seriesOf(sitewise, entry).id,
      rangeOf(sitewise, entry, after, values),
      bytes,
    );
    page.successes.push({ entryId: entry.entryId, assetPropertyValueHistory: found.values });
    if (found.more !== undefined) return { ...page, next: { entry: index, after: found.more } };
    values -= found.values.length;
    bytes -= found.bytes;
  }
  return page;
}

const rangeOf = ({ clock }: SiteWise, entry: Entry, after: PointKey | undefined, limit: number): Range => ({
  start: timestampOf(entry.startDate ?? 0),
  end: timestampOf(entry.endDate ?? clock.now()),
  quality: entry.qualities?.[0],
  descending: entry.timeOrdering === "DESCENDING",
  after,
  limit,
});

function skipped(sitewise: SiteWise, entry: Entry): Record<string, unknown> {
  const fault = entryFault(sitewise, entry);
  if (fault === undefined) return { entryId: entry.entryId, completionStatus: "SUCCESS" };
  const errorInfo = { errorCode: fault.errorCode, errorTimestamp: wireSeconds(sitewise.clock.now()) };
  return { entryId: entry.entryId, completionStatus: "ERROR", errorInfo };
}
