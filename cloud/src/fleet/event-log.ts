import type { PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { Refusal } from "@plumbline/twin/calibration/rows";
import type { FrameRecord } from "@plumbline/twin/contract/frame";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { MachineEntry } from "@plumbline/twin/contract/machine-log";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { RegimeForecast } from "@plumbline/twin/prognosis/regime-forecasts";
import { getJson } from "../store/json-object.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { parameterSet } from "../store/parameter-sets.ts";
import { observabilityEntry } from "./sensor-report.ts";

export interface LogRequest {
  readonly thing: string;
  readonly instance: string;
  readonly definition: TwinDefinition;
  /** Event time of day 0, ms since the Unix epoch. */
  readonly origin: number;
}

interface EvidenceView {
  readonly asOf: number;
  readonly after: { readonly parameters: ParameterSet["parameters"] };
  readonly verdict: {
    readonly kind: string;
    readonly reason: string;
    readonly evidence: { readonly modelRuns: number };
  } | null;
  readonly trace: readonly PosteriorPoint[];
  /** Absent in evidence of an earlier release. */
  readonly forecasts?: readonly RegimeForecast[];
  readonly refused: readonly Refusal[];
  readonly points: number;
  readonly modelRuns: number;
  readonly digest: string;
}

/** At one instant: what was believed, then what alarmed, then what was decided, then what came into force. */
const ORDER: Readonly<Record<MachineEntry["type"], number>> = {
  refused: 0,
  gap: 1,
  posterior: 2,
  alarm: 3,
  estimate: 4,
  forecast: 5,
  run: 6,
  decision: 7,
  inforce: 8,
  observability: 9,
  frames: 10,
};
const DAY = 86_400_000;

/** The whole story of a machine from the archive: posterior after each row, alarms, verdicts, what was in force. */
export async function machineLog(objects: ObjectStore, request: LogRequest): Promise<MachineEntry[]> {
  const entries = [...(await fromEvidence(objects, request)), ...(await fromFrames(objects, request))];
  const when = (entry: MachineEntry): number =>
    entry.type === "gap" ? entry.from : "t" in entry ? entry.t : Number.POSITIVE_INFINITY;
  return entries.sort((left, right) => when(left) - when(right) || ORDER[left.type] - ORDER[right.type]);
}

async function fromEvidence(
  objects: ObjectStore,
  { thing, instance, origin }: LogRequest,
): Promise<MachineEntry[]> {
  const days = (at: number): number => (at - origin) / DAY;
  const causal = new Map<number, PosteriorPoint>();
  const refusals = new Map<string, Refusal>();
  const entries: MachineEntry[] = [];
  for await (const { key } of objects.list(`evidence/${thing}/${instance}/`)) {
    const evidence = (await getJson<EvidenceView>(objects, key))?.value;
    if (!evidence) continue;
    // A later run that went back for late data replaces what it assimilated again.
    for (const point of evidence.trace) causal.set(point.at, point);
    for (const refusal of evidence.refused)
      refusals.set(`${refusal.at}|${refusal.signal ?? ""}|${refusal.reason}`, refusal);
    const kind = evidence.verdict?.kind ?? "estimate";
    entries.push({
      type: "run",
      t: days(evidence.asOf),
      kind,
      points: evidence.points,
      modelRuns: evidence.modelRuns + (evidence.verdict?.evidence.modelRuns ?? 0),
      digest: evidence.digest,
    });
    for (const { id, mean, sd, interval90, interval99, identifiable } of evidence.after.parameters)
      entries.push({
        type: "estimate",
        t: days(evidence.asOf),
        parameter: id,
        mean,
        sd,
        interval90,
        interval99,
        identifiable,
      });
    for (const forecast of evidence.forecasts ?? [])
      entries.push(toldForecast(forecast, origin, evidence.asOf));
    if (evidence.verdict)
      entries.push({ type: "decision", t: days(evidence.asOf), kind, reason: evidence.verdict.reason });
  }
  for (const { at, parameters } of causal.values()) {
    for (const { id, mean, sd, interval90 } of parameters)
      entries.push({ type: "posterior", t: days(at), parameter: id, mean, sd, interval90 });
  }
  for (const { at, signal, reason, detail } of refusals.values())
    entries.push({
      type: "refused",
      t: days(at),
      ...(signal === undefined ? {} : { signal }),
      reason,
      detail,
    });
  return entries;
}

function toldForecast(
  { parameter, limit, probability, horizon, median, interval90: [earliest, latest] }: RegimeForecast,
  origin: number,
  asOf: number,
): MachineEntry {
  const days = (at: number | null): number | null => (at === null ? null : (at - origin) / DAY);
  return {
    type: "forecast",
    t: (asOf - origin) / DAY,
    parameter,
    limit,
    probability,
    horizon: horizon / DAY,
    median: days(median),
    interval90: [days(earliest), days(latest)],
  };
}

async function fromFrames(objects: ObjectStore, request: LogRequest): Promise<MachineEntry[]> {
  const entries: MachineEntry[] = await inForce(objects, request, 0, request.origin);
  const total = { frames: 0, bytes: 0, readings: 0, conflicts: 0 };
  const counts = new Map<string, number>();
  const span = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  let current = 0;
  let decided: number | undefined;
  for await (const { key } of objects.list(`frames/${request.thing}/`)) {
    const found = await objects.get(key);
    if (!found) continue;
    const { readings, records, set, span: covered } = decodeFrame(found.bytes);
    for (const { signal, at } of readings) {
      counts.set(signal, (counts.get(signal) ?? 0) + 1);
      span.from = Math.min(span.from, at);
      span.to = Math.max(span.to, at);
    }
    // A step back by hand, or a lost slot, shows only in what the next frame names.
    if (set !== current) entries.push(...(await inForce(objects, request, set, decided ?? covered[0])));
    current = set;
    total.frames++;
    total.bytes += found.bytes.length;
    total.readings += readings.length;
    total.conflicts += readings.filter(({ reason }) => reason === "conflict").length;
    for (const record of records) {
      entries.push(...(await fromRecord(objects, request, record)));
      if (record.kind !== "decision") continue;
      decided = record.at;
      if (record.outcome === "committed") current = record.version;
    }
  }
  const seen = observabilityEntry(request.definition, counts, (span.to - span.from) / DAY);
  return [...entries, ...(seen ? [seen] : []), { type: "frames", ...total }];
}

async function fromRecord(
  objects: ObjectStore,
  request: LogRequest,
  record: FrameRecord,
): Promise<MachineEntry[]> {
  const days = (at: number): number => (at - request.origin) / DAY;
  switch (record.kind) {
    case "alarm":
      return [{ type: "alarm", t: days(record.at), chart: record.chart, statistic: record.statistic }];
    case "gap":
      return [
        {
          type: "gap",
          from: days(record.from),
          to: days(record.to),
          count: record.count,
          ...(record.signal === undefined ? {} : { signal: record.signal }),
        },
      ];
    case "anchor":
      return [];
    case "decision": {
      const told: MachineEntry = {
        type: "decision",
        t: days(record.at),
        kind: record.outcome,
        reason: `version ${record.version}: ${record.reason}`,
      };
      return record.outcome === "committed"
        ? [told, ...(await inForce(objects, request, record.version, record.at))]
        : [told];
    }
    default:
      return record satisfies never;
  }
}

async function inForce(
  objects: ObjectStore,
  { thing, instance, definition, origin }: LogRequest,
  version: number,
  at: number,
): Promise<MachineEntry[]> {
  const set = await parameterSet(objects, definition, thing, instance, version);
  return (set?.parameters ?? []).map(({ id, mean }) => ({
    type: "inforce",
    t: (at - origin) / DAY,
    parameter: id,
    value: mean,
    version,
  }));
}
