/** The rules of an AWS IoT shadow, without clock, store or topic. Times in seconds since the epoch. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export type Section = "desired" | "reported";
export const SECTIONS: readonly Section[] = ["desired", "reported"];
export type Sections = Readonly<Partial<Record<Section, JsonObject>>>;

export interface ShadowDocument {
  readonly state: Sections;
  /** Shaped as the state, with `{timestamp}` for every leaf. Does not count towards the size. */
  readonly metadata: Sections;
  /** Rises with every change, across a deletion too. */
  readonly version: number;
}

/** An update as asked for; a section that is null is deleted whole. */
export interface ShadowUpdate {
  readonly state: Readonly<Partial<Record<Section, JsonObject | null>>>;
  readonly version?: number;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Objects are merged, null deletes, everything else (arrays whole) replaces. */
export function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === null) delete merged[name];
    else if (isObject(value)) set(merged, name, merge(isObject(before) ? before : {}, value));
    else set(merged, name, value);
  }
  return merged;
}

/** A key such as `__proto__` is data here, never the prototype. */
const set = (target: Record<string, Json>, name: string, value: Json): void => {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
};

/** Metadata of a value: a timestamp for every leaf, element by element in arrays. */
export function stamped(value: Json, timestamp: number): Json {
  if (Array.isArray(value)) return value.map((each: Json) => stamped(each, timestamp));
  if (!isObject(value)) return { timestamp };
  return mapObject(value, (each) => stamped(each, timestamp));
}

/** The same patch for the metadata: leaves become timestamps, nulls still delete. */
export function stampedPatch(patch: JsonObject, timestamp: number): JsonObject {
  return mapObject(patch, (value) => {
    if (value === null) return null;
    return isObject(value) ? stampedPatch(value, timestamp) : stamped(value, timestamp);
  });
}

function mapObject(object: JsonObject, change: (value: Json) => Json): JsonObject {
  const mapped: Record<string, Json> = {};
  for (const [name, value] of Object.entries(object)) set(mapped, name, change(value));
  return mapped;
}

/** Metadata is merged like state, but a leaf's `{timestamp}` is replaced, never merged with children of before. */
function mergeMetadata(
  state: JsonObject | undefined,
  metadata: JsonObject,
  patch: JsonObject,
  timestamp: number,
): JsonObject {
  const merged: Record<string, Json> = { ...metadata };
  for (const [name, value] of Object.entries(patch)) {
    const before = state !== undefined && Object.hasOwn(state, name) ? state[name] : undefined;
    const stamps = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (value === null) delete merged[name];
    else if (isObject(value))
      set(
        merged,
        name,
        mergeMetadata(
          isObject(before) ? before : undefined,
          isObject(before) && isObject(stamps) ? stamps : {},
          value,
          timestamp,
        ),
      );
    else set(merged, name, stamped(value, timestamp));
  }
  return merged;
}

/** The document after an update; `version` is not looked at here. A section left without members is gone. */
export function updated(
  document: ShadowDocument,
  { state }: ShadowUpdate,
  timestamp: number,
): ShadowDocument {
  const next: Partial<Record<Section, JsonObject>> = { ...document.state };
  const metadata: Partial<Record<Section, JsonObject>> = { ...document.metadata };
  for (const section of SECTIONS) {
    const patch = state[section];
    if (patch === undefined) continue;
    if (patch !== null) {
      metadata[section] = mergeMetadata(
        document.state[section],
        document.metadata[section] ?? {},
        patch,
        timestamp,
      );
      next[section] = merge(document.state[section] ?? {}, patch);
    }
    if (patch === null || Object.keys(next[section] ?? {}).length === 0) {
      delete next[section];
      delete metadata[section];
    }
  }
  return { state: next, metadata, version: document.version + 1 };
}

/** What of `desired` differs from `reported`, with the path to its root; `undefined` when nothing does. */
export function delta(
  desired: JsonObject | undefined,
  reported: JsonObject | undefined,
): JsonObject | undefined {
  const different: Record<string, Json> = {};
  for (const [name, wanted] of Object.entries(desired ?? {})) {
    const has = reported !== undefined && Object.hasOwn(reported, name) ? reported[name] : undefined;
    if (isObject(wanted) && isObject(has)) {
      const inner = delta(wanted, has);
      if (inner !== undefined) set(different, name, inner);
    } else if (!equal(wanted, has)) set(different, name, wanted);
  }
  return Object.keys(different).length === 0 ? undefined : different;
}

/** The part of the metadata that belongs to the members of a delta. */
export function metadataOf(part: JsonObject, metadata: JsonObject | undefined): JsonObject {
  const found: Record<string, Json> = {};
  for (const [name, value] of Object.entries(part)) {
    const stamps = metadata?.[name];
    if (stamps === undefined) continue;
    set(found, name, isObject(value) && isObject(stamps) ? metadataOf(value, stamps) : stamps);
  }
  return found;
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each: Json, at) => equal(each, b[at] as Json));
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
  );
}
