import type { Frame } from "@plumbline/twin/contract/frame";
import { chainHash } from "@plumbline/twin/contract/frame-codec";
import type { Alarm } from "@plumbline/twin/estimation/drift-charts";
import {
  type Counters,
  type IngestState,
  plus,
  type ReproducedAlarm,
  withAlarms,
  withEntry,
} from "../store/ingest-state.ts";
import { collect } from "./checkpoint-slices.ts";
import { isReproduced } from "./recompute.ts";

/** What a frame turned out to be, beside its own content. */
export interface Findings {
  readonly hash: string;
  /** Alarms that the observer raised; undefined: it could not follow this frame. */
  readonly alarms: readonly Alarm[] | undefined;
  /** The observer's state after the frame. */
  readonly snapshot: string | null;
}

/** The state after the next frame of the chain. Pure: the frame's content and the findings decide. */
export function step(before: IngestState, frame: Frame, { hash, alarms, snapshot }: Findings): IngestState {
  const decision = frame.records.findLast((record) => record.kind === "decision") ?? before.decision;
  const changed = frame.set !== before.set;
  return {
    ...before,
    ...withEntry(before, indexEntry(frame)),
    twin: frame.twin,
    sequence: frame.sequence,
    chain: chainHash(before.chain, hash),
    set: frame.set,
    setSince: changed ? cameIntoForce(before, frame) : before.setSince,
    observer: snapshot,
    slices: snapshot === null ? collect(before.slices, frame) : null,
    alarms: withAlarms(before.alarms, reproducedIn(frame, alarms)),
    decision,
    counters: plus(before.counters, counted(frame, alarms)),
  };
}

/** A set is in force from the last reading of its trial on; the agent says so in the frame before. */
function cameIntoForce({ decision }: IngestState, { set, span }: Frame): number | null {
  if (set === 0) return null;
  return decision?.outcome === "committed" && decision.version === set ? decision.at : span[0];
}

export const reproducedIn = (
  { records, sequence }: Pick<Frame, "records" | "sequence">,
  alarms: readonly Alarm[] | undefined,
): ReproducedAlarm[] =>
  records.flatMap((record) =>
    record.kind === "alarm" && alarms && isReproduced(record, alarms)
      ? [{ chart: record.chart, at: record.at, statistic: record.statistic, set: record.set, sequence }]
      : [],
  );

function indexEntry({ epoch, sequence, readings }: Frame): IngestState["index"][number] {
  const times = readings
    .filter(({ reason }) => reason !== "late" && reason !== "conflict")
    .map(({ at }) => at);
  const empty = times.length === 0;
  return {
    epoch,
    first: sequence,
    last: sequence,
    from: empty ? 1 : Math.min(...times),
    to: empty ? 0 : Math.max(...times),
    readings: readings.length,
  };
}

function counted(
  { readings, records, sequence }: Frame,
  alarms: readonly Alarm[] | undefined,
): Partial<Counters> {
  const reported = records.filter(({ kind }) => kind === "alarm").length;
  const reproduced = reproducedIn({ records, sequence }, alarms).length;
  return {
    frames: 1,
    readings: readings.length,
    conflicts: readings.filter(({ reason }) => reason === "conflict").length,
    bad: readings.filter(({ quality }) => quality === "BAD").length,
    late: readings.filter(({ reason }) => reason === "late").length,
    notReproducible: alarms ? 0 : readings.length,
    alarms: reproduced,
    alarmsNotReproduced: alarms ? reported - reproduced : 0,
    gaps: records.reduce((sum, record) => sum + (record.kind === "gap" ? record.count : 0), 0),
  };
}
