import { splitJws } from "@plumbline/twin/contract/jws";
import { decodeParameterSet, type ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { getJson } from "./json-object.ts";
import { setKey, setsPrefix } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

/** A signed set as it is kept. Write-once: a version never changes its content. */
export interface StoredSet {
  readonly version: number;
  readonly jws: string;
}

export const storedSet = async (
  store: ObjectStore,
  thing: string,
  instance: string,
  version: number,
): Promise<StoredSet | undefined> =>
  (await getJson<StoredSet>(store, setKey(thing, instance, version)))?.value;

/** The set of a version as the gateway reads it; version 0 is the definition's prior; undefined: never published. */
export async function parameterSet(
  store: ObjectStore,
  definition: TwinDefinition,
  thing: string,
  instance: string,
  version: number,
): Promise<ParameterSet | undefined> {
  if (version === 0) return priorSet(definition, thing, instance);
  const stored = await storedSet(store, thing, instance, version);
  // Our own bucket, written under our own key: the gateway checks the signature, we wrote it.
  return stored && decodeParameterSet(splitJws(stored.jws).payload);
}

/** Highest version ever stored; 0 when there is none. */
export async function highestVersion(store: ObjectStore, thing: string, instance: string): Promise<number> {
  let highest = 0;
  for await (const { key } of store.list(setsPrefix(thing, instance))) {
    const version = Number(/(\d+)\.json$/.exec(key)?.[1]);
    if (version > highest) highest = version;
  }
  return highest;
}
