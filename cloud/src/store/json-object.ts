import { canonicalJson } from "@plumbline/twin/contract/canonical-json";
import { TwinError } from "@plumbline/twin/errors";
import type { ObjectStore, PutCondition, PutOutcome } from "./object-store.ts";

/** A JSON object as it was read; `etag` undefined: it does not exist yet. */
export interface Versioned<T> {
  readonly value: T;
  readonly etag: string | undefined;
}

export const toBytes = (value: unknown): Uint8Array => new TextEncoder().encode(canonicalJson(value));

/** @throws {TwinError} BAD_OBJECT when the object is there but is not JSON. */
export async function getJson<T>(store: ObjectStore, key: string): Promise<Versioned<T> | undefined> {
  const found = await store.get(key);
  if (!found) return undefined;
  try {
    return { value: JSON.parse(new TextDecoder().decode(found.bytes)) as T, etag: found.etag };
  } catch (cause) {
    throw new TwinError(
      "BAD_OBJECT",
      `object ${key} is not JSON`,
      "restore its previous version from the bucket, then run again",
      { cause },
    );
  }
}

export const putJson = (
  store: ObjectStore,
  key: string,
  value: unknown,
  condition?: PutCondition,
): Promise<PutOutcome> => store.put(key, toBytes(value), condition);

/** Writes a successor of what was read; undefined when someone else wrote in between. */
export async function swapJson<T>(
  store: ObjectStore,
  key: string,
  next: T,
  etag: string | undefined,
): Promise<Versioned<T> | undefined> {
  const outcome = await putJson(store, key, next, etag === undefined ? { absent: true } : { etag });
  return outcome.kind === "stored" ? { value: next, etag: outcome.etag } : undefined;
}

/**
 * Read, change, write until no one interferes. `change` may return undefined to leave the object as it is.
 * @throws {TwinError} CONTENDED after 20 rounds.
 */
export async function updateJson<T>(
  store: ObjectStore,
  key: string,
  change: (before: T | undefined) => T | undefined,
): Promise<T | undefined> {
  for (let round = 0; round < 20; round++) {
    const before = await getJson<T>(store, key);
    const next = change(before?.value);
    if (next === undefined) return before?.value;
    const stored = await swapJson(store, key, next, before?.etag);
    if (stored) return stored.value;
  }
  throw new TwinError("CONTENDED", `object ${key} changed under 20 updates in a row`, "run again later", {
    retry: "later",
  });
}
