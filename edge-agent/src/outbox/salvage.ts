import * as fs from "node:fs";
import type { FrameRecord, GapRecord } from "@plumbline/twin/contract/frame";
import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import { type Chunk, checksumOf, decodeChunk } from "./journal-chunk.ts";
import type { SalvagedPart, SlotName } from "./outbox.ts";
import { openForReading, type SqliteFile } from "./sqlite-file.ts";

const FRAMES_PER_PART = 8;
/** Where the highest sequence cannot be read, the search ends after so many misses in a row. */
const MISSES = 4_096;
const JOURNAL_ROWS = 8_192;

/** Puts a damaged outbox aside, WAL included; never deletes it. Its name says that its readings are not all rescued yet. */
export function quarantine(file: string): string {
  let number = 1;
  while (asideNames(file, number).some((name) => fs.existsSync(name))) number++;
  const [aside] = asideNames(file, number);
  for (const suffix of ["-wal", "-shm"])
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix);
  fs.renameSync(file, aside);
  return aside;
}

const asideNames = (file: string, number: number): [during: string, after: string] => [
  `${file}.salvaging-${number}`,
  `${file}.corrupt-${number}`,
];

/** Everything that could be read of it is safe elsewhere. */
export function salvageFinished(aside: string): void {
  const kept = aside.replace(/\.salvaging-(\d+)$/, ".corrupt-$1");
  for (const suffix of ["-wal", "-shm"])
    if (fs.existsSync(aside + suffix)) fs.renameSync(aside + suffix, kept + suffix);
  fs.renameSync(aside, kept);
}

/** A file whose salvage was interrupted. */
export function interruptedSalvage(file: string): string | undefined {
  for (let number = 1; asideNames(file, number).some((name) => fs.existsSync(name)); number++) {
    const [during] = asideNames(file, number);
    if (fs.existsSync(during)) return during;
  }
  return undefined;
}

/**
 * Reads a damaged outbox frame by frame and journal row by journal row, each by its own key, so that a damaged page costs
 * only what lies on it. Works on a copy: what was put aside stays as it was found.
 */
export class Salvage {
  readonly #copy: string;
  readonly #db: SqliteFile | undefined;
  readonly #highest: number | undefined;
  #sequence: number;
  #misses = 0;
  /** The newest frame that could be read: how far the epoch was counted, and to what time. */
  #last = { sequence: 0, counted: 0, to: Number.NaN };
  #missing = 0;
  #ended = false;

  constructor(aside: string) {
    this.#copy = `${aside}.reading`;
    for (const suffix of ["", "-wal"])
      if (fs.existsSync(aside + suffix)) fs.copyFileSync(aside + suffix, this.#copy + suffix);
    this.#db = attempt(() => openForReading(this.#copy)) ?? undefined;
    const acked = Number(this.#meta("acked") ?? 0);
    const sealed =
      this.#meta("sealed") ??
      this.#one<{ highest: number | null }>("SELECT max(sequence) AS highest FROM frames")?.highest;
    this.#highest = sealed === undefined || sealed === null ? undefined : Number(sealed);
    this.#sequence = acked + 1;
    this.#last = { ...this.#last, sequence: acked };
  }

  get memory(): string | null {
    return this.#meta("memory") ?? null;
  }

  slots(): Partial<Record<SlotName, string>> {
    const slots: Partial<Record<SlotName, string>> = {};
    for (const name of ["incumbent", "previous", "candidate", "held"] as const) {
      const row = this.#one<Chunk>("SELECT body, checksum FROM slots WHERE name = ?", name);
      if (row && checksumOf(row.body) === row.checksum) slots[name] = row.body;
    }
    return slots;
  }

  /** Readings of the frames that were not acknowledged, then those of the journal; with a gap for what cannot be read. */
  next(): SalvagedPart {
    const readings: Reading[] = [];
    const gaps: FrameRecord[] = [];
    let frames = 0;
    const missingBefore = this.#missing;
    while (frames < FRAMES_PER_PART && !this.#atEnd()) {
      const frame = this.#frame(this.#sequence);
      if (frame) {
        if (this.#misses > 0) gaps.push(this.#gapTo(frame));
        this.#misses = 0;
        readings.push(...frame.readings);
        gaps.push(...frame.gaps);
        this.#last = { sequence: this.#sequence, counted: frame.before + frame.count, to: frame.to };
        frames++;
      } else {
        this.#misses++;
        this.#missing++;
      }
      this.#sequence++;
    }
    if (frames < FRAMES_PER_PART) this.#finish(readings, gaps);
    const missingFrames = this.#missing - missingBefore;
    return {
      readings,
      gaps: gaps.filter((record): record is GapRecord => record.kind === "gap"),
      frames,
      missingFrames,
      done: this.#ended,
    };
  }

  #atEnd(): boolean {
    return this.#highest === undefined ? this.#misses >= MISSES : this.#sequence > this.#highest;
  }

  #finish(readings: Reading[], gaps: FrameRecord[]): void {
    // Without a known highest sequence the misses after the last frame are the search's own, not losses.
    if (this.#highest === undefined) this.#missing -= this.#misses;
    const journal = this.#journal();
    const first = journal[0];
    if (this.#highest !== undefined && this.#misses > 0)
      gaps.push(this.#gapTo(first && { from: first.at, before: this.#total() }));
    readings.push(...journal);
    this.#ended = true;
  }

  #total(): number {
    return Number(this.#meta("total") ?? this.#last.counted);
  }

  #gapTo(next: { readonly from: number; readonly before: number } | undefined): GapRecord {
    const from = Number.isNaN(this.#last.to) ? (next?.from ?? 0) : this.#last.to;
    const before = next?.before ?? this.#total();
    return {
      kind: "gap",
      from: Math.min(from, next?.from ?? from),
      to: Math.max(from, next?.from ?? from),
      count: Math.max(before - this.#last.counted, 0),
      reason: "corrupt",
    };
  }

  #frame(sequence: number):
    | {
        readings: readonly Reading[];
        gaps: readonly FrameRecord[];
        from: number;
        to: number;
        before: number;
        count: number;
      }
    | undefined {
    const row = this.#one<{ bytes: Uint8Array; hash: string; before: number; readings: number }>(
      "SELECT bytes, hash, before, readings FROM frames WHERE sequence = ?",
      sequence,
    );
    if (!row || checksumOf(row.bytes) !== row.hash) return undefined;
    const frame = attempt(() => decodeFrame(row.bytes));
    return (
      frame && {
        readings: frame.readings,
        gaps: frame.records,
        from: frame.span[0],
        to: frame.span[1],
        before: row.before,
        count: row.readings,
      }
    );
  }

  #journal(): Reading[] {
    const readings: Reading[] = [];
    for (let first = 0; first <= JOURNAL_ROWS; ) {
      const row = this.#one<Chunk & { entries: number }>(
        "SELECT entries, body, checksum FROM journal WHERE first = ?",
        first,
      );
      const entries = row && attempt(() => decodeChunk(row));
      for (const entry of entries ?? []) if (entry.kind === "reading") readings.push(entry.reading);
      first += entries ? Math.max(entries.length, 1) : 1;
    }
    return readings;
  }

  #meta(key: string): string | undefined {
    return this.#one<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value;
  }

  #one<T>(sql: string, ...parameters: readonly (string | number)[]): T | undefined {
    return attempt(() => this.#db?.prepare(sql).get(...parameters) as T | undefined);
  }

  close(): void {
    attempt(() => this.#db?.close());
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(this.#copy + suffix, { force: true });
  }
}

/** What cannot be read is missing: that is the answer a salvage wants. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
