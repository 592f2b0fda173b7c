import { createHash } from "node:crypto";
import { QUALITIES, REASONS, type Reading } from "@plumbline/twin/contract/reading";
import { TwinError } from "@plumbline/twin/errors";
import type { JournalEntry } from "./outbox.ts";

/** One group commit's entries as text, with the checksum that a salvage trusts. */
export interface Chunk {
  readonly body: string;
  readonly checksum: string;
}

type Row = [
  signal: string,
  at: number,
  value: number | null,
  quality: number,
  reason: number,
  boot?: string,
  counter?: number,
];

export function encodeChunk(entries: readonly JournalEntry[]): Chunk {
  const body = JSON.stringify(
    entries.map((entry) => (entry.kind === "reading" ? toRow(entry.reading) : entry)),
  );
  return { body, checksum: checksumOf(body) };
}

/** @throws {TwinError} CORRUPT when the text is not what was written. */
export function decodeChunk({ body, checksum }: Chunk): JournalEntry[] {
  if (checksumOf(body) !== checksum)
    throw new TwinError(
      "CORRUPT",
      "a journal row does not match its checksum",
      "reopen the outbox: it is put aside and salvaged",
    );
  return (JSON.parse(body) as (Row | JournalEntry)[]).map((row) =>
    Array.isArray(row) ? { kind: "reading", reading: fromRow(row) } : row,
  );
}

export const checksumOf = (body: string | Uint8Array): string =>
  createHash("sha256").update(body).digest("hex");

function toRow({ signal, at, value, quality, reason, boot, counter }: Reading): Row {
  const row: Row = [
    signal,
    at,
    Number.isNaN(value) ? null : value,
    QUALITIES.indexOf(quality),
    reason === undefined ? -1 : REASONS.indexOf(reason),
  ];
  if (boot !== undefined && counter !== undefined) row.push(boot, counter);
  return row;
}

function fromRow([signal, at, value, quality, reason, boot, counter]: Row): Reading {
  const why = REASONS[reason];
  return {
    signal,
    at,
    value: value ?? Number.NaN,
    quality: QUALITIES[quality] ?? "BAD",
    ...(why === undefined ? {} : { reason: why }),
    ...(boot === undefined || counter === undefined ? {} : { boot, counter }),
  };
}
