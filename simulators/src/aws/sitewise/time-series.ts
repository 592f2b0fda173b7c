import { json, wireSeconds } from "../http/json-answer.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { checkedOr, oneOf, struct, text } from "../http/shape.ts";
import { assetOf } from "./assets.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest, notFound } from "./faults.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import { alias, customId, maxResults, nextToken } from "./shapes.ts";
import type { Series } from "./sqlite-series.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 250;

const wire = ({ arn }: SiteWise, series: Series): Record<string, unknown> => ({
  assetId: series.asset_id ?? undefined,
  propertyId: series.property_id ?? undefined,
  alias: series.alias ?? undefined,
  timeSeriesId: series.time_series_id,
  dataType: series.data_type,
  timeSeriesCreationDate: wireSeconds(series.created),
  timeSeriesLastUpdateDate: wireSeconds(series.updated),
  timeSeriesArn: arn(`time-series/${series.time_series_id}`),
});

const listRequest = struct(
  {},
  {
    nextToken,
    maxResults: maxResults(MAX_PAGE),
    assetId: customId,
    aliasPrefix: text({ min: 1 }),
    timeSeriesType: oneOf("ASSOCIATED", "DISASSOCIATED"),
  },
);

export const listTimeSeries =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "seriesRequestsPerSecond");
    const request = checkedOr(listRequest, queryObject(call, { maxResults: "integer" }), invalidRequest);
    const limit = request.maxResults ?? DEFAULT_PAGE;
    const found = sitewise.series.list({
      assetId: request.assetId === undefined ? undefined : assetOf(sitewise, request.assetId).id,
      aliasPrefix: request.aliasPrefix,
      type: request.timeSeriesType,
      after: pagePosition<number>(request, request.nextToken) ?? 0,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return json({
      TimeSeriesSummaries: page.map((each) => wire(sitewise, each)),
      ...(found.length > limit && last !== undefined && { nextToken: pageToken(request, last.id) }),
    });
  };

const describeRequest = struct({}, { alias, assetId: customId, propertyId: customId });

export const describeTimeSeries =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "seriesRequestsPerSecond");
    const request = checkedOr(describeRequest, queryObject(call, {}), invalidRequest);
    const byIds = request.assetId !== undefined && request.propertyId !== undefined;
    if (byIds === (request.alias !== undefined))
      throw invalidRequest("Give either alias, or both assetId and propertyId");
    const found =
      request.alias === undefined
        ? sitewise.series.byProperty(assetOf(sitewise, request.assetId ?? "").id, request.propertyId ?? "")
        : sitewise.series.byAlias(request.alias);
    if (found === undefined) throw notFound(`There is no time series ${request.alias ?? request.propertyId}`);
    return json(wire(sitewise, found));
  };
