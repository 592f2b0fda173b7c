import { type Check, integer, oneOf, text } from "../http/shape.ts";

/** Members that several operations share, with the limits of AWS's model. */
const UUID =
  /^(?!00000000-0000-0000-0000-000000000000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CUSTOM_ID =
  /^(?:(?!00000000-0000-0000-0000-000000000000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|externalId:[a-zA-Z0-9_][a-zA-Z_\-0-9.:]*[a-zA-Z0-9_]+)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: AWS's own pattern, which is there to refuse them.
const NO_CONTROLS = /^[^\u0000-\u001F\u007F]+$/;

/** The data plane knows ids only; `externalId:…` is for the control plane. */
export const id: Check<string> = text({ min: 36, max: 36, pattern: UUID });
export const customId: Check<string> = text({ min: 13, max: 139, pattern: CUSTOM_ID });
export const externalId: Check<string> = text({
  min: 2,
  max: 128,
  pattern: /^[a-zA-Z0-9_][a-zA-Z_\-0-9.:]*[a-zA-Z0-9_]+$/,
});
export const alias: Check<string> = text({ min: 1, max: 2_048, pattern: NO_CONTROLS });
export const name: Check<string> = text({ min: 1, max: 256, pattern: NO_CONTROLS });
export const description: Check<string> = text({ min: 1, max: 2_048, pattern: NO_CONTROLS });
export const clientToken: Check<string> = text({ min: 36, max: 64, pattern: /^\S{36,64}$/ });
export const entryId: Check<string> = text({ min: 1, max: 64, pattern: /^[a-zA-Z0-9_-]+$/ });
export const nextToken: Check<string> = text({ min: 1, max: 4_096, pattern: /^[A-Za-z0-9+/=]+$/ });
export const quality: Check<Quality> = oneOf("GOOD", "BAD", "UNCERTAIN");
export const ordering: Check<"ASCENDING" | "DESCENDING"> = oneOf("ASCENDING", "DESCENDING");
export const dataType: Check<DataType> = oneOf("STRING", "INTEGER", "DOUBLE", "BOOLEAN");
export const maxResults = (max: number): Check<number> => integer({ min: 1, max });

export type Quality = "GOOD" | "BAD" | "UNCERTAIN";
export type DataType = "STRING" | "INTEGER" | "DOUBLE" | "BOOLEAN";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A time in a query: ISO 8601. Result in ms since the epoch. */
export const isoTime: Check<number> = (value, at, faults) => {
  const ms = typeof value === "string" && ISO.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms))
    faults.push(`Value at '${at}' failed to satisfy constraint: Member must be an ISO 8601 time`);
  return ms;
};

/** A time in a body: seconds since the epoch, with a fraction. Result in ms since the epoch. */
export const epochTime: Check<number> = (value, at, faults) => {
  if (typeof value === "number" && Number.isFinite(value)) return Math.round(value * 1_000);
  faults.push(`Value at '${at}' failed to satisfy constraint: Member must be seconds since the epoch`);
  return Number.NaN;
};
