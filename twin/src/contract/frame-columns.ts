import { MAX_READINGS_PER_FRAME } from "./frame.ts";
import { badMessage, finite, list, Members, optional, text, whole } from "./json.ts";
import {
  fromSteps,
  QUALITIES,
  type Quality,
  REASONS,
  type Reading,
  type Reason,
  toSteps,
} from "./reading.ts";
import { SourceCounters, type SourceIdentity, sameIdentity } from "./source-counters.ts";

/**
 * Readings as columns, so that DEFLATE sees like beside like:
 *
 *  - `time`: whole ms since the previous reading (the first: since the epoch);
 *  - `order`: signal index minus the previous one, minus 1, modulo the number of signals: all zero for a steady scan;
 *  - `values[s]`: whole steps of the signal's resolution; the first absolute, the rest relative to it;
 *  - `odd`: [index, quality, reason] of readings that are not plain GOOD;
 *  - `wild`: [index, text] of values that are not a safe number of steps;
 *  - `boots`, `counters`: source identities; a counter is listed only where `SourceCounters` foretells another.
 */
export interface Columns {
  readonly signals: string[];
  readonly resolutions: number[];
  readonly time: number[];
  readonly order: number[];
  readonly values: number[][];
  readonly odd: [index: number, quality: number, reason: number][];
  readonly wild: [index: number, value: string][];
  readonly boots: string[];
  readonly counters: [index: number, boot: number, counter: number][];
}

/** Beyond this a value is kept as text: its steps would not be exact. */
const MAX_STEPS = 2 ** 45;

export function toColumns(readings: readonly Reading[], resolutionOf: (signal: string) => number): Columns {
  const signals = [...new Set(readings.map(({ signal }) => signal))];
  const resolutions = signals.map(resolutionOf);
  const columns: Columns = {
    signals,
    resolutions,
    time: [],
    order: [],
    values: signals.map(() => []),
    odd: [],
    wild: [],
    boots: [],
    counters: [],
  };
  const position = new Map(signals.map((signal, index) => [signal, index]));
  const first: (number | undefined)[] = signals.map(() => undefined);
  const counters = new SourceCounters();
  let before = 0;
  let last = -1;
  for (const [index, reading] of readings.entries()) {
    const signal = position.get(reading.signal) ?? 0;
    columns.time.push(reading.at - before);
    columns.order.push(modulo(signal - last - 1, signals.length));
    before = reading.at;
    last = signal;
    const steps = toSteps(reading.value, resolutions[signal] ?? 1);
    const exact =
      Math.abs(steps) <= MAX_STEPS && Object.is(fromSteps(steps, resolutions[signal] ?? 1), reading.value);
    if (exact) {
      const base = first[signal];
      first[signal] ??= steps;
      columns.values[signal]?.push(base === undefined ? steps : steps - base);
    } else columns.wild.push([index, String(reading.value)]);
    if (reading.quality !== "GOOD" || reading.reason) {
      columns.odd.push([
        index,
        QUALITIES.indexOf(reading.quality),
        reading.reason ? REASONS.indexOf(reading.reason) : -1,
      ]);
    }
    noteIdentity(columns, counters, index, signal, reading);
  }
  return columns;
}

function noteIdentity(
  columns: Columns,
  counters: SourceCounters,
  index: number,
  signal: number,
  { boot, counter }: Reading,
): void {
  const identity = boot === undefined || counter === undefined ? undefined : { boot, counter };
  if (!sameIdentity(counters.expect(signal), identity)) {
    if (identity === undefined) columns.counters.push([index, -1, 0]);
    else {
      if (!columns.boots.includes(identity.boot)) columns.boots.push(identity.boot);
      columns.counters.push([index, columns.boots.indexOf(identity.boot), identity.counter]);
    }
  }
  counters.note(signal, identity);
}

