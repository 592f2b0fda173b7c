import { rankSensors } from "@plumbline/twin/calibration/identifiability/next-sensor";
import {
  type Observability,
  smallestVisibleChanges,
} from "@plumbline/twin/calibration/identifiability/observability";
import { sensorsOf } from "@plumbline/twin/calibration/identifiability/sensors";
import type { MachineEntry } from "@plumbline/twin/contract/machine-log";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";

/** What a machine's sensors can see of its parameters, and what the next one would teach. */
export interface SensorReport {
  readonly observability: Observability;
  /** Declared signals that are not read, by information gained per cost of one each (nats in a day). */
  readonly next: readonly { readonly sensor: string; readonly gain: number }[];
}

/** At the declared prior means: what can be seen of a healthy machine beginning to change. */
export function sensorReport(
  definition: TwinDefinition,
  read: readonly string[],
  { days = 1, readingsPerDay }: { readonly days?: number; readonly readingsPerDay?: number } = {},
): SensorReport {
  const healthy = definition.parameters.map(({ prior }) => prior.mean);
  const present = sensorsOf(definition, read, readingsPerDay);
  const missing = definition.signals.map(({ id }) => id).filter((id) => !read.includes(id));
  const candidates = sensorsOf(definition, missing, readingsPerDay);
  return {
    observability: smallestVisibleChanges(definition, healthy, present, { days }),
    next: rankSensors(definition, healthy, present, candidates, { days }).map(({ id, gain }) => ({
      sensor: id,
      gain,
    })),
  };
}

/** The report as a line of the machine's log: by the signals that really came, as often as they came. */
export function observabilityEntry(
  definition: TwinDefinition,
  counts: ReadonlyMap<string, number>,
  spanDays: number,
): Extract<MachineEntry, { type: "observability" }> | undefined {
  const read = definition.signals.map(({ id }) => id).filter((id) => (counts.get(id) ?? 0) > 0);
  if (read.length === 0 || !(spanDays > 0)) return undefined;
  const readingsPerDay = Math.max(...read.map((id) => counts.get(id) ?? 0)) / spanDays;
  const { observability, next } = sensorReport(definition, read, { readingsPerDay });
  return {
    type: "observability",
    days: observability.days,
    sigmas: observability.sigmas,
    readingsPerDay,
    signals: read,
    parameters: observability.parameters.map(({ id, unit, alone, together }) => ({
      parameter: id,
      unit,
      smallestChange: together.othersUnknown,
      othersKnown: together.othersKnown,
      bestSensor: alone.find(({ change }) => change !== null)?.sensor ?? null,
    })),
    nextSensor: next[0]?.sensor ?? null,
  };
}

/** The report for a person. */
export function toldSensors({ observability: { days, sigmas, parameters }, next }: SensorReport): string {
  return [
    `smallest change visible in ${days === 1 ? "a day" : `${days} days`} at ${sigmas} standard deviations, whatever else changed`,
    ...parameters.map(({ words }) => `  ${words}`),
    next.length === 0
      ? "every declared signal is read"
      : `the next sensor to buy: ${next
          .slice(0, 3)
          .map(({ sensor, gain }) => `${sensor} (${gain.toFixed(2)} nats a day)`)
          .join(", then ")}`,
    "",
  ].join("\n");
}
