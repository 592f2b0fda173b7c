import { json } from "../http/json-answer.ts";
import { jsonBody } from "../http/json-body.ts";
import type { Answer, Call } from "../http/service.ts";
import { admit, type SiteWise } from "./context.ts";
import { invalidRequest } from "./faults.ts";
import { putEntry } from "./put-entry.ts";
import { type PutEntry, putRequest } from "./put-request.ts";

/**
 * BatchPutAssetPropertyValue: each entry succeeds or fails for itself, in an answer that is HTTP 200.
 * One transaction: an answered request is stored whole, a killed one not at all.
 */
export function batchPut(sitewise: SiteWise): (call: Call) => Answer {
  const shape = putRequest(sitewise.quotas);
  const run = sitewise.store.transaction((entries: readonly PutEntry[], partial: boolean) => {
    const now = sitewise.clock.now();
    return entries
      .map(({ entryId: id, ...entry }) => ({
        entryId: id,
        errors: putEntry(sitewise, { entryId: id, ...entry }, partial, now),
      }))
      .filter(({ errors }) => errors.length > 0);
  });
  return (call) => {
    admit(sitewise, "dataRequestsPerSecond");
    const { entries, enablePartialEntryProcessing = false } = jsonBody(call, shape, invalidRequest);
    const ids = new Set(entries.map((each) => each.entryId));
    if (ids.size !== entries.length) throw invalidRequest("Every entryId must be unique in the request");
    return json({ errorEntries: run(entries, enablePartialEntryProcessing) });
  };
}
