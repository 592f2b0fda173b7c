import { TwinError } from "../errors.ts";

/**
 * Every MQTT topic and shadow name, built and read in this one place.
 *
 * A thing (= the gateway's certificate) has 1–128 characters of `[a-zA-Z0-9:_-]`, a twin instance 1–32 of
 * `[a-zA-Z0-9_-]`: so no name can add a level or a wildcard to a topic, and every topic keeps to AWS IoT's
 * seven slashes and 256 bytes.
 */
const THING = /^[a-zA-Z0-9:_-]{1,128}$/;
const INSTANCE = /^[a-zA-Z0-9_-]{1,32}$/;

export const isThingName = (name: string): boolean => THING.test(name);
export const isInstanceName = (name: string): boolean => INSTANCE.test(name);

const checked = (kind: string, pattern: RegExp, name: string): string => {
  if (pattern.test(name)) return name;
  throw new TwinError(
    "BAD_NAME",
    `${kind} ${JSON.stringify(name)} cannot stand in a topic`,
    `use a name that matches ${pattern.source}`,
  );
};
export const thingOf = (thing: string): string => checked("thing", THING, thing);
export const instanceOf = (instance: string): string => checked("twin instance", INSTANCE, instance);

const ROOT = "plumbline/v1";
export const frameTopic = (thing: string): string => `${ROOT}/${thingOf(thing)}/frame`;
export const ackTopic = (thing: string): string => `${ROOT}/${thingOf(thing)}/ack`;
export const heartbeatTopic = (thing: string): string => `${ROOT}/${thingOf(thing)}/heartbeat`;
/** Parts of a parameter set, cloud → gateway. */
export const partTopic = (thing: string, instance: string, version: number, part: number): string =>
  `${ROOT}/${thingOf(thing)}/parameters/${instanceOf(instance)}/${version}/${part}`;
export const partFilter = (thing: string, instance: string): string =>
  `${ROOT}/${thingOf(thing)}/parameters/${instanceOf(instance)}/+/+`;
/** The gateway asks again for parts it misses. */
export const partRequestTopic = (thing: string): string => `${ROOT}/${thingOf(thing)}/parameters-request`;

/** Filters of the ingest side: all things. */
export const FRAME_FILTER: string = `${ROOT}/+/frame`;
export const HEARTBEAT_FILTER: string = `${ROOT}/+/heartbeat`;
export const PART_REQUEST_FILTER: string = `${ROOT}/+/parameters-request`;

export type Topic =
  | { readonly kind: "frame" | "ack" | "heartbeat" | "partRequest"; readonly thing: string }
  | {
      readonly kind: "part";
      readonly thing: string;
      readonly instance: string;
      readonly version: number;
      readonly part: number;
    };

/** Reads a topic back; `undefined` for one that is not ours. */
export function readTopic(topic: string): Topic | undefined {
  const [root, version, thing, kind, ...rest] = topic.split("/");
  if (root !== "plumbline" || version !== "v1" || thing === undefined || !THING.test(thing)) return undefined;
  if (rest.length === 0) {
    if (kind === "frame" || kind === "ack" || kind === "heartbeat") return { kind, thing };
    if (kind === "parameters-request") return { kind: "partRequest", thing };
    return undefined;
  }
  const [instance, setVersion, part] = rest;
  if (kind !== "parameters" || rest.length !== 3 || instance === undefined || !INSTANCE.test(instance))
    return undefined;
  if (!/^\d{1,15}$/.test(setVersion ?? "") || !/^\d{1,2}$/.test(part ?? "")) return undefined;
  return { kind: "part", thing, instance, version: Number(setVersion), part: Number(part) };
}

export const shadowName = (instance: string): string => `plumbline-parameters-${instanceOf(instance)}`;
type ShadowVerb =
  | "get"
  | "get/accepted"
  | "get/rejected"
  | "update"
  | "update/accepted"
  | "update/rejected"
  | "update/delta";
export const shadowTopic = (thing: string, instance: string, verb: ShadowVerb): string =>
  `$aws/things/${thingOf(thing)}/shadow/name/${shadowName(instance)}/${verb}`;
