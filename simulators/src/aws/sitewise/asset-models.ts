import { randomUUID } from "node:crypto";
import { json, wireSeconds } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import { queryObject } from "../http/query-object.ts";
import type { Answer, Call } from "../http/service.ts";
import { checkedOr, flag, listOf, mapOf, oneOf, struct, text } from "../http/shape.ts";
import { followModel } from "./asset-properties.ts";
import { admit, type SiteWise } from "./context.ts";
import { alreadyExists, conflicting, invalidRequest, limitExceeded, notFound } from "./faults.ts";
import { defaultValue, modelProperties, settleProperties } from "./model-properties.ts";
import { pagePosition, pageToken } from "./page-token.ts";
import { clientToken, customId, description, externalId, id, maxResults, name, nextToken } from "./shapes.ts";
import type { AssetModel } from "./sqlite-models.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 250;

const arnOf = (sitewise: SiteWise, modelId: string): string => sitewise.arn(`asset-model/${modelId}`);

export const modelState = ({ clock }: SiteWise, { phase, activeAt }: AssetModel): string =>
  clock.wall() < activeAt ? phase : "ACTIVE";

/** @throws {ServiceFault} ResourceNotFoundException. */
export function modelOf({ models }: SiteWise, modelId: string): AssetModel {
  const found = models.find(modelId);
  if (found === undefined) throw notFound(`There is no asset model ${modelId}`);
  return found;
}

/** @throws {ServiceFault} ConflictingOperationException while the model is being created or updated. */
export function activeModel(sitewise: SiteWise, modelId: string): AssetModel {
  const model = modelOf(sitewise, modelId);
  const state = modelState(sitewise, model);
  if (state === "ACTIVE") return model;
  throw conflicting(`Asset model ${model.id} is ${state}`, model.id, arnOf(sitewise, model.id));
}

const createRequest = struct(
  { assetModelName: name },
  {
    assetModelType: oneOf("ASSET_MODEL"),
    assetModelId: id,
    assetModelExternalId: externalId,
    assetModelDescription: description,
    assetModelProperties: modelProperties,
    assetModelHierarchies: listOf(mapOf(text()), { max: 0 }),
    assetModelCompositeModels: listOf(mapOf(text()), { max: 0 }),
    clientToken,
    tags: mapOf(text({ max: 256 }), { min: 1, max: 50 }),
  },
);

export const createModel =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const { clientToken: token, ...request } = jsonBody(call, createRequest, invalidRequest);
    const create = (): Record<string, unknown> => {
      const { models, quotas, clock } = sitewise;
      refuseTaken(sitewise, request.assetModelName, undefined);
      if (models.count() >= quotas.assetModels)
        throw limitExceeded(`An account has at most ${quotas.assetModels} asset models`);
      const properties = settleProperties(request.assetModelProperties ?? [], [], quotas.propertiesPerModel);
      for (const property of properties) defaultValue(property);
      const now = clock.now();
      const modelId = request.assetModelId ?? randomUUID();
      if (models.find(modelId) !== undefined)
        throw alreadyExists(`Asset model ${modelId} exists`, modelId, arnOf(sitewise, modelId));
      models.add({
        id: modelId,
        name: request.assetModelName,
        externalId: request.assetModelExternalId ?? null,
        description: request.assetModelDescription ?? null,
        version: 1,
        properties,
        phase: "CREATING",
        activeAt: clock.wall() + sitewise.createDelayMs,
        created: now,
        updated: now,
      });
      return {
        assetModelId: modelId,
        assetModelArn: arnOf(sitewise, modelId),
        assetModelStatus: { state: "CREATING" },
      };
    };
    return json(
      sitewise.store.transaction(() => sitewise.tokens.once("CreateAssetModel", token, request, create))(),
      202,
    );
  };

function refuseTaken(sitewise: SiteWise, modelName: string, but: string | undefined): void {
  const taken = sitewise.models.byName(modelName);
  if (taken === undefined || taken.id === but) return;
  throw alreadyExists(`An asset model named ${modelName} exists`, taken.id, arnOf(sitewise, taken.id));
}

