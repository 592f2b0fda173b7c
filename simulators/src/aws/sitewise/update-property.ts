import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { oneOf, struct } from "../http/shape.ts";
import { modelOf } from "./asset-models.ts";
import { activeAsset } from "./assets.ts";
import { admit, type SiteWise } from "./context.ts";
import { conflicting, invalidRequest, notFound } from "./faults.ts";
import { alias, clientToken, customId, name } from "./shapes.ts";

const updateRequest = struct(
  { assetId: customId, propertyId: customId },
  {
    propertyAlias: alias,
    propertyNotificationState: oneOf("ENABLED", "DISABLED"),
    clientToken,
    propertyUnit: name,
  },
);

/** UpdateAssetProperty: what the request leaves out is taken away, the alias too. */
export const updateProperty =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "assetRequestsPerSecond");
    const request = jsonBody(call, updateRequest, invalidRequest);
    sitewise.store.transaction(() => {
      const asset = activeAsset(sitewise, request.assetId);
      const property = modelOf(sitewise, asset.modelId).properties.find(
        (each) =>
          each.id === request.propertyId || `externalId:${each.externalId ?? ""}` === request.propertyId,
      );
      const series = property && sitewise.series.byProperty(asset.id, property.id);
      if (series === undefined) throw notFound(`Asset ${asset.id} has no property ${request.propertyId}`);
      refuseTaken(sitewise, request.propertyAlias, series.id);
      const now = sitewise.clock.now();
      sitewise.series.describe(series.id, {
        alias: request.propertyAlias ?? null,
        unit: request.propertyUnit ?? property?.unit ?? null,
        notification: request.propertyNotificationState ?? "DISABLED",
        now,
      });
      sitewise.assets.touch(asset.id, now);
    })();
    return json({});
  };

function refuseTaken({ series, quotas, arn }: SiteWise, wanted: string | undefined, own: number): void {
  if (wanted === undefined) return;
  if (Buffer.byteLength(wanted) > quotas.aliasBytes)
    throw invalidRequest(`An alias may have ${quotas.aliasBytes} bytes`);
  const taken = series.byAlias(wanted);
  if (taken === undefined || taken.id === own) return;
  const id = taken.time_series_id;
  throw conflicting(`The alias ${wanted} belongs to time series ${id}`, id, arn(`time-series/${id}`));
}
