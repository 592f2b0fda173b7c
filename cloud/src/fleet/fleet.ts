import type { Heartbeat } from "@plumbline/twin/contract/heartbeat";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import type { Alert } from "../store/alerts.ts";
import { type IngestState, openAlarms } from "../store/ingest-state.ts";
import { getJson } from "../store/json-object.ts";
import { alertsKey, heartbeatKey, INGEST_STATES, thingOfStateKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type PosteriorHead, readHead } from "../store/posterior-head.ts";

/** A machine in one line; times in ms since the Unix epoch. */
export interface FleetRow {
  readonly thing: string;
  readonly instance: string;
  readonly twin: string;
  /** Event time of the newest reading, and for how long none has come (scenario ms); null: none ever came. */
  readonly lastEventTime: number | null;
  readonly silentFor: number | null;
  readonly silent: boolean;
  /** Readings that the gateway still keeps, by its last word. */
  readonly backlog: number | null;
  readonly set: number;
  readonly verdict: string | null;
  readonly reason: string | null;
  /** Charts that contradict the set in force. */
  readonly alarms: readonly string[];
  readonly alerts: readonly string[];
}

/** A machine that misses so many sampling periods is silent. */
const MISSED = 6;

export function fleetRow(
  state: IngestState,
  head: PosteriorHead | undefined,
  heartbeat: Heartbeat | undefined,
  alerts: readonly Alert[],
  now: number,
): FleetRow {
  const period = Math.max(...twinDefinition(state.twin.id).signals.map((signal) => signal.period));
  const silentFor = state.highest === null ? null : Math.max(0, now - state.highest);
  return {
    thing: state.thing,
    instance: state.instance,
    twin: `${state.twin.id} ${state.twin.version}`,
    lastEventTime: state.highest,
    silentFor,
    silent: silentFor === null || silentFor > MISSED * period,
    backlog: heartbeat?.backlogReadings ?? null,
    set: state.set,
    verdict: head?.last?.kind ?? null,
    reason: head?.last?.reason ?? null,
    alarms: [...new Set(openAlarms(state).map(({ chart }) => chart))],
    alerts: alerts.map(({ kind, subject, count }) => `${kind} ${subject} ×${count}`),
  };
}

export async function fleetRows(objects: ObjectStore, now: number): Promise<FleetRow[]> {
  const rows: FleetRow[] = [];
  for await (const { key } of objects.list(INGEST_STATES)) {
    const thing = thingOfStateKey(key);
    const state = thing === undefined ? undefined : (await getJson<IngestState>(objects, key))?.value;
    if (thing === undefined || !state) continue;
    const [head, heartbeat, alerts] = await Promise.all([
      readHead(objects, thing, state.instance),
      getJson<Heartbeat>(objects, heartbeatKey(thing)),
      getJson<{ alerts: Alert[] }>(objects, alertsKey(thing)),
    ]);
    rows.push(fleetRow(state, head?.value, heartbeat?.value, alerts?.value.alerts ?? [], now));
  }
  return rows;
}
