import * as fs from "node:fs";
import type { Frame, GapRecord } from "@plumbline/twin/contract/frame";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import { attempt } from "./attempt.ts";
import { Carver } from "./carve.ts";
import { type Chunk, checksumOf, decodeChunk } from "./journal-chunk.ts";
import type { JournalEntry, SlotName } from "./outbox.ts";
import { copyToRead, type SqliteFile } from "./sqlite-file.ts";
import { Statements } from "./sqlite-statements.ts";

/** Past the journal's last row when its length cannot be read. */
const JOURNAL_ROWS = 8_192;

export interface FoundFrame extends Frame {
  /** Readings sealed in the epoch before this frame. */
  readonly before: number;
}
export interface FoundJournal {
  /** `undefined` in the place of entries that cannot be read. */
  readonly entries: readonly (JournalEntry | undefined)[];
  /** Nothing is known to be missing after the last one. */
  readonly isWhole: boolean;
}

/**
 * A damaged outbox, read row by row, each by its own key, so that a damaged page costs only what lies on it; nothing that
 * does not match its checksum is believed. Works on a copy: what was put aside stays as it was found.
 */
export class DamagedFile {
  readonly #copy: string;
  readonly #db: SqliteFile | undefined;
  #carver: Carver | undefined;

  constructor(aside: string) {
    this.#copy = `${aside}.reading`;
    this.#db = attempt(() => copyToRead(aside, this.#copy));
  }

  get memory(): string | null {
    return this.#meta("memory") ?? null;
  }
  get acked(): number | undefined {
    return this.#count("acked");
  }
  get sealed(): number | undefined {
    return this.#count("sealed");
  }
  get total(): number | undefined {
    return this.#count("total");
  }

  slots(): Partial<Record<SlotName, string>> {
    const slots: Partial<Record<SlotName, string>> = {};
    for (const name of ["incumbent", "previous", "candidate", "held"] as const) {
      const row = this.#one<Chunk>("SELECT body, checksum FROM slots WHERE name = ?", name);
      if (row && checksumOf(row.body) === row.checksum) slots[name] = row.body;
    }
    return slots;
  }

  /** Losses that no frame told of yet; and whether these are all. */
  gaps(): { readonly gaps: readonly GapRecord[]; readonly isWhole: boolean } {
    const db = this.#db;
    const rows = attempt(() => db && new Statements(db).gaps());
    const gaps = (rows ?? []).filter(
      ({ from, to, count }) =>
        Number.isFinite(from) &&
        Number.isFinite(to) &&
        from <= to &&
        Number.isSafeInteger(count) &&
        count > 0,
    );
    return { gaps, isWhole: rows !== undefined && checksumOf(JSON.stringify(rows)) === this.#meta("gaps") };
  }

  commands(): ("revert" | "resume")[] {
    const rows = attempt(() => this.#db?.prepare("SELECT action FROM commands ORDER BY id").all());
    return ((rows ?? []) as { action: unknown }[]).flatMap(({ action }) =>
      action === "revert" || action === "resume" ? [action] : [],
    );
  }

  /** Sequences of the frames that can be found at all, in order. */
  sequences(): readonly number[] {
    const found = new Set(this.#carved()?.sequences);
    for (const order of ["ASC", "DESC"]) {
      const end = this.#one<{ sequence: number }>(
        `SELECT sequence FROM frames ORDER BY sequence ${order} LIMIT 1`,
      )?.sequence;
      if (end !== undefined && Number.isSafeInteger(end) && this.frame(end)) found.add(end);
    }
    return [...found].sort((a, b) => a - b);
  }

  frame(sequence: number): FoundFrame | undefined {
    const row = this.#one<{ bytes: Uint8Array; hash: string; before: number }>(
      "SELECT bytes, hash, before FROM frames WHERE sequence = ?",
      sequence,
    );
    const candidates = row && checksumOf(row.bytes) === row.hash ? [row] : this.#carved()?.frames(sequence);
    for (const { bytes, hash, before } of candidates ?? []) {
      const frame = checksumOf(bytes) === hash ? attempt(() => decodeFrame(bytes)) : undefined;
      if (frame?.sequence === sequence) return { ...frame, before };
    }
    return undefined;
  }

  journal(): FoundJournal {
    const end = this.#count("journal-end");
    const entries: (JournalEntry | undefined)[] = [];
    for (let first = 1; first < (end ?? JOURNAL_ROWS); ) {
      const row = this.#one<Chunk>("SELECT body, checksum FROM journal WHERE first = ?", first);
      const found = row && attempt(() => decodeChunk(row));
      if (found) entries.push(...found);
      else if (entries.length === 0 || entries.at(-1) !== undefined) entries.push(undefined);
      first += found ? Math.max(found.length, 1) : 1;
    }
    if (end === undefined && entries.at(-1) === undefined) entries.pop();
    return { entries, isWhole: end !== undefined };
  }

  #carved(): Carver | undefined {
    this.#carver ??= attempt(() => new Carver(this.#copy));
    return this.#carver;
  }

  #count(key: string): number | undefined {
    const value = Number(this.#meta(key) ?? Number.NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }

  /** An older agent wrote no checksum beside its values: they are believed. */
  #meta(key: string): string | undefined {
    const sql = "SELECT value FROM meta WHERE key = ?";
    const value = this.#one<{ value: string }>(sql, key)?.value;
    const sum = this.#one<{ value: string }>(sql, `${key}#`)?.value;
    return value !== undefined && sum !== undefined && checksumOf(value) !== sum ? undefined : value;
  }

  #one<T>(sql: string, ...parameters: readonly (string | number)[]): T | undefined {
    return attempt(() => this.#db?.prepare(sql).get(...parameters) as T | undefined);
  }

  close(): void {
    attempt(() => this.#db?.close());
    attempt(() => this.#carver?.close());
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(this.#copy + suffix, { force: true });
  }
}