const describeRequest = struct(
  { assetModelId: customId },
  { excludeProperties: flag, assetModelVersion: oneOf("LATEST", "ACTIVE") },
);

export const describeModel =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const request = checkedOr(
      describeRequest,
      queryObject(call, { excludeProperties: "boolean" }),
      invalidRequest,
    );
    const model = modelOf(sitewise, request.assetModelId);
    return json({
      assetModelId: model.id,
      assetModelExternalId: model.externalId ?? undefined,
      assetModelArn: arnOf(sitewise, model.id),
      assetModelName: model.name,
      assetModelType: "ASSET_MODEL",
      assetModelDescription: model.description ?? "",
      assetModelProperties: request.excludeProperties === true ? [] : model.properties,
      assetModelHierarchies: [],
      assetModelCompositeModels: [],
      assetModelCreationDate: wireSeconds(model.created),
      assetModelLastUpdateDate: wireSeconds(model.updated),
      assetModelStatus: { state: modelState(sitewise, model) },
      assetModelVersion: String(model.version),
    });
  };

const updateRequest = struct(
  { assetModelId: customId, assetModelName: name },
  {
    assetModelExternalId: externalId,
    assetModelDescription: description,
    assetModelProperties: modelProperties,
    assetModelHierarchies: listOf(mapOf(text()), { max: 0 }),
    assetModelCompositeModels: listOf(mapOf(text()), { max: 0 }),
    clientToken,
  },
);

/** UpdateAssetModel replaces the model whole: a property left out is deleted with its data, in every asset. */
export const updateModel =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const { clientToken: token, ...request } = jsonBody(call, updateRequest, invalidRequest);
    const update = (): Record<string, unknown> => {
      const before = activeModel(sitewise, request.assetModelId);
      refuseTaken(sitewise, request.assetModelName, before.id);
      const { clock, quotas, models } = sitewise;
      const properties = settleProperties(
        request.assetModelProperties ?? [],
        before.properties,
        quotas.propertiesPerModel,
      );
      const after: AssetModel = {
        ...before,
        name: request.assetModelName,
        externalId: request.assetModelExternalId ?? before.externalId,
        description: request.assetModelDescription ?? before.description,
        version: before.version + 1,
        properties,
        phase: "UPDATING",
        activeAt: clock.wall() + sitewise.createDelayMs,
        updated: clock.now(),
      };
      models.replace(after);
      followModel(sitewise, before, after);
      return { assetModelStatus: { state: "UPDATING" } };
    };
    return json(
      sitewise.store.transaction(() => sitewise.tokens.once("UpdateAssetModel", token, request, update))(),
      202,
    );
  };

const listRequest = struct(
  {},
  {
    assetModelTypes: listOf(oneOf("ASSET_MODEL", "COMPONENT_MODEL", "INTERFACE")),
    nextToken,
    maxResults: maxResults(MAX_PAGE),
    assetModelVersion: oneOf("LATEST", "ACTIVE"),
  },
);

export const listModels =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const query = queryObject(call, { assetModelTypes: "list", maxResults: "integer" });
    const request = checkedOr(listRequest, query, invalidRequest);
    const limit = request.maxResults ?? DEFAULT_PAGE;
    const after = pagePosition<string>(request, request.nextToken) ?? "";
    const wanted = request.assetModelTypes?.includes("ASSET_MODEL") ?? true;
    const found = wanted ? sitewise.models.list(after, limit + 1) : [];
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return json({
      assetModelSummaries: page.map((model) => ({
        id: model.id,
        externalId: model.externalId ?? undefined,
        arn: arnOf(sitewise, model.id),
        name: model.name,
        assetModelType: "ASSET_MODEL",
        description: model.description ?? "",
        creationDate: wireSeconds(model.created),
        lastUpdateDate: wireSeconds(model.updated),
        status: { state: modelState(sitewise, model) },
        version: String(model.version),
      })),
      ...(found.length > limit && last !== undefined && { nextToken: pageToken(request, last.id) }),
    });
  };
