import { json, wireDouble, wireSeconds } from "../http/json-answer.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { checkedOr, listOf, oneOf, struct } from "../http/shape.ts";
import { type AggregateType, aggregate, RESOLUTION_MS, type Resolution, windows } from "./aggregate.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest } from "./faults.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import { referenceMembers } from "./property-reference.ts";
import { seriesOf } from "./read-values.ts";
import { isoTime, maxResults, nextToken, ordering, quality } from "./shapes.ts";
import type { Series } from "./sqlite-series.ts";
import { timestampOf } from "./timestamp-window.ts";

const MEMBER: Readonly<Record<AggregateType, string>> = {
  AVERAGE: "average",
  COUNT: "count",
  MAXIMUM: "maximum",
  MINIMUM: "minimum",
  SUM: "sum",
  STANDARD_DEVIATION: "standardDeviation",
};

const aggregateType = oneOf("AVERAGE", "COUNT", "MAXIMUM", "MINIMUM", "SUM", "STANDARD_DEVIATION");
const resolution = oneOf("1m", "15m", "1h", "1d");

const shapeOf = ({ quotas }: SiteWise) =>
  struct(
    { aggregateTypes: listOf(aggregateType, { min: 1 }), resolution, startDate: isoTime, endDate: isoTime },
    {
      ...referenceMembers,
      qualities: listOf(quality, { min: 1, max: 1 }),
      timeOrdering: ordering,
      nextToken,
      maxResults: maxResults(quotas.aggregatePageValues),
    },
  );

/** GetAssetPropertyAggregates: windows whose end lies in (startDate, endDate] and has passed; GOOD values unless asked otherwise. */
export function getAggregates(sitewise: SiteWise): (call: Call) => Answer {
  const shape = shapeOf(sitewise);
  return (call) => {
    admit(sitewise, "dataRequestsPerSecond");
    const query = queryObject(call, { aggregateTypes: "list", qualities: "list", maxResults: "integer" });
    const request = checkedOr(shape, query, invalidRequest);
    if (request.startDate > request.endDate) throw invalidRequest("startDate must not be after endDate");
    const series = seriesOf(sitewise, request);
    countOnly(series, request.aggregateTypes);
    const good = request.qualities?.[0] ?? "GOOD";
    const found = windowsOf(sitewise, series.id, request, good);
    if (request.timeOrdering === "DESCENDING") found.reverse();
    const from = pagePosition<number>(request, request.nextToken) ?? 0;
    const limit = request.maxResults ?? sitewise.quotas.aggregatePageValues;
    const aggregatedValues = found.slice(from, from + limit).map(({ end, values }) => ({
      timestamp: wireSeconds(end),
      quality: good,
      value: Object.fromEntries(
        request.aggregateTypes.map((type) => [MEMBER[type], wireDouble(aggregate(type, values))]),
      ),
    }));
    const more = from + limit < found.length ? { nextToken: pageToken(request, from + limit) } : {};
    return json({ aggregatedValues, ...more });
  };
}

function windowsOf(
  { points, clock }: SiteWise,
  series: number,
  request: { readonly startDate: number; readonly endDate: number; readonly resolution: Resolution },
  good: "GOOD" | "BAD" | "UNCERTAIN",
): ReturnType<typeof windows> {
  const length = RESOLUTION_MS[request.resolution];
  const last = Math.floor(Math.min(request.endDate, clock.now()) / length) * length;
  // The first window that ends after startDate begins at the last border at or before it.
  const first = Math.floor(request.startDate / length) * length;
  const range = {
    start: timestampOf(first),
    end: timestampOf(last),
    quality: good,
    descending: false,
    after: undefined,
  };
  return last <= first ? [] : windows(points.range(series, { ...range, limit: -1 }), length);
}

function countOnly({ data_type }: Series, types: readonly AggregateType[]): void {
  const numeric = data_type === "DOUBLE" || data_type === "INTEGER";
  if (!numeric && types.some((type) => type !== "COUNT"))
    throw invalidRequest(`A ${data_type} property has no aggregate but COUNT`);
}
