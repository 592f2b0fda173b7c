import { randomBytes } from "node:crypto";
import { TwinError } from "@plumbline/twin/errors";
import { checksumOf } from "./journal-chunk.ts";
import type { Statements } from "./sqlite-statements.ts";

/** Everything that says how far the file goes. Without one of them a salvage cannot tell what is missing. */
const COUNTS = { acked: "0", sealed: "0", total: "0", "journal-end": "1" };

/** @throws {TwinError} CORRUPT when the file has been in use: its epoch was there, and is not any more. */
export function newEpoch(sql: Statements): string {
  if (sql.isUsed()) throw corrupt("its epoch cannot be read");
  const epoch = randomBytes(8).toString("hex");
  for (const [key, value] of Object.entries({ ...COUNTS, epoch, gaps: gapsSum(sql) }))
    sql.setMeta(key, value);
  return epoch;
}

/** What the table of losses holds, in one number: its rows carry no checksum of their own. */
export const gapsSum = (sql: Statements): string => checksumOf(JSON.stringify(sql.gaps()));

/** Which slots are filled, and with what: a slot that vanished leaves no checksum to compare. */
export const slotsSum = (sql: Statements): string =>
  checksumOf(JSON.stringify(sql.slots().map(({ name, checksum }) => [name, checksum])));

/** @throws {TwinError} CORRUPT when a value does not match its checksum, or the frames go on past the last one sealed. */
export function verifyMeta(sql: Statements): void {
  for (const key of [...Object.keys(COUNTS), "epoch", "gaps", "slots", "memory"])
    if (!sql.isMetaSound(key)) throw corrupt(`its ${key} does not match its checksum`);
  const sealed = Number(sql.meta("sealed") ?? 0);
  if (sql.newestFrame() > sealed) throw corrupt(`it holds frames above ${sealed}, the last one sealed`);
  const gaps = sql.meta("gaps");
  if (gaps !== undefined && gaps !== gapsSum(sql)) throw corrupt("its losses do not match their checksum");
  const slots = sql.meta("slots");
  if (slots !== undefined && slots !== slotsSum(sql)) throw corrupt("a parameter slot is missing");
  const end = sql.meta("journal-end");
  if (end !== undefined && Number(end) !== sql.journalEnd()) throw corrupt("rows of its journal are missing");
}

export const corrupt = (what: string): TwinError =>
  new TwinError(
    "CORRUPT",
    `the outbox is damaged: ${what}`,
    "reopen it: the file is put aside and salvaged",
    { retry: "now" },
  );
