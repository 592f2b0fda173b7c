import type { SiteWise } from "./context.ts";
import { describeReference, findSeries, referenceFault } from "./property-reference.ts";
import type { EntryError, EntryErrorCode, PutEntry, WireValue } from "./put-request.ts";
import { type Point, qualityRank } from "./sqlite-points.ts";
import type { Series } from "./sqlite-series.ts";
import { insideWindow } from "./timestamp-window.ts";
import { storedOf, typeOf, valueFault } from "./variant.ts";

interface Fault {
  readonly code: EntryErrorCode;
  readonly message: string;
}

/**
 * Writes one entry of a BatchPut; what was wrong, nothing when all was stored.
 * Without partial processing a single bad value fails its whole entry, and only the bad values are named.
 */
export function putEntry(sitewise: SiteWise, entry: PutEntry, partial: boolean, now: number): EntryError[] {
  const target = targetOf(sitewise, entry);
  if ("code" in target) return [errorOf(target, entry.propertyValues)];
  const judged = entry.propertyValues.map((value) => ({
    value,
    fault: faultOf(sitewise, target, value, now),
  }));
  const good = judged.filter(({ fault }) => fault === undefined).map(({ value }) => value);
  const errors = grouped(
    judged.flatMap(({ value, fault }) => (fault === undefined ? [] : [{ value, fault }])),
  );
  if (good.length === 0 || (errors.length > 0 && !partial)) return errors;
  if (!sitewise.rates.allows("valuesPerSecond", sitewise.quotas.valuesPerSecond, good.length))
    return [
      ...errors,
      errorOf({ code: "ThrottlingException", message: "The account's rate of values is exceeded" }, good),
    ];
  const series =
    target.id ??
    sitewise.series.add({ alias: target.alias, dataType: target.type, asset: null, unit: null, now });
  return [...errors, ...store(sitewise, series, good, partial)];
}

/** Where the entry goes: a known series, or a stream still to be made (no id). */
interface Target {
  readonly id: number | undefined;
  readonly alias: string;
  readonly type: Series["data_type"];
}

function targetOf(sitewise: SiteWise, entry: PutEntry): Target | Fault {
  const reference = referenceFault(entry);
  if (reference !== undefined) return { code: "InvalidRequestException", message: reference };
  const series = findSeries(sitewise.series, entry);
  const key = series === undefined ? (entry.propertyAlias ?? "") : `#${series.id}`;
  if (!sitewise.rates.allows(`entries ${key}`, sitewise.quotas.entriesPerPropertySecond))
    return {
      code: "ThrottlingException",
      message: `More than ${sitewise.quotas.entriesPerPropertySecond} entries per second for ${describeReference(entry)}`,
    };
  return series === undefined ? newStream(sitewise, entry) : writable(sitewise, series);
}

function newStream({ storage, quotas }: SiteWise, entry: PutEntry): Target | Fault {
  const { propertyAlias } = entry;
  if (propertyAlias === undefined || storage.document.disassociatedDataStorage === "DISABLED")
    return { code: "ResourceNotFoundException", message: `There is no ${describeReference(entry)}` };
  if (Buffer.byteLength(propertyAlias) > quotas.aliasBytes)
    return { code: "InvalidRequestException", message: `An alias may have ${quotas.aliasBytes} bytes` };
  // The first value that has a type gives the new stream its own; a null of unknown type says nothing.
  const types = entry.propertyValues.map(({ value }) => typeOf(storedOf(value)));
  return { id: undefined, alias: propertyAlias, type: types.find((type) => type !== undefined) ?? "DOUBLE" };
}

function writable({ clock }: SiteWise, series: Series): Target | Fault {
  if (series.property_kind === "transform" || series.property_kind === "metric")
    return {
      code: "InvalidRequestException",
      message: `Values of a ${series.property_kind} are computed, not written`,
    };
  if (series.active_at !== null && clock.wall() < series.active_at)
    return { code: "ConflictingOperationException", message: `Asset ${series.asset_id} is not ACTIVE yet` };
  return { id: series.id, alias: series.alias ?? "", type: series.data_type };
}

function faultOf(
  { quotas, storage }: SiteWise,
  { type }: Target,
  wire: WireValue,
  now: number,
): Fault | undefined {
  const { timeInSeconds, offsetInNanos = 0 } = wire.timestamp;
  if (
    !insideWindow(
      { seconds: timeInSeconds, nanos: offsetInNanos },
      now,
      quotas.oldestValue,
      quotas.newestValue,
    )
  ) {
    const window = `[${new Date(now - quotas.oldestValue).toISOString()}, ${new Date(now + quotas.newestValue).toISOString()}]`;
    return { code: "TimestampOutOfRangeException", message: `The timestamp is outside ${window}` };
  }
  const fault = valueFault(
    storedOf(wire.value),
    wire.quality ?? "GOOD",
    type,
    storage.document.disallowIngestNullNaN,
  );
  return fault === undefined ? undefined : { code: "InvalidRequestException", message: fault };
}

const timestampsOf = (values: readonly WireValue[]): EntryError["timestamps"] =>
  values.map(({ timestamp }) => timestamp);

const errorOf = ({ code, message }: Fault, values: readonly WireValue[]): EntryError => ({
  errorCode: code,
  errorMessage: message,
  timestamps: timestampsOf(values),
});

/** One error for each code and message, with all the timestamps it concerns. */
function grouped(faults: readonly { readonly value: WireValue; readonly fault: Fault }[]): EntryError[] {
  const groups = new Map<string, { readonly fault: Fault; readonly values: WireValue[] }>();
  for (const { value, fault } of faults) {
    const key = `${fault.code} ${fault.message}`;
    const group = groups.get(key) ?? { fault, values: [] };
    group.values.push(value);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ fault, values }) => errorOf(fault, values));
}

function store(
  { store: file, points, quotas }: SiteWise,
  series: number,
  values: readonly WireValue[],
  partial: boolean,
): EntryError[] {
  const crowded: WireValue[] = [];
  file.exec("SAVEPOINT entry");
  for (const wire of values) {
    const { timeInSeconds, offsetInNanos = 0 } = wire.timestamp;
    const key = {
      seconds: timeInSeconds,
      nanos: offsetInNanos,
      quality: qualityRank(wire.quality ?? "GOOD"),
    };
    const point: Point = { ...key, ...storedOf(wire.value) };
    if (points.othersInSecond(series, point) < quotas.valuesPerStoredSecond) points.put(series, point);
    else crowded.push(wire);
  }
  if (crowded.length > 0 && !partial) file.exec("ROLLBACK TO entry");
  file.exec("RELEASE entry");
  if (crowded.length === 0) return [];
  const message = `A property keeps ${quotas.valuesPerStoredSecond} values of one quality per second`;
  return [errorOf({ code: "LimitExceededException", message }, crowded)];
}
