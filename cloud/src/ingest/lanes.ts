import type { Frame } from "@plumbline/twin/contract/frame";
import { bulkCsv } from "../sitewise/bulk-csv.ts";
import { type Entry, type Point, toEntries } from "../sitewise/point.ts";
import type { Diverted } from "../sitewise/property-writer.ts";
import { type Alert, raiseAlert } from "../store/alerts.ts";
import type { Counters, IngestState } from "../store/ingest-state.ts";
import { getJson, putJson } from "../store/json-object.ts";
import { type Lane, laneKey } from "../store/layout.ts";
import type { IngestPorts } from "./ports.ts";

/** SiteWise takes points up to ten minutes ahead; a second more keeps clear of the edge. */
const AHEAD = 10 * 60_000 - 1_000;
const LANES = {
  hold: "held",
  bulk: "bulk",
  park: "parked",
  "dead-letter": "dead-letter",
} as const satisfies Record<Diverted["outcome"], Lane>;
const COUNTERS = {
  held: "held",
  bulk: "bulk",
  parked: "parked",
  "dead-letter": "deadLetters",
} as const satisfies Record<Lane, keyof Counters>;
const ALERTS = {
  held: "clock-ahead",
  bulk: undefined,
  parked: "parked",
  "dead-letter": "dead-letter",
} as const satisfies Record<Lane, Alert["kind"] | undefined>;

interface LaneObject {
  readonly entries: readonly Entry[];
  readonly faults: readonly { readonly alias: string; readonly code: string; readonly message: string }[];
}
export interface Lanes {
  readonly counts: Partial<Counters>;
  readonly held: IngestState["held"];
}

/**
 * Puts what SiteWise did not take where it is safe, one object per frame and lane, named by the frame: a resend writes
 * the same object again. After this the frame may be acknowledged.
 */
export async function divert(
  ports: IngestPorts,
  frame: Frame,
  diverted: readonly Diverted[],
): Promise<Lanes> {
  const counts: Partial<Record<keyof Counters, number>> = {};
  const held: { key: string; due: number }[] = [];
  for (const lane of ["bulk", "held", "parked", "dead-letter"] as const) {
    const mine = diverted.filter(({ outcome }) => LANES[outcome] === lane);
    const [first] = mine;
    if (!first) continue;
    const key = laneKey(lane, frame.thing, frame.epoch, frame.sequence);
    await writeLane(ports, lane, key, mine);
    counts[COUNTERS[lane]] = mine.length;
    if (lane === "held") held.push({ key, due: Math.min(...mine.map(({ point }) => point.at)) - AHEAD });
    ports.tell({ name: "ingest.diverted", thing: frame.thing, lane, points: mine.length, code: first.code });
    const kind = ALERTS[lane];
    if (kind) {
      const detail = `${mine.length} points of frame ${frame.sequence}: ${first.code}: ${first.message}`;
      await raiseAlert(ports.objects, frame.thing, { kind, subject: first.alias, detail }, ports.now());
    }
  }
  return { counts, held };
}

async function writeLane(
  { objects }: IngestPorts,
  lane: Lane,
  key: string,
  diverted: readonly Diverted[],
): Promise<void> {
  const points = new Map<string, Point[]>();
  for (const { alias, point } of diverted) points.set(alias, [...(points.get(alias) ?? []), point]);
  const entries = toEntries(points);
  if (lane === "bulk") {
    await objects.put(key, new TextEncoder().encode(bulkCsv(entries)));
    return;
  }
  const faults = diverted.map(({ alias, code, message }) => ({ alias, code, message }));
  // JSON has no NaN: "no value" is null here, and read back as NaN.
  await putJson(objects, key, { entries, faults } satisfies LaneObject);
}

/**
 * Writes held points whose time has come. The state without them is stored before their objects are deleted
 * (`release` gives the keys), so that a crash in between only writes them once more.
 */
export async function release(
  ports: IngestPorts,
  held: IngestState["held"],
): Promise<{ readonly held: IngestState["held"]; readonly released: readonly string[] }> {
  const now = ports.now();
  const kept: { key: string; due: number }[] = [];
  const released: string[] = [];
  for (const { key, due } of held) {
    const found = due <= now ? await getJson<LaneObject>(ports.objects, key) : undefined;
    if (due > now) kept.push({ key, due });
    else if (found) {
      const rest = await ports.writer.write(found.value.entries.map(readBack));
      const waiting = rest.filter(({ outcome }) => outcome === "hold");
      for (const lane of ["bulk", "parked", "dead-letter"] as const) {
        const mine = rest.filter(({ outcome }) => LANES[outcome] === lane);
        if (mine.length > 0) await writeLane(ports, lane, afterHolding(key, lane), mine);
      }
      if (waiting.length > 0)
        kept.push({ key, due: Math.min(...waiting.map(({ point }) => point.at)) - AHEAD });
      else released.push(key);
    }
  }
  return { held: kept, released };
}

/** Points that were held and then refused: their own object, beside the one that their frame may have in that lane. */
const afterHolding = (heldKey: string, lane: Exclude<Lane, "held">): string =>
  heldKey.replace(/^held\//, `${lane}/`).replace(/\.json$/, lane === "bulk" ? "-held.csv" : "-held.json");

const readBack = ({ alias, points }: Entry): Entry => ({
  alias,
  points: points.map((point) => ({ ...point, value: point.value ?? Number.NaN })),
});
