import { createHash } from "node:crypto";
import type { GatewayLink } from "../../../cloud/src/aws/iot-data.ts";
import { Backoff } from "../../../cloud/src/backoff.ts";
import type { CloudEvent } from "../../../cloud/src/events.ts";
import type { IngestPorts } from "../../../cloud/src/ingest/ports.ts";
import type { Entry, EntryFault, Point, PropertyStore } from "../../../cloud/src/sitewise/point.ts";
import { PropertyWriter } from "../../../cloud/src/sitewise/property-writer.ts";
import type {
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "../../../cloud/src/store/object-store.ts";

/** Called before every effect; may throw: a crash between two steps. */
export type Fuse = (step: string) => void;

export class MemoryObjects implements ObjectStore {
  readonly content = new Map<string, Uint8Array>();
  fuse: Fuse = () => {};

  async get(key: string): Promise<StoredObject | undefined> {
    this.fuse(`get ${key}`);
    const bytes = this.content.get(key);
    return bytes && { bytes, etag: etagOf(bytes) };
  }
  async put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<PutOutcome> {
    this.fuse(`put ${key}`);
    const before = this.content.get(key);
    if (condition && "absent" in condition && before) return { kind: "conflict" };
    if (condition && "etag" in condition && (!before || etagOf(before) !== condition.etag))
      return { kind: "conflict" };
    this.content.set(key, bytes);
    return { kind: "stored", etag: etagOf(bytes) };
  }
  async *list(prefix: string): AsyncIterable<{ key: string; etag: string }> {
    const keys = [...this.content.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) yield { key, etag: etagOf(this.content.get(key) ?? new Uint8Array()) };
  }
  async delete(key: string): Promise<void> {
    this.fuse(`delete ${key}`);
    this.content.delete(key);
  }
  json<T>(key: string): T {
    const bytes = this.content.get(key);
    if (!bytes) throw new Error(`no object ${key}; there are:\n${[...this.content.keys()].join("\n")}`);
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  }
}
const etagOf = (bytes: Uint8Array): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

/** SiteWise's rule: same property, time and quality replaces; another quality stays beside it. */
export class MemoryProperties implements PropertyStore {
  readonly points = new Map<string, Point>();
  /** Points written again with another value than before. */
  readonly changed: string[] = [];
  requests = 0;
  fuse: Fuse = () => {};
  refuse: (alias: string, point: Point) => string | undefined = () => undefined;

  async put(entries: readonly Entry[]): Promise<EntryFault[]> {
    this.fuse("sitewise");
    this.requests++;
    const faults: EntryFault[] = [];
    for (const [entry, { alias, points }] of entries.entries()) {
      for (const point of points) {
        const code = this.refuse(alias, point);
        if (code !== undefined) faults.push({ entry, code, message: "refused", at: [point.at] });
        else this.#store(alias, point);
      }
    }
    return faults;
  }
  #store(alias: string, point: Point): void {
    const key = `${alias}|${point.at}|${point.quality}`;
    const before = this.points.get(key);
    if (before && !Object.is(before.value, point.value)) this.changed.push(key);
    this.points.set(key, point);
  }
  of(kind: string): Map<string, Point> {
    return new Map([...this.points].filter(([key]) => key.split("/")[4] === kind));
  }
}

export class MemoryLink implements GatewayLink {
  readonly published: { topic: string; payload: string }[] = [];
  readonly shadows = new Map<string, { desired: Record<string, unknown>; reported: unknown }>();
  fuse: Fuse = () => {};

  async publish(topic: string, payload: Uint8Array | string): Promise<void> {
    this.fuse(`publish ${topic}`);
    this.published.push({
      topic,
      payload: typeof payload === "string" ? payload : new TextDecoder().decode(payload),
    });
  }
  async shadow(
    thing: string,
    instance: string,
  ): Promise<{ desired: unknown; reported: unknown } | undefined> {
    this.fuse("shadow get");
    return this.shadows.get(`${thing}/${instance}`);
  }
  async desire(thing: string, instance: string, desired: Readonly<Record<string, unknown>>): Promise<void> {
    this.fuse("shadow update");
    const before = this.shadows.get(`${thing}/${instance}`);
    this.shadows.set(`${thing}/${instance}`, {
      desired: { ...before?.desired, ...desired },
      reported: before?.reported,
    });
  }
  acks(): { epoch: string; sequence: number; hash: string }[] {
    return this.published
      .filter(({ topic }) => topic.endsWith("/ack"))
      .map(({ payload }) => JSON.parse(payload));
  }
}

export interface World extends IngestPorts {
  readonly objects: MemoryObjects;
  readonly properties: MemoryProperties;
  readonly link: MemoryLink;
  readonly events: CloudEvent[];
  clock: { now: number };
  light(fuse: Fuse): void;
}

export function memoryWorld(now: number): World {
  const objects = new MemoryObjects();
  const properties = new MemoryProperties();
  const link = new MemoryLink();
  const clock = { now };
  const events: CloudEvent[] = [];
  const writer = new PropertyWriter(
    properties,
    () => clock.now,
    new Backoff(
      1,
      1,
      () => 0,
      async () => {},
    ),
  );
  return {
    objects,
    properties,
    link,
    clock,
    events,
    writer,
    now: () => clock.now,
    tell: (event) => events.push(event),
    light: (fuse) => {
      objects.fuse = fuse;
      properties.fuse = fuse;
      link.fuse = fuse;
    },
  };
}
