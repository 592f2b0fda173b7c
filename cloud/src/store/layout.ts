import { instanceOf, thingOf } from "@plumbline/twin/contract/topics";

/**
 * Every key of the bucket, in this one place.
 *
 *     frames/<thing>/<epoch>/<sequence, 12 digits>.plf       archived frames, write-once
 *     state/<thing>/ingest.json                              what ingest knows of a machine (compare-and-swap)
 *     posterior/<thing>/<instance>/current.json              what recalibration knows (compare-and-swap)
 *     posterior/<thing>/<instance>/checkpoints/<id>.json     the estimator's states it names, write-once
 *     evidence/<thing>/<instance>/<id>.json                  why a verdict was reached, write-once
 *     sets/<thing>/<instance>/<version>.json                 signed parameter sets, write-once
 *     lease/<thing>.json                                     one recalibration of a machine at a time
 *     planner/state.json, requests/<thing>.json, shards/<id>.json
 *     bulk/<thing>/…csv, held/<thing>/…, parked/<thing>/…, dead-letter/<thing>/…   readings on another lane
 *     alerts/<thing>.json, heartbeats/<thing>.json           for people
 */
const SEQUENCE_DIGITS = 12;
const padded = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, "0");

export const frameKey = (thing: string, epoch: string, sequence: number): string =>
  `frames/${thingOf(thing)}/${epoch}/${padded(sequence)}.plf`;

export const INGEST_STATES = "state/";
export const ingestStateKey = (thing: string): string => `${INGEST_STATES}${thingOf(thing)}/ingest.json`;
/** The thing of an ingest state's key. */
export const thingOfStateKey = (key: string): string | undefined =>
  /^state\/([^/]+)\/ingest\.json$/.exec(key)?.[1];

const posterior = (thing: string, instance: string): string =>
  `posterior/${thingOf(thing)}/${instanceOf(instance)}/`;
export const posteriorKey = (thing: string, instance: string): string =>
  `${posterior(thing, instance)}current.json`;
export const checkpointKey = (thing: string, instance: string, id: string): string =>
  `${posterior(thing, instance)}checkpoints/${id}.json`;
export const evidenceKey = (thing: string, instance: string, id: string): string =>
  `evidence/${thingOf(thing)}/${instanceOf(instance)}/${id}.json`;

export const setsPrefix = (thing: string, instance: string): string =>
  `sets/${thingOf(thing)}/${instanceOf(instance)}/`;
export const setKey = (thing: string, instance: string, version: number): string =>
  `${setsPrefix(thing, instance)}${version}.json`;

export const leaseKey = (thing: string): string => `lease/${thingOf(thing)}.json`;
export const PLANNER_STATE = "planner/state.json";
export const REQUESTS = "requests/";
export const requestKey = (thing: string): string => `${REQUESTS}${thingOf(thing)}.json`;
export const shardsKey = (id: string): string => `shards/${id}.json`;

/** Readings that took another lane than SiteWise, one object per frame, lane and batch. */
export type Lane = "bulk" | "held" | "parked" | "dead-letter";
export const laneKey = (lane: Lane, thing: string, epoch: string, sequence: number): string =>
  `${lane}/${thingOf(thing)}/${epoch}-${padded(sequence)}.${lane === "bulk" ? "csv" : "json"}`;
/** A whole frame that is refused; named by its content, so that a resend adds nothing. */
export const refusedFrameKey = (thing: string, hash: string): string =>
  `dead-letter/${thingOf(thing)}/frame-${hash}.json`;

export const alertsKey = (thing: string): string => `alerts/${thingOf(thing)}.json`;
export const HEARTBEATS = "heartbeats/";
export const heartbeatKey = (thing: string): string => `${HEARTBEATS}${thingOf(thing)}.json`;
