import * as fs from "node:fs";
import type { GapRecord } from "@plumbline/twin/contract/frame";
import { decodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import { attempt } from "./attempt.ts";
import { DamagedFile, type FoundFrame } from "./damaged-file.ts";
import type { JournalEntry, SalvagedPart, SlotName } from "./outbox.ts";

const FRAMES_PER_PART = 8;

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

/** The part of the desk's memory that tells of a trial under way. */
interface TrialMemory {
  readonly report: { readonly version: number; readonly state: string; readonly since: number } | null;
  readonly kids: { readonly candidate?: string };
}
/** Where the account of an epoch stands: how many readings it had counted, and up to what time. */
interface Known {
  readonly counted: number | undefined;
  readonly to: number | undefined;
}

/**
 * Hands out what a damaged outbox still holds, in order. Holds:
 *  - every unacknowledged frame and journal entry is handed out, or lies inside a gap record that is;
 *  - where the file cannot tell how far it went, the gap is open: from 0, or to infinity.
 */
export class Salvage {
  readonly #file: DamagedFile;
  readonly #sealed: number | undefined;
  readonly #highest: number;
  readonly memory: string | null;
  #sequence: number;
  #last: Known;
  #misses = 0;
  #ended = false;

  constructor(aside: string) {
    this.#file = new DamagedFile(aside);
    const { acked, sealed, memory } = this.#file;
    this.#sealed = sealed;
    this.memory = memory !== null && attempt(() => JSON.parse(memory)) !== undefined ? memory : null;
    const found = acked === undefined || sealed === undefined ? this.#file.sequences() : [];
    this.#sequence = acked === undefined ? (found[0] ?? 1) : acked + 1;
    this.#highest = sealed ?? found.at(-1) ?? 0;
    const before = this.#sequence > 1 ? this.#file.frame(this.#sequence - 1) : undefined;
    if (before) this.#last = after(before);
    else this.#last = { counted: this.#sequence === 1 ? 0 : undefined, to: undefined };
    // Which frames before it were acknowledged, and which are lost, cannot be told.
    if (acked === undefined && this.#sequence > 1) this.#misses = 1;
  }

  get commands(): ("revert" | "resume")[] {
    return this.#file.commands();
  }
  slots(): Partial<Record<SlotName, string>> {
    return this.#file.slots();
  }

  next(): SalvagedPart {
    const entries: JournalEntry[] = [];
    let frames = 0;
    let missingFrames = 0;
    for (; frames < FRAMES_PER_PART && this.#sequence <= this.#highest; this.#sequence++) {
      const frame = this.#file.frame(this.#sequence);
      if (!frame) {
        this.#misses++;
        missingFrames++;
        continue;
      }
      if (this.#misses > 0) entries.push(this.#gapTo({ counted: frame.before, to: frame.span[0] }));
      this.#misses = 0;
      this.#last = after(frame);
      entries.push(...entriesOf(frame));
      frames++;
    }
    if (frames < FRAMES_PER_PART) this.#finish(entries);
    return { entries, frames, missingFrames, done: this.#ended };
  }

  #finish(entries: JournalEntry[]): void {
    const journal = this.#file.journal();
    let isHole = this.#misses > 0 || this.#sealed === undefined;
    let counted = this.#file.total;
    for (const entry of journal.entries) {
      const at = entry && timeOf(entry);
      if (isHole && at !== undefined) {
        entries.push(this.#gapTo({ counted, to: at }));
        counted = undefined;
        isHole = false;
      }
      if (entry === undefined) isHole = true;
      else
        entries.push(entry.kind === "refusal" && this.memory !== null ? { ...entry, kind: "told" } : entry);
      if (at !== undefined) this.#last = { counted: undefined, to: Math.max(this.#last.to ?? at, at) };
    }
    if (isHole || !journal.isWhole) entries.push(this.#gapTo({ counted, to: Number.POSITIVE_INFINITY }));
    const { gaps, isWhole } = this.#file.gaps();
    entries.push(...gaps.map((record): JournalEntry => ({ kind: "gap", record })));
    if (!isWhole) entries.push(gap(0, Number.POSITIVE_INFINITY, 0));
    if (!entries.some(({ kind }) => kind === "trial")) entries.push(...this.#trial());
    this.#ended = true;
  }

  /** Everything between what is known and `next`. Counts 0 when nobody knows how many readings that were. */
  #gapTo(next: Known): JournalEntry {
    const { counted, to: from = 0 } = this.#last;
    const to = next.to ?? Number.POSITIVE_INFINITY;
    const count = counted === undefined || next.counted === undefined ? 0 : next.counted - counted;
    return gap(Math.min(from, to), Math.max(from, to), Math.max(count, 0));
  }

  /** A trial that was under way begins again: its rows so far went with the state of the file. */
  #trial(): JournalEntry[] {
    const set = this.slots().candidate;
    const memory = this.memory === null ? undefined : (JSON.parse(this.memory) as TrialMemory);
    const version = set === undefined ? undefined : attempt(() => decodeParameterSet(set).version);
    if (set === undefined || memory?.report?.state !== "trial" || memory.report.version !== version)
      return [];
    const at = this.#last.to ?? memory.report.since;
    return [{ kind: "trial", set, kid: memory.kids.candidate ?? "", at }];
  }

  close(): void {
    this.#file.close();
  }
}

const gap = (from: number, to: number, count: number): JournalEntry => ({
  kind: "gap",
  record: { kind: "gap", from, to, count, reason: "corrupt" } satisfies GapRecord,
});

const after = ({ before, readings, span }: FoundFrame): Known => ({
  counted: before + readings.length,
  to: span[1],
});

/** What only the file knew. Alarms are not carried: the readings raise them again. */
function entriesOf({ records, readings }: FoundFrame): JournalEntry[] {
  const told = records.flatMap((record): JournalEntry[] => {
    if (record.kind === "alarm") return [];
    return [record.kind === "gap" ? { kind: "gap", record } : { kind: "told", record }];
  });
  return [...told, ...readings.map((reading): JournalEntry => ({ kind: "reading", reading }))];
}

function timeOf(entry: JournalEntry): number | undefined {
  if (entry.kind === "reading") return entry.reading.at;
  return undefined;
}
