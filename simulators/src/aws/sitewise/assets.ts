import { randomUUID } from "node:crypto";
import { json, wireSeconds } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { checkedOr, flag, mapOf, oneOf, struct, text } from "../http/shape.ts";
import { activeModel, modelOf } from "./asset-models.ts";
import { addProperty } from "./asset-properties.ts";
import { admit, type SiteWise } from "./context.ts";
import { alreadyExists, conflicting, invalidRequest, limitExceeded, notFound } from "./faults.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import { clientToken, customId, description, externalId, id, maxResults, name, nextToken } from "./shapes.ts";
import type { Asset } from "./sqlite-assets.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 250;

const arnOf = (sitewise: SiteWise, assetId: string): string => sitewise.arn(`asset/${assetId}`);
const stateOf = ({ clock }: SiteWise, { activeAt }: Asset): string =>
  clock.wall() < activeAt ? "CREATING" : "ACTIVE";

/** @throws {ServiceFault} ResourceNotFoundException. */
export function assetOf({ assets }: SiteWise, assetId: string): Asset {
  const found = assets.find(assetId);
  if (found === undefined) throw notFound(`There is no asset ${assetId}`);
  return found;
}

/** @throws {ServiceFault} ConflictingOperationException while the asset is being created. */
export function activeAsset(sitewise: SiteWise, assetId: string): Asset {
  const asset = assetOf(sitewise, assetId);
  if (stateOf(sitewise, asset) === "ACTIVE") return asset;
  throw conflicting(`Asset ${asset.id} is CREATING`, asset.id, arnOf(sitewise, asset.id));
}

const createRequest = struct(
  { assetName: name, assetModelId: customId },
  {
    assetId: id,
    assetExternalId: externalId,
    assetDescription: description,
    clientToken,
    tags: mapOf(text({ max: 256 }), { min: 1, max: 50 }),
  },
);

export const createAsset =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "assetRequestsPerSecond");
    const { clientToken: token, ...request } = jsonBody(call, createRequest, invalidRequest);
    const create = (): Record<string, unknown> => {
      const { assets, clock, quotas } = sitewise;
      const model = activeModel(sitewise, request.assetModelId);
      const assetId = request.assetId ?? randomUUID();
      const taken = assets.byName(request.assetName) ?? assets.find(assetId);
      if (taken !== undefined)
        throw alreadyExists(`Asset ${taken.name} (${taken.id}) exists`, taken.id, arnOf(sitewise, taken.id));
      if (assets.count(model.id) >= quotas.assetsPerModel)
        throw limitExceeded(`An asset model has at most ${quotas.assetsPerModel} assets`);
      const now = clock.now();
      assets.add({
        id: assetId,
        name: request.assetName,
        externalId: request.assetExternalId ?? null,
        description: request.assetDescription ?? null,
        modelId: model.id,
        activeAt: clock.wall() + sitewise.createDelayMs,
        created: now,
        updated: now,
      });
      for (const property of model.properties) addProperty(sitewise, assetId, property, now);
      return { assetId, assetArn: arnOf(sitewise, assetId), assetStatus: { state: "CREATING" } };
    };
    return json(
      sitewise.store.transaction(() => sitewise.tokens.once("CreateAsset", token, request, create))(),
      202,
    );
  };

const describeRequest = struct({ assetId: customId }, { excludeProperties: flag });

export const describeAsset =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "assetRequestsPerSecond");
    const request = checkedOr(
      describeRequest,
      queryObject(call, { excludeProperties: "boolean" }),
      invalidRequest,
    );
    const asset = assetOf(sitewise, request.assetId);
    return json({
      assetId: asset.id,
      assetExternalId: asset.externalId ?? undefined,
      assetArn: arnOf(sitewise, asset.id),
      assetName: asset.name,
      assetModelId: asset.modelId,
      assetProperties: request.excludeProperties === true ? [] : propertiesOf(sitewise, asset),
      assetHierarchies: [],
      assetCompositeModels: [],
      assetCreationDate: wireSeconds(asset.created),
      assetLastUpdateDate: wireSeconds(asset.updated),
      assetStatus: { state: stateOf(sitewise, asset) },
      assetDescription: asset.description ?? undefined,
    });
  };

function propertiesOf(sitewise: SiteWise, asset: Asset): Record<string, unknown>[] {
  const series = new Map(sitewise.series.ofAsset(asset.id).map((each) => [each.property_id, each]));
  return modelOf(sitewise, asset.modelId).properties.map((property) => {
    const own = series.get(property.id);
    const topic = `$aws/sitewise/asset-models/${asset.modelId}/assets/${asset.id}/properties/${property.id}`;
    return {
      id: property.id,
      externalId: property.externalId,
      name: property.name,
      alias: own?.alias ?? undefined,
      notification: { topic, state: own?.notification ?? "DISABLED" },
      dataType: property.dataType,
      unit: own?.unit ?? property.unit,
    };
  });
}

const listRequest = struct(
  {},
  { nextToken, maxResults: maxResults(MAX_PAGE), assetModelId: customId, filter: oneOf("ALL", "TOP_LEVEL") },
);

/** ListAssets: without hierarchies every asset is of the top level; `ALL`, the default, needs the model. */
export const listAssets =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "assetRequestsPerSecond");
    const request = checkedOr(listRequest, queryObject(call, { maxResults: "integer" }), invalidRequest);
    if (request.filter !== "TOP_LEVEL" && request.assetModelId === undefined)
      throw invalidRequest("assetModelId is needed unless filter is TOP_LEVEL");
    const modelId =
      request.assetModelId === undefined ? undefined : modelOf(sitewise, request.assetModelId).id;
    const limit = request.maxResults ?? DEFAULT_PAGE;
    const found = sitewise.assets.list(
      modelId,
      pagePosition<string>(request, request.nextToken) ?? "",
      limit + 1,
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return json({
      assetSummaries: page.map((asset) => ({
        id: asset.id,
        externalId: asset.externalId ?? undefined,
        arn: arnOf(sitewise, asset.id),
        name: asset.name,
        assetModelId: asset.modelId,
        creationDate: wireSeconds(asset.created),
        lastUpdateDate: wireSeconds(asset.updated),
        status: { state: stateOf(sitewise, asset) },
        hierarchies: [],
        description: asset.description ?? undefined,
      })),
      ...(found.length > limit && last !== undefined && { nextToken: pageToken(request, last.id) }),
    });
  };
