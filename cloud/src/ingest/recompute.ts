import type { AlarmRecord, Frame } from "@plumbline/twin/contract/frame";
import type { Alarm } from "@plumbline/twin/estimation/drift-charts";
import type { Filtered } from "@plumbline/twin/estimation/local-level";
import type { Observer } from "@plumbline/twin/estimation/observer";

/** The last estimate of a signal or virtual sensor in a frame. */
export interface LastEstimate {
  readonly at: number;
  readonly value: number;
  readonly sd: number;
}

/** What the observer makes of a frame: the same numbers as the gateway's, from the same readings. */
export interface Recomputed {
  readonly filtered: ReadonlyMap<string, LastEstimate>;
  readonly virtual: ReadonlyMap<string, LastEstimate>;
  readonly alarms: readonly Alarm[];
}

/** Passes a frame's readings through the observer, which moves on. */
export function recompute(observer: Observer, { readings }: Pick<Frame, "readings">): Recomputed {
  const filtered = new Map<string, LastEstimate>();
  const virtual = new Map<string, LastEstimate>();
  const alarms: Alarm[] = [];
  for (const reading of readings) {
    const observation = observer.observe(reading);
    if (observation.filtered) filtered.set(reading.signal, estimateOf(reading.at, observation.filtered));
    for (const row of observation.rows) {
      for (const { id, value, sd } of row.virtual) virtual.set(id, { at: row.at, value, sd });
      alarms.push(...row.alarms);
    }
  }
  return { filtered, virtual, alarms };
}

const estimateOf = (at: number, { value, sd }: Filtered): LastEstimate => ({ at, value, sd });

/** Two machines' libraries may differ in the last bits of a transcendental function. */
const TOLERANCE = 1e-12;

/** Whether the readings show the alarm that the gateway reports; only then may it start anything. */
export const isReproduced = (record: AlarmRecord, alarms: readonly Alarm[]): boolean =>
  alarms.some(
    ({ chart, at, statistic }) =>
      chart === record.chart &&
      at === record.at &&
      Math.abs(statistic - record.statistic) <= TOLERANCE * Math.max(1, Math.abs(statistic)),
  );
