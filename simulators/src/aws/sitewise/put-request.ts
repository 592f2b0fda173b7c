import { type Check, flag, integer, listOf, struct } from "../http/shape.ts";
import type { Quotas } from "../quotas.ts";
import { type PropertyReference, referenceMembers } from "./property-reference.ts";
import { entryId, type Quality, quality } from "./shapes.ts";
import { variant, type WireVariant } from "./variant.ts";

export interface WireTimestamp {
  readonly timeInSeconds: number;
  readonly offsetInNanos?: number;
}

export interface WireValue {
  readonly value: WireVariant;
  readonly timestamp: WireTimestamp;
  readonly quality?: Quality;
}

export interface PutEntry extends PropertyReference {
  readonly entryId: string;
  readonly propertyValues: readonly WireValue[];
}

export interface PutRequest {
  readonly entries: readonly PutEntry[];
  readonly enablePartialEntryProcessing?: boolean;
}

const timestamp = struct(
  { timeInSeconds: integer({ min: 1, max: 9_223_372_036_854_774 }) },
  { offsetInNanos: integer({ min: 0, max: 999_999_999 }) },
);
const propertyValue = struct({ value: variant, timestamp }, { quality });

/** Both lengths are AWS's own, which its model does not state. */
export const putRequest = ({ entriesPerPut, valuesPerEntry }: Quotas): Check<PutRequest> => {
  const propertyValues = listOf(propertyValue, { min: 1, max: valuesPerEntry });
  const entry = struct({ entryId, propertyValues }, referenceMembers);
  return struct(
    { entries: listOf(entry, { min: 1, max: entriesPerPut }) },
    { enablePartialEntryProcessing: flag },
  );
};

export type EntryErrorCode =
  | "ResourceNotFoundException"
  | "InvalidRequestException"
  | "ThrottlingException"
  | "LimitExceededException"
  | "ConflictingOperationException"
  | "TimestampOutOfRangeException";

/** One thing wrong with some values of an entry. */
export interface EntryError {
  readonly errorCode: EntryErrorCode;
  readonly errorMessage: string;
  readonly timestamps: readonly WireTimestamp[];
}
