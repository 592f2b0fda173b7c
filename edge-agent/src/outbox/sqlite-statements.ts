import type { GapRecord } from "@plumbline/twin/contract/frame";
import { TwinError } from "@plumbline/twin/errors";
import { type Chunk, checksumOf } from "./journal-chunk.ts";
import type { SlotName } from "./outbox.ts";
import type { SqliteFile, SqliteStatement } from "./sqlite-file.ts";

export interface FrameRow {
  readonly sequence: number;
  readonly readings: number;
  readonly before: number;
  readonly from: number;
  readonly to: number;
  readonly hash: string;
  readonly bytes: Uint8Array;
}
export interface Backlog {
  readonly frames: number;
  readonly readings: number;
  readonly bytes: number;
  readonly oldest: number | null;
}
export interface SlotRow {
  readonly name: SlotName;
  readonly body: string;
  readonly checksum: string;
}

/** Every SQL sentence of the outbox. No transaction and no rule here: those are the outbox's. */
export class Statements {
  readonly #db: SqliteFile;
  readonly #cache = new Map<string, SqliteStatement>();

  constructor(db: SqliteFile) {
    this.#db = db;
  }

  #sql(text: string): SqliteStatement {
    const cached = this.#cache.get(text) ?? this.#db.prepare<unknown[]>(text);
    this.#cache.set(text, cached);
    return cached;
  }

  meta(key: string): string | undefined {
    return (this.#sql("SELECT value FROM meta WHERE key = ?").get(key) as { value: string } | undefined)
      ?.value;
  }
  /** A value and, beside it, the checksum that a salvage believes it by. */
  setMeta(key: string, value: string): void {
    const put = this.#sql(
      "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    put.run(key, value);
    put.run(`${key}#`, checksumOf(value));
  }
  /** An older agent wrote no checksum beside its values: they are believed. */
  isMetaSound(key: string): boolean {
    const [value, sum] = [this.meta(key), this.meta(`${key}#`)];
    return value === undefined || sum === undefined || checksumOf(value) === sum;
  }
  /** Is there anything that only a file with an epoch can hold? */
  isUsed(): boolean {
    const { used } = this.#sql(
      "SELECT (SELECT count(*) FROM meta) > 1 OR EXISTS (SELECT 1 FROM frames) OR EXISTS (SELECT 1 FROM journal) AS used",
    ).get() as { used: number };
    return used === 1;
  }
  newestFrame(): number {
    return (this.#sql("SELECT coalesce(max(sequence), 0) AS newest FROM frames").get() as { newest: number })
      .newest;
  }

  /** Two generations, written in turn: a torn one leaves the other. */
  saveState(sequence: number, body: string): void {
    this.#sql("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)").run(
      sequence % 2,
      sequence,
      body,
      checksumOf(body),
    );
  }
  /** @throws {TwinError} CORRUPT */
  state(sequence: number): string | undefined {
    const row = this.#sql("SELECT body, checksum FROM state WHERE sequence = ?").get(sequence) as
      | Chunk
      | undefined;
    if (row && checksumOf(row.body) !== row.checksum)
      throw new TwinError(
        "CORRUPT",
        `the state after frame ${sequence} does not match its checksum`,
        "reopen the outbox: it is put aside and salvaged",
      );
    return row?.body;
  }

  insertChunk(first: number, entries: number, { body, checksum }: Chunk): void {
    this.#sql("INSERT INTO journal VALUES (?, ?, ?, ?)").run(first, entries, body, checksum);
  }
  clearJournal(): void {
    this.#sql("DELETE FROM journal").run();
  }
  journal(): Chunk[] {
    return this.#sql("SELECT body, checksum FROM journal ORDER BY first").all() as Chunk[];
  }
  journalEnd(): number {
    return (
      this.#sql("SELECT coalesce(max(first + entries), 1) AS ending FROM journal").get() as { ending: number }
    ).ending;
  }

  insertFrame({ sequence, readings, before, from, to, hash, bytes }: FrameRow): void {
    this.#sql(
      "INSERT INTO frames (sequence, readings, before, from_at, to_at, hash, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(sequence, readings, before, from, to, hash, bytes);
  }
  framesAfter(sequence: number, limit: number): Pick<FrameRow, "sequence" | "hash" | "bytes">[] {
    return this.#sql(
      "SELECT sequence, hash, bytes FROM frames WHERE sequence > ? ORDER BY sequence LIMIT ?",
    ).all(sequence, limit) as FrameRow[];
  }
  /** One frame at a time: the caller stops when it has enough. */
  *newestFirst(): Generator<Pick<FrameRow, "sequence" | "hash" | "bytes">> {
    let below = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const frame = this.#sql(
        "SELECT sequence, hash, bytes FROM frames WHERE sequence < ? ORDER BY sequence DESC LIMIT 1",
      ).get(below) as FrameRow | undefined;
      if (!frame) return;
      below = frame.sequence;
      yield frame;
    }
  }
  markSent(sequence: number, chain: string): void {
    this.#sql("UPDATE frames SET chain = ? WHERE sequence = ?").run(chain, sequence);
  }
  chain(sequence: number): string | undefined {
    return (
      (
        this.#sql("SELECT chain FROM frames WHERE sequence = ?").get(sequence) as
          | { chain: string | null }
          | undefined
      )?.chain ?? undefined
    );
  }
  highestSent(): number | undefined {
    return (
      (
        this.#sql("SELECT max(sequence) AS highest FROM frames WHERE chain IS NOT NULL").get() as {
          highest: number | null;
        }
      ).highest ?? undefined
    );
  }
  droppable(after: number, limit: number): Omit<FrameRow, "hash">[] {
    return this.#sql(
      'SELECT sequence, readings, before, from_at AS "from", to_at AS "to", bytes FROM frames WHERE sequence > ? AND dropped = 0 ORDER BY sequence LIMIT ?',
    ).all(after, limit) as FrameRow[];
  }
  /** Deleted and inserted, not updated: only so does SQLite join the pages that it leaves half empty. */
  dropFrame(
    { sequence, before, from, to }: Omit<FrameRow, "hash" | "bytes" | "readings">,
    hash: string,
    bytes: Uint8Array,
  ): void {
    this.#sql("DELETE FROM frames WHERE sequence = ?").run(sequence);
    this.#sql(
      "INSERT INTO frames (sequence, readings, before, from_at, to_at, hash, dropped, bytes) VALUES (?, 0, ?, ?, ?, ?, 1, ?)",
    ).run(sequence, before, from, to, hash, bytes);
  }
  /** Acknowledged frames, save those that hold readings above `horizon` (counted over the epoch), and the last: the chain goes on from it. */
  forgetFrames(acked: number, horizon: number): void {
    this.#sql("DELETE FROM frames WHERE sequence < ? AND before + readings <= ?").run(acked, horizon);
  }
  backlog(acked: number): Backlog {
    const sums = this.#sql(
      "SELECT count(*) AS frames, coalesce(sum(readings), 0) AS readings, coalesce(sum(length(bytes)), 0) AS bytes FROM frames WHERE sequence > ?",
    ).get(acked) as Omit<Backlog, "oldest">;
    const first = this.#sql(
      "SELECT from_at AS oldest FROM frames WHERE sequence > ? ORDER BY sequence LIMIT 1",
    ).get(acked) as { oldest: number } | undefined;
    return { ...sums, oldest: first?.oldest ?? null };
  }

  slots(): SlotRow[] {
    return this.#sql("SELECT name, body, checksum FROM slots ORDER BY name").all() as SlotRow[];
  }
  slotVersions(): Record<string, number> {
    const rows = this.#sql("SELECT name, version FROM slots ORDER BY name").all() as {
      name: string;
      version: number;
    }[];
    return Object.fromEntries(rows.map(({ name, version }) => [name, version]));
  }
  fillSlot(name: SlotName, version: number, body: string, checksum: string): void {
    this.#sql("INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?)").run(name, version, body, checksum);
  }
  emptySlot(name: SlotName): void {
    this.#sql("DELETE FROM slots WHERE name = ?").run(name);
  }

  reject(at: number, topic: string, payload: Uint8Array, reason: string, kept: number): void {
    this.#sql("INSERT INTO rejected (at, topic, payload, reason) VALUES (?, ?, ?, ?)").run(
      at,
      topic.slice(0, 256),
      payload,
      reason.slice(0, 256),
    );
    this.#sql("DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - ?").run(kept);
  }
  rejectedCount(): number {
    return (this.#sql("SELECT count(*) AS count FROM rejected").get() as { count: number }).count;
  }
  newestRejected(limit: number): { at: number; topic: string; reason: string }[] {
    return this.#sql("SELECT at, topic, reason FROM rejected ORDER BY id DESC LIMIT ?").all(limit) as {
      at: number;
      topic: string;
      reason: string;
    }[];
  }

  lose(signal: string, at: number): void {
    this.#sql(
      "INSERT INTO gaps VALUES (?, ?, ?, 1) ON CONFLICT (signal) DO UPDATE SET from_at = min(from_at, excluded.from_at), to_at = max(to_at, excluded.to_at), count = count + 1",
    ).run(signal, at, at);
  }
  gaps(): GapRecord[] {
    const rows = this.#sql(
      'SELECT signal, from_at AS "from", to_at AS "to", count FROM gaps ORDER BY signal',
    ).all() as Omit<GapRecord, "kind" | "reason">[];
    return rows.map((row) => ({ kind: "gap", ...row, reason: "overflow" }));
  }
  clear(table: "gaps" | "commands"): void {
    this.#sql(`DELETE FROM ${table}`).run();
  }
  command(action: "revert" | "resume"): void {
    this.#sql("INSERT INTO commands (action) VALUES (?)").run(action);
  }
  commands(): ("revert" | "resume")[] {
    return (
      this.#sql("SELECT action FROM commands ORDER BY id").all() as { action: "revert" | "resume" }[]
    ).map(({ action }) => action);
  }
}
