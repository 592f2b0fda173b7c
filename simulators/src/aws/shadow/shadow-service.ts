import type { Store } from "../sqlite-store.ts";
import {
  delta,
  isObject,
  type JsonObject,
  metadataOf,
  SECTIONS,
  type ShadowDocument,
  stampedPatch,
  updated,
} from "./shadow-document.ts";
import { MAX_STATE_BYTES, type ReadUpdate, type Rejection, readToken, readUpdate } from "./shadow-request.ts";
import { ShadowTable } from "./sqlite-shadows.ts";

/** A shadow's address; the classic shadow has the empty name. */
export interface ShadowAddress {
  readonly thing: string;
  readonly name: string;
}

export type ShadowVerb = "get" | "update" | "delete";

export interface ShadowMessage {
  readonly address: ShadowAddress;
  /** Below the shadow's topic, such as `update/accepted`. */
  readonly suffix: string;
  readonly payload: JsonObject;
}

export type ShadowOutcome =
  | { readonly ok: true; readonly payload: JsonObject }
  | { readonly ok: false; readonly rejection: Rejection; readonly clientToken?: string };

const token = (clientToken: string | undefined): { readonly clientToken?: string } =>
  clientToken === undefined ? {} : { clientToken };

/**
 * Shadows over any transport: the caller gets the outcome; `publish` gets what AWS tells on the shadow's topics,
 * whoever asked and however. Seconds are of the scenario clock.
 */
export class ShadowService {
  private readonly table: ShadowTable;
  private readonly store: Store;
  private readonly seconds: () => number;
  private readonly publish: (message: ShadowMessage) => void;

  constructor(store: Store, now: () => number, publish: (message: ShadowMessage) => void) {
    this.table = new ShadowTable(store);
    this.store = store;
    this.seconds = () => Math.floor(now() / 1_000);
    this.publish = publish;
  }

  handle(verb: ShadowVerb, address: ShadowAddress, payload: Buffer): ShadowOutcome {
    const outcome = this.store.transaction(() => this.act(verb, address, payload))();
    if (outcome.ok) this.publish({ address, suffix: `${verb}/accepted`, payload: outcome.payload });
    else
      this.publish({
        address,
        suffix: `${verb}/rejected`,
        payload: { ...outcome.rejection, timestamp: this.seconds(), ...token(outcome.clientToken) },
      });
    for (const message of outcome.ok ? (outcome.also ?? []) : []) this.publish({ address, ...message });
    return outcome;
  }

  namesOf(thing: string, after: string, limit: number): string[] {
    return this.table.names(thing, after, limit);
  }

  private act(verb: ShadowVerb, address: ShadowAddress, payload: Buffer): Acted {
    if (verb === "update") {
      const update = readUpdate(payload);
      return update.ok ? this.update(address, update.value) : update;
    }
    const read = readToken(payload);
    if (!read.ok) return read;
    return verb === "get" ? this.get(address, read.value) : this.delete(address, read.value);
  }

  private get(address: ShadowAddress, clientToken: string | undefined): Acted {
    const found = this.table.find(address.thing, address.name);
    if (found === undefined || found.deleted) return { ...missing(address), ...token(clientToken) };
    const { desired, reported } = found.state;
    const different = delta(desired, reported);
    const state = { ...found.state, ...(different && { delta: different }) } as JsonObject;
    const metadata = found.metadata as JsonObject;
    return {
      ok: true,
      payload: { state, metadata, version: found.version, timestamp: this.seconds(), ...token(clientToken) },
    };
  }

  private delete(address: ShadowAddress, clientToken: string | undefined): Acted {
    const found = this.table.find(address.thing, address.name);
    if (found === undefined || found.deleted) return { ...missing(address), ...token(clientToken) };
    this.table.put(address.thing, address.name, {
      version: found.version,
      deleted: true,
      state: {},
      metadata: {},
    });
    return {
      ok: true,
      payload: { version: found.version, timestamp: this.seconds(), ...token(clientToken) },
    };
  }

  private update(address: ShadowAddress, request: ReadUpdate): Acted {
    const found = this.table.find(address.thing, address.name);
    const before: ShadowDocument = found ?? { state: {}, metadata: {}, version: 0 };
    if (request.version !== undefined && request.version !== before.version)
      return {
        ok: false,
        rejection: { code: 409, message: "Version conflict" },
        ...token(request.clientToken),
      };
    const timestamp = this.seconds();
    const after = updated(before, request, timestamp);
    if (Buffer.byteLength(JSON.stringify(after.state)) > MAX_STATE_BYTES)
      return {
        ok: false,
        rejection: { code: 413, message: "The payload exceeds the maximum size allowed" },
        ...token(request.clientToken),
      };
    this.table.put(address.thing, address.name, { ...after, deleted: false });
    const stamp = { version: after.version, timestamp, ...token(request.clientToken) };
    return {
      ok: true,
      payload: { state: request.sent, metadata: stampsOf(request, timestamp), ...stamp },
      also: [
        ...deltaMessage(after, stamp),
        { suffix: "update/documents", payload: documents(before, after, stamp) },
      ],
    };
  }
}

type Acted = ShadowOutcome & { readonly also?: readonly Omit<ShadowMessage, "address">[] };

const missing = ({ thing, name }: ShadowAddress): ShadowOutcome => ({
  ok: false,
  rejection: { code: 404, message: `No shadow exists with name: '${name === "" ? thing : name}'` },
});

function stampsOf({ state }: ReadUpdate, timestamp: number): JsonObject {
  const sections = SECTIONS.flatMap((section) => {
    const patch = state[section];
    return isObject(patch) ? [[section, stampedPatch(patch, timestamp)] as const] : [];
  });
  return Object.fromEntries(sections);
}

function deltaMessage(
  { state, metadata }: ShadowDocument,
  stamp: JsonObject,
): Omit<ShadowMessage, "address">[] {
  const different = delta(state.desired, state.reported);
  if (different === undefined) return [];
  return [
    {
      suffix: "update/delta",
      payload: { state: different, metadata: metadataOf(different, metadata.desired), ...stamp },
    },
  ];
}

const documents = (
  before: ShadowDocument,
  after: ShadowDocument,
  { version: _, ...stamp }: JsonObject,
): JsonObject => ({
  previous: {
    state: before.state as JsonObject,
    metadata: before.metadata as JsonObject,
    version: before.version,
  },
  current: {
    state: after.state as JsonObject,
    metadata: after.metadata as JsonObject,
    version: after.version,
  },
  ...stamp,
});
