import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { checkedOr, listOf, struct } from "../http/shape.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest, notFound } from "./faults.ts";
import { historyPage, wirePoint } from "./history-page.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import {
  describeReference,
  findSeries,
  type PropertyReference,
  referenceFault,
  referenceMembers,
} from "./property-reference.ts";
import { entryId, isoTime, maxResults, nextToken, ordering, quality } from "./shapes.ts";
import type { PointKey } from "./sqlite-points.ts";
import type { Series } from "./sqlite-series.ts";
import { timestampOf } from "./timestamp-window.ts";

/** Values on a page when the request does not say. */
const DEFAULT_PAGE = 20;

const latestRequest = struct({}, referenceMembers);

/** GetAssetPropertyValue: a property without a value answers an empty object. */
export const getValue =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "dataRequestsPerSecond");
    const reference = checkedOr(latestRequest, queryObject(call, {}), invalidRequest);
    const point = sitewise.points.latest(seriesOf(sitewise, reference).id);
    return json(point === undefined ? {} : { propertyValue: wirePoint(point) });
  };

/** @throws {ServiceFault} InvalidRequestException or ResourceNotFoundException. */
export function seriesOf({ series }: SiteWise, reference: PropertyReference): Series {
  const fault = referenceFault(reference);
  if (fault !== undefined) throw invalidRequest(fault);
  const found = findSeries(series, reference);
  if (found === undefined) throw notFound(`There is no ${describeReference(reference)}`);
  return found;
}

const historyRequest = (sitewise: SiteWise) =>
  struct(
    {},
    {
      ...referenceMembers,
      startDate: isoTime,
      endDate: isoTime,
      qualities: listOf(quality, { min: 1, max: 1 }),
      timeOrdering: ordering,
      nextToken,
      maxResults: maxResults(sitewise.quotas.historyPageValues),
    },
  );

/** GetAssetPropertyValueHistory: after `startDate`, up to and including `endDate`. */
export function getHistory(sitewise: SiteWise): (call: Call) => Answer {
  const shape = historyRequest(sitewise);
  return (call) => {
    admit(sitewise, "dataRequestsPerSecond");
    const query = queryObject(call, { qualities: "list", maxResults: "integer" });
    const request = checkedOr(shape, query, invalidRequest);
    const range = {
      start: timestampOf(request.startDate ?? 0),
      end: timestampOf(request.endDate ?? sitewise.clock.now()),
      quality: request.qualities?.[0],
      descending: request.timeOrdering === "DESCENDING",
      after: pagePosition<PointKey>(request, request.nextToken),
      limit: request.maxResults ?? DEFAULT_PAGE,
    };
    if (range.start.seconds > range.end.seconds) throw invalidRequest("startDate must not be after endDate");
    const series = seriesOf(sitewise, request);
    const { values, more } = historyPage(sitewise.points, series.id, range, sitewise.quotas.historyPageBytes);
    return json({ assetPropertyValueHistory: values, ...(more && { nextToken: pageToken(request, more) }) });
  };
}

/** BatchGetAssetPropertyValue: all entries on one page, each found or refused for itself. */
export function batchGetValue(sitewise: SiteWise): (call: Call) => Answer {
  const entry = struct({ entryId }, referenceMembers);
  const shape = struct(
    { entries: listOf(entry, { min: 1, max: sitewise.quotas.entriesPerLatest }) },
    { nextToken },
  );
  return (call) => {
    admit(sitewise, "dataRequestsPerSecond");
    const { entries, nextToken: token } = jsonBody(call, shape, invalidRequest);
    if (token !== undefined) throw invalidRequest("The nextToken is not valid");
    const outcomes = entries.map((each) => ({ each, error: entryFault(sitewise, each) }));
    const errorEntries = outcomes.flatMap(({ error }) => error ?? []);
    const successEntries = outcomes.flatMap(({ each, error }) =>
      error === undefined ? latestOf(sitewise, each) : [],
    );
    return json({ errorEntries, successEntries, skippedEntries: [] });
  };
}

type Entry = PropertyReference & { readonly entryId: string };

export interface ReadError {
  readonly entryId: string;
  readonly errorCode: "ResourceNotFoundException" | "InvalidRequestException";
  readonly errorMessage: string;
}

/** Why an entry of a batch read cannot be answered; `undefined` when it can. */
export function entryFault({ series }: SiteWise, entry: Entry): ReadError | undefined {
  const fault = referenceFault(entry);
  if (fault !== undefined)
    return { entryId: entry.entryId, errorCode: "InvalidRequestException", errorMessage: fault };
  if (findSeries(series, entry) !== undefined) return undefined;
  const errorMessage = `There is no ${describeReference(entry)}`;
  return { entryId: entry.entryId, errorCode: "ResourceNotFoundException", errorMessage };
}

function latestOf(sitewise: SiteWise, entry: Entry): { entryId: string; assetPropertyValue?: unknown } {
  const point = sitewise.points.latest(seriesOf(sitewise, entry).id);
  return { entryId: entry.entryId, ...(point && { assetPropertyValue: wirePoint(point) }) };
}
