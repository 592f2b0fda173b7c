import { wireDouble } from "../http/json-answer.ts";
import { type Check, double, flag, integer, oneOf, struct, text, union } from "../http/shape.ts";
import type { DataType, Quality } from "./shapes.ts";

/** SiteWise's five ways of a value, of which exactly one is set. */
export const variant: Check<WireVariant> = union({
  stringValue: text({ max: 1_024 }),
  integerValue: integer(),
  doubleValue: double,
  booleanValue: flag,
  nullValue: struct({ valueType: oneOf("D", "B", "S", "I", "U") }, {}),
});

export interface WireVariant {
  readonly stringValue?: string;
  readonly integerValue?: number;
  readonly doubleValue?: number;
  readonly booleanValue?: boolean;
  readonly nullValue?: { readonly valueType: NullType };
}
type NullType = "D" | "B" | "S" | "I" | "U";

/** A value as it is stored: `kind` is D, I, S, B or, for a null, N and the type it stands for. */
export interface StoredValue {
  readonly kind: string;
  readonly value: number | string | null;
}

/** Largest magnitude of a double. AWS's model says "10^10" (lost formatting?), its bulk-import page 10^100. */
const MAX_DOUBLE = 1e100;

const TYPE_OF_KIND: Readonly<Record<string, DataType>> = {
  D: "DOUBLE",
  I: "INTEGER",
  S: "STRING",
  B: "BOOLEAN",
};

/** NaN has no place in SQLite (it becomes NULL): a D whose value is null is NaN. */
export function storedOf(value: WireVariant): StoredValue {
  if (value.doubleValue !== undefined)
    return { kind: "D", value: Number.isNaN(value.doubleValue) ? null : value.doubleValue };
  if (value.integerValue !== undefined) return { kind: "I", value: value.integerValue };
  if (value.booleanValue !== undefined) return { kind: "B", value: value.booleanValue ? 1 : 0 };
  if (value.stringValue !== undefined) return { kind: "S", value: value.stringValue };
  return { kind: `N${value.nullValue?.valueType ?? "U"}`, value: null };
}

export function wireOf({ kind, value }: StoredValue): Record<string, unknown> {
  switch (kind) {
    case "D":
      return { doubleValue: value === null ? "NaN" : wireDouble(Number(value)) };
    case "I":
      return { integerValue: value };
    case "B":
      return { booleanValue: value === 1 };
    case "S":
      return { stringValue: value };
    default:
      return { nullValue: { valueType: kind.slice(1) } };
  }
}

/** The type of series that a value needs; `undefined` for a null of unknown type, which any series takes. */
export const typeOf = ({ kind }: StoredValue): DataType | undefined => TYPE_OF_KIND[kind.replace(/^N/, "")];

/** Why a value of this quality may not be written to a series of this type; `undefined` when it may. */
export function valueFault(
  stored: StoredValue,
  quality: Quality,
  type: DataType | undefined,
  disallowNullNaN: boolean,
): string | undefined {
  const own = typeOf(stored);
  if (own !== undefined && type !== undefined && own !== type)
    return `Property data type is ${type}, the value is of type ${own}`;
  if (stored.value !== null) return doubleFault(stored);
  if (disallowNullNaN) return "Null and NaN values are disallowed by the storage configuration";
  return quality === "GOOD" ? "Null and NaN values need quality BAD or UNCERTAIN" : undefined;
}

const doubleFault = ({ kind, value }: StoredValue): string | undefined =>
  kind === "D" && Math.abs(Number(value)) > MAX_DOUBLE
    ? `doubleValue must lie within ±${MAX_DOUBLE}`
    : undefined;