export function fromColumns(columns: Columns): Reading[] {
  const { signals, resolutions } = columns;
  const odd = new Map(
    columns.odd.map(([index, quality, reason]) => [
      index,
      { quality: QUALITIES[quality] ?? ("BAD" as Quality), reason: REASONS[reason] },
    ]),
  );
  const wild = new Map(columns.wild);
  const listed = new Map(
    columns.counters.map(([index, boot, counter]) => [index, listedIdentity(columns.boots[boot], counter)]),
  );
  const counters = new SourceCounters();
  const cursor = signals.map(() => 0);
  let at = 0;
  let last = -1;
  const readings = columns.time.map((delta, index) => {
    at = whole(-Number.MAX_SAFE_INTEGER)(at + delta, `columns.time[${index}]`);
    const signal = modulo(last + 1 + (columns.order[index] ?? 0), signals.length);
    last = signal;
    const value = wild.has(index)
      ? Number(wild.get(index))
      : takeValue(columns, cursor, signal, resolutions[signal] ?? 1);
    const identity = listed.has(index) ? listed.get(index) : counters.expect(signal);
    counters.note(signal, identity);
    const mark = odd.get(index);
    if (!Number.isFinite(value) && mark?.quality !== "BAD")
      throw badMessage(`columns.values of reading ${index}`, value, "a finite value, or quality BAD");
    return {
      signal: signals[signal] ?? "",
      at,
      value,
      quality: mark?.quality ?? "GOOD",
      ...(mark?.reason === undefined ? {} : { reason: mark.reason as Reason }),
      ...(identity ?? {}),
    };
  });
  for (const [signal, used] of cursor.entries()) {
    if (used !== columns.values[signal]?.length)
      throw badMessage(
        `columns.values[${signal}]`,
        columns.values[signal]?.length,
        `${used} values, as the order says`,
      );
  }
  return readings;
}

const listedIdentity = (boot: string | undefined, counter: number): SourceIdentity =>
  boot === undefined ? undefined : { boot, counter };

function takeValue({ values }: Columns, cursor: number[], signal: number, resolution: number): number {
  const next = cursor[signal] ?? 0;
  cursor[signal] = next + 1;
  const base = values[signal]?.[0];
  const steps = values[signal]?.[next];
  if (base === undefined || steps === undefined)
    throw badMessage(`columns.values[${signal}]`, next, "as many values as the order says");
  return fromSteps(next === 0 ? base : base + steps, resolution);
}

const modulo = (value: number, size: number): number => ((value % size) + size) % size;

export function decodeColumns(value: unknown, path: string): Columns {
  const members = new Members(value, path);
  const integers = list(whole(-Number.MAX_SAFE_INTEGER), MAX_READINGS_PER_FRAME);
  const columns: Columns = {
    signals: members.get("signals", list(text(32, /^[a-zA-Z][a-zA-Z0-9_-]*$/), 256)),
    resolutions: members.get("resolutions", list(finite, 256)),
    time: members.get("time", integers),
    order: members.get("order", integers),
    values: members.get("values", list(integers, 256)),
    odd: members.get(
      "odd",
      list(
        tuple([whole(0), whole(0, QUALITIES.length - 1), whole(-1, REASONS.length - 1)]),
        MAX_READINGS_PER_FRAME,
      ),
    ),
    wild:
      members.get("wild", optional(list((entry, at) => wildEntry(entry, at), MAX_READINGS_PER_FRAME))) ?? [],
    boots: members.get("boots", list(text(64), 256)),
    counters: members.get(
      "counters",
      list(tuple([whole(0), whole(-1, 255), whole(0)]), MAX_READINGS_PER_FRAME),
    ),
  };
  if (
    columns.order.length !== columns.time.length ||
    columns.resolutions.length !== columns.signals.length ||
    columns.values.length !== columns.signals.length
  ) {
    throw badMessage(path, "columns of unequal length", "one entry per reading and per signal");
  }
  if (columns.signals.length === 0 && columns.time.length > 0)
    throw badMessage(`${path}.signals`, [], "the signals of the readings");
  checkReferences(columns, path);
  return columns;
}

/** What a column points at must be there: a reading, a boot. */
function checkReferences(columns: Columns, path: string): void {
  for (const name of ["odd", "wild", "counters"] as const) {
    const beyond = columns[name].find(([index]) => index >= columns.time.length);
    if (beyond)
      throw badMessage(`${path}.${name}`, beyond[0], `the index of one of ${columns.time.length} readings`);
  }
  const homeless = columns.counters.find(([, boot]) => boot >= columns.boots.length);
  if (homeless)
    throw badMessage(`${path}.counters`, homeless[1], `the index of one of ${columns.boots.length} boots`);
  const flat = columns.resolutions.find((resolution) => !(resolution > 0));
  if (flat !== undefined) throw badMessage(`${path}.resolutions`, flat, "a positive step");
}

const tuple =
  (parts: readonly ((value: unknown, path: string) => number)[]) =>
  (value: unknown, path: string): [number, number, number] => {
    if (!Array.isArray(value) || value.length !== parts.length)
      throw badMessage(path, value, `${parts.length} numbers`);
    return parts.map((part, index) => part((value as unknown[])[index], `${path}[${index}]`)) as [
      number,
      number,
      number,
    ];
  };

function wildEntry(value: unknown, path: string): [number, string] {
  if (!Array.isArray(value) || value.length !== 2) throw badMessage(path, value, "[index, text]");
  const [index, written] = value as unknown[];
  return [whole(0)(index, `${path}[0]`), text(32)(written, `${path}[1]`)];
}
