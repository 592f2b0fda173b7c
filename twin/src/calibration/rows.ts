import { isUsable, QUALITIES, type Reading, readingIdentity } from "../contract/reading.ts";
import type { TwinDefinition } from "../definition/twin-definition.ts";
import { type Fault, FaultsError } from "../errors.ts";
import { inMode } from "../estimation/operating-mode.ts";
import { ABOVE_SCALE, AT, BELOW_SCALE } from "./evidence/censoring.ts";

/** All usable readings of one event time, in definition order; NaN where there is none. */
export interface EvidenceRow {
  readonly at: number;
  readonly values: readonly number[];
  /** Per signal: `ABOVE_SCALE` or `BELOW_SCALE` where the sensor stands at the end of its scale. Absent: nowhere. */
  readonly beyond?: readonly number[];
  /** The declared operating mode held: the model is valid. */
  readonly inMode: boolean;
}

/**
 * A row is evidence only if each of its values is a reading that could be usable: a number inside its signal's range, or NaN.
 * @throws {FaultsError} BAD_ROW
 */
export function checkRow({ signals }: TwinDefinition, row: EvidenceRow): void {
  const faults: Fault[] = [];
  const fault = (path: string, found: unknown, expected: string): void => {
    faults.push({ path, found: typeof found === "string" ? JSON.stringify(found) : String(found), expected });
  };
  const { at, values, beyond } = row;
  if (!Number.isFinite(at)) fault("at", at, "an event time, ms since the Unix epoch");
  if (typeof row.inMode !== "boolean") fault("inMode", row.inMode, "true or false");
  if (values?.length !== signals.length)
    fault("values", `${values?.length} of them`, `one for each of ${signals.length} signals`);
  else
    for (const [index, { id, range }] of signals.entries()) {
      const value = values[index];
      if (typeof value !== "number" || isOutside(value, range))
        fault(`values[${index}] (${id})`, value, `a number in [${range.join(", ")}], or NaN for none`);
    }
  if (beyond !== undefined && !(beyond.length === signals.length && beyond.every(isPlace)))
    fault("beyond", beyond, `one of ${PLACES.join(", ")} for each of ${signals.length} signals`);
  if (faults.length === 0) return;
  throw new FaultsError("BAD_ROW", `the row of ${at}`, faults, "put NaN where there is no usable reading");
}

const isOutside = (value: number, range: readonly [number, number] | undefined): boolean =>
  range !== undefined && (value < range[0] || value > range[1]);

const PLACES: readonly number[] = [BELOW_SCALE, AT, ABOVE_SCALE];
const isPlace = (place: number): boolean => PLACES.includes(place);

/** A reading or a row that is not assimilated, and why. */
export interface Refusal {
  readonly at: number;
  readonly signal?: string;
  readonly reason: "bad" | "mode" | "late";
  readonly detail: string;
}

/**
 * Readings as rows in canonical order (event time, signal, identity), each reading once.
 *
 * Depends on the set of readings alone: not on arrival, frames or repetition.
 */
export function evidenceRows(
  definition: TwinDefinition,
  readings: Iterable<Reading>,
): { readonly rows: EvidenceRow[]; readonly refused: Refusal[] } {
  const column = new Map(definition.signals.map(({ id }, index) => [id, index]));
  const cells = new Map<number, number[]>();
  const winners = new Map<string, string>();
  const refused: Refusal[] = [];
  for (const [identity, reading] of distinct(readings)) {
    const index = column.get(reading.signal);
    if (index === undefined) continue;
    if (!isUsable(reading)) {
      if (reading.reason !== "conflict")
        refused.push({
          at: reading.at,
          signal: reading.signal,
          reason: reading.reason === "late" ? "late" : "bad",
          detail: reading.reason ?? "quality BAD",
        });
      continue;
    }
    if (isOutside(reading.value, definition.signals[index]?.range)) {
      refused.push({ at: reading.at, signal: reading.signal, reason: "bad", detail: "range" });
      continue;
    }
    const cell = `${index}|${reading.at}`;
    const winner = winners.get(cell);
    if (winner !== undefined && winner < identity) continue;
    winners.set(cell, identity);
    const values = cells.get(reading.at) ?? definition.signals.map(() => Number.NaN);
    values[index] = reading.value;
    cells.set(reading.at, values);
  }
  const rows = [...cells]
    .sort(([left], [right]) => left - right)
    .map(([at, values]) => ({
      at,
      values,
      ...beyondScale(definition, values),
      inMode: inMode(definition.mode, (signal) => values[column.get(signal) ?? -1] ?? Number.NaN),
    }));
  for (const row of rows)
    if (!row.inMode)
      refused.push({
        at: row.at,
        reason: "mode",
        detail: `not ${definition.mode.name}: none of ${definition.mode.anyOf.join(", ")} is above ${definition.mode.above}`,
      });
  refused.sort((left, right) => left.at - right.at || ((left.signal ?? "") < (right.signal ?? "") ? -1 : 1));
  return { rows, refused };
}

function beyondScale({ signals }: TwinDefinition, values: readonly number[]): Pick<EvidenceRow, "beyond"> {
  const beyond = signals.map(({ scale }, index) => {
    const value = values[index] ?? Number.NaN;
    if (!scale || Number.isNaN(value)) return AT;
    return value >= scale[1] ? ABOVE_SCALE : value <= scale[0] ? BELOW_SCALE : AT;
  });
  return beyond.some((where) => where !== AT) ? { beyond } : {};
}

/** Each reading once. Copies that differ in their flags, or two readings that nobody called a conflict, are settled by their content, never by arrival. */
function distinct(readings: Iterable<Reading>): ReadonlyMap<string, Reading> {
  const chosen = new Map<string, Reading>();
  for (const reading of readings) {
    const identity = readingIdentity(reading);
    const known = chosen.get(identity);
    if (known === undefined || rank(reading) < rank(known)) chosen.set(identity, reading);
  }
  return chosen;
}

/** Usable before refused, good before uncertain; the rest only makes the order total. */
const rank = (reading: Reading): string =>
  `${isUsable(reading) ? 0 : 1}|${QUALITIES.indexOf(reading.quality)}|${reading.reason ?? ""}|${reading.at}|${reading.value}`;
