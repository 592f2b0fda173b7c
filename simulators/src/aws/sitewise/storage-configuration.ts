import { json, wireSeconds } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { anything, flag, integer, mapOf, oneOf, struct } from "../http/shape.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest } from "./faults.ts";
import type { StorageConfiguration } from "./sqlite-storage.ts";

const period = struct({}, { numberOfDays: integer({ min: 1 }), unlimited: flag });
const enabled = oneOf("ENABLED", "DISABLED");

const putRequest = struct(
  { storageType: oneOf("SITEWISE_DEFAULT_STORAGE", "MULTI_LAYER_STORAGE") },
  {
    multiLayerStorage: mapOf(anything),
    disassociatedDataStorage: enabled,
    retentionPeriod: period,
    warmTier: enabled,
    warmTierRetentionPeriod: period,
    disallowIngestNullNaN: flag,
  },
);

/** PutStorageConfiguration: kept and answered; of it the box acts on disassociatedDataStorage and disallowIngestNullNaN. */
export const putStorage =
  (sitewise: SiteWise) =>
  (call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const request = jsonBody(call, putRequest, invalidRequest);
    const { storage, clock } = sitewise;
    if ((request.storageType === "MULTI_LAYER_STORAGE") !== (request.multiLayerStorage !== undefined))
      throw invalidRequest("multiLayerStorage belongs to storageType MULTI_LAYER_STORAGE");
    const was = storage.updated !== undefined && storage.document.disassociatedDataStorage === "ENABLED";
    if (was && request.disassociatedDataStorage === "DISABLED")
      throw invalidRequest("disassociatedDataStorage cannot be disabled once it is ENABLED");
    const document: StorageConfiguration = {
      ...request,
      disassociatedDataStorage: request.disassociatedDataStorage ?? storage.document.disassociatedDataStorage,
      warmTier: request.warmTier ?? storage.document.warmTier,
      disallowIngestNullNaN: request.disallowIngestNullNaN ?? storage.document.disallowIngestNullNaN,
    };
    storage.put(document, clock.now());
    return json({ ...document, configurationStatus: { state: "ACTIVE" } });
  };

export const describeStorage =
  (sitewise: SiteWise) =>
  (_call: Call): Answer => {
    admit(sitewise, "modelRequestsPerSecond");
    const { document, updated } = sitewise.storage;
    const lastUpdateDate = updated === undefined ? undefined : wireSeconds(updated);
    return json({ ...document, configurationStatus: { state: "ACTIVE" }, lastUpdateDate });
  };
