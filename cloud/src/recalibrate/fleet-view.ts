import { type IngestState, readIngestState } from "../store/ingest-state.ts";
import { getJson } from "../store/json-object.ts";
import { INGEST_STATES, REQUESTS, requestKey, thingOfStateKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type PosteriorHead, readHead } from "../store/posterior-head.ts";

/** A person's wish for a recalibration; `at` in scenario time. */
export interface ManualRequest {
  readonly at: number;
}

/** The machines that ingest knows; an object whose tag has not changed is not read again. */
export class FleetView {
  readonly #objects: ObjectStore;
  readonly #states = new Map<string, { readonly etag: string; readonly state: IngestState }>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async states(): Promise<readonly IngestState[]> {
    const states: IngestState[] = [];
    for await (const { key, etag } of this.#objects.list(INGEST_STATES)) {
      const thing = thingOfStateKey(key);
      if (thing === undefined) continue;
      const known = this.#states.get(key);
      const state = known?.etag === etag ? known.state : (await readIngestState(this.#objects, thing))?.value;
      if (!state) continue;
      this.#states.set(key, { etag, state });
      states.push(state);
    }
    return states;
  }

  async head({ thing, instance }: IngestState): Promise<PosteriorHead | undefined> {
    return (await readHead(this.#objects, thing, instance))?.value;
  }

  /** Newest request by thing. */
  async requests(): Promise<ReadonlyMap<string, number>> {
    const requests = new Map<string, number>();
    for await (const { key } of this.#objects.list(REQUESTS)) {
      const thing = key.slice(REQUESTS.length).replace(/\.json$/, "");
      const found = await getJson<ManualRequest>(this.#objects, requestKey(thing));
      if (found) requests.set(thing, found.value.at);
    }
    return requests;
  }
}
