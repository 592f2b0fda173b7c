import type { GapRecord } from "@plumbline/twin/contract/frame";
import { CHAIN_START, chainHash, decodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import { TwinError } from "@plumbline/twin/errors";
import type { Overflow } from "../config.ts";
import { gapFrame } from "./gap-frame.ts";
import { checksumOf, decodeChunk, encodeChunk } from "./journal-chunk.ts";
import type {
  AckOutcome,
  Batch,
  JournalEntry,
  Opened,
  OutboxStatus,
  OutgoingFrame,
  Rejected,
  SlotName,
  SlotWrite,
  Step,
} from "./outbox.ts";
import { corrupt, gapsSum, newEpoch, slotsSum, verifyMeta } from "./outbox-meta.ts";
import { bytesInUse, bytesOnDisk, guarded, type SqliteFile } from "./sqlite-file.ts";
import { type Backlog, Statements } from "./sqlite-statements.ts";

export interface OutboxLimits {
  readonly capBytes: number;
  readonly overflow: Overflow;
  /** Sealed readings whose identities must survive a restart. */
  readonly identityHorizon: number;
}

/** Once full, the outbox has room again below this share of the cap. */
const ROOM_AGAIN = 0.9;
const REJECTED_KEPT = 1_000;
const REJECTED_BYTES = 512;

/**
 * The outbox on one open SQLite file. Holds:
 *  - `append` returns only when everything in its batch is on disk (WAL, synchronous FULL), all or nothing;
 *  - frames and the pruning of the journal they were made of are one transaction, with the state that follows them;
 *  - a frame leaves the file only when it was acknowledged end to end (or, by policy, becomes a gap frame of the same sequence);
 *  - a frame that was handed out is never changed again;
 *  - the readings of at least the last `identityHorizon` stay, so that a redelivery is recognised after a restart;
 *    only a full outbox lets go of acknowledged frames sooner, because readings come before the memory of readings.
 */
export class SqliteOutbox {
  readonly #db: SqliteFile;
  readonly #file: string;
  readonly #limits: OutboxLimits;
  readonly #sql: Statements;
  readonly #epoch: string;
  #backlog: Backlog;
  #gaps: readonly GapRecord[];
  #full = false;
  /** Readings in all frames ever sealed in this epoch. */
  #total: number;
  #journalEnd: number;
  #sent: number;
  #acked: number;
  #sealed: number;

  constructor(db: SqliteFile, file: string, limits: OutboxLimits) {
    this.#db = db;
    this.#file = file;
    this.#limits = limits;
    this.#sql = new Statements(db);
    this.#epoch = this.#sql.meta("epoch") ?? newEpoch(this.#sql);
    this.#acked = Number(this.#sql.meta("acked") ?? 0);
    this.#sealed = Number(this.#sql.meta("sealed") ?? 0);
    this.#total = Number(this.#sql.meta("total") ?? 0);
    this.#sent = this.#sql.highestSent() ?? this.#acked;
    this.#journalEnd = this.#sql.journalEnd();
    this.#backlog = this.#sql.backlog(this.#acked);
    this.#gaps = this.#sql.gaps();
  }

  /** @throws {TwinError} CORRUPT when anything read does not match its checksum. */
  load(): Opened {
    return guarded(() => {
      const check = this.#db.pragma("quick_check(1)", { simple: true });
      if (check !== "ok") throw corrupt(String(check));
      verifyMeta(this.#sql);
      const state = this.#sql.state(this.#sealed);
      if (this.#sealed > 0 && state === undefined) throw corrupt(`no state after frame ${this.#sealed}`);
      return {
        epoch: this.#epoch,
        ...(state === undefined ? {} : { state }),
        slots: this.#slots(),
        journal: this.#sql.journal().flatMap(decodeChunk),
        recent: this.#recent(),
        status: this.status(),
        commands: this.#sql.commands(),
      };
    });
  }

  #slots(): Partial<Record<SlotName, string>> {
    const slots = this.#sql.slots();
    for (const { name, body, checksum } of slots) {
      if (checksumOf(body) !== checksum) throw corrupt(`parameter slot ${name} does not match its checksum`);
    }
    return Object.fromEntries(slots.map(({ name, body }) => [name, body]));
  }

  #recent(): Reading[] {
    const recent: Reading[][] = [];
    let count = 0;
    for (const { bytes, hash, sequence } of this.#sql.newestFirst()) {
      if (count >= this.#limits.identityHorizon) break;
      if (checksumOf(bytes) !== hash) throw corrupt(`frame ${sequence} does not match its hash`);
      const { readings } = decodeFrame(bytes);
      recent.push([...readings]);
      count += readings.length;
    }
    return recent.reverse().flat();
  }

  append({ steps, rejected, lost }: Batch): OutboxStatus {
    return guarded(() => {
      const before = { total: this.#total, sealed: this.#sealed, journalEnd: this.#journalEnd };
      try {
        this.#db.transaction(() => this.#write(steps, rejected, lost))();
      } catch (error) {
        this.#total = before.total;
        this.#sealed = before.sealed;
        this.#journalEnd = before.journalEnd;
        throw error;
      }
      if (steps.some((step) => step.kind === "seal")) this.#backlog = this.#sql.backlog(this.#acked);
      if (lost.length > 0 || steps.some((step) => step.clears === "gaps")) this.#gaps = this.#sql.gaps();
      return this.#makeRoom();
    });
  }

  #write(steps: readonly Step[], rejected: readonly Rejected[], lost: Batch["lost"]): void {
    const lastSeal = steps.findLastIndex((step) => step.kind === "seal");
    const entries: JournalEntry[] = [];
    for (const [index, step] of steps.entries()) {
      if (step.kind === "seal") this.#writeSeal(step);
      // An entry that the same batch seals needs no row of its own.
      else if (step.kind === "entry" && index > lastSeal) entries.push(step.entry);
      for (const slot of step.slots ?? []) this.#writeSlot(slot);
      if (step.memory !== undefined) this.#sql.setMeta("memory", step.memory);
      if (step.clears !== undefined) this.#sql.clear(step.clears);
    }
    if (entries.length > 0) {
      this.#sql.insertChunk(this.#journalEnd, entries.length, encodeChunk(entries));
      this.#journalEnd += entries.length;
    }
    for (const { at, topic, payload, reason } of rejected)
      this.#sql.reject(at, topic, payload.subarray(0, REJECTED_BYTES), reason, REJECTED_KEPT);
    for (const { signal, at } of lost) this.#sql.lose(signal, at);
    if (steps.some(({ slots }) => slots)) this.#sql.setMeta("slots", slotsSum(this.#sql));
    this.#sql.setMeta("journal-end", String(this.#journalEnd));
    if (lost.length > 0 || steps.some((step) => step.clears === "gaps"))
      this.#sql.setMeta("gaps", gapsSum(this.#sql));
  }

  #writeSeal({ frames, state }: Extract<Step, { kind: "seal" }>): void {
    for (const { sequence, bytes, readings, span } of frames) {
      if (sequence !== this.#sealed + 1)
        throw new TwinError(
          "BAD_SEQUENCE",
          `frame ${sequence} cannot follow ${this.#sealed}`,
          "restart the agent: it resumes from the file",
        );
      this.#sql.insertFrame({
        sequence,
        readings,
        before: this.#total,
        from: span[0],
        to: span[1],
        hash: checksumOf(bytes),
        bytes,
      });
      this.#total += readings;
      this.#sealed = sequence;
    }
    this.#sql.setMeta("sealed", String(this.#sealed));
    this.#sql.setMeta("total", String(this.#total));
    this.#sql.saveState(this.#sealed, state);
    this.#sql.clearJournal();
    this.#journalEnd = 1;
  }

  #writeSlot({ name, content }: SlotWrite): void {
    if (content === null) this.#sql.emptySlot(name);
    else this.#sql.fillSlot(name, content.version, content.body, checksumOf(content.body));
  }

  /** Frames above `after`, lowest first. They are marked as sent, durably, before the caller sees them. */
  take(after: number, limit: number): OutgoingFrame[] {
    return guarded(() => {
      const frames = this.#sql.framesAfter(after, limit);
      for (const { sequence, bytes, hash } of frames)
        if (checksumOf(bytes) !== hash) throw corrupt(`frame ${sequence} does not match its hash`);
      const fresh = frames.filter(({ sequence }) => sequence > this.#sent);
      if (fresh.length > 0) {
        this.#db.transaction(() => {
          for (const { sequence, hash } of fresh)
            this.#sql.markSent(sequence, chainHash(this.#chainAt(sequence - 1), hash));
        })();
        this.#sent = fresh.at(-1)?.sequence ?? this.#sent;
      }
      return frames.map(({ sequence, bytes }) => ({ sequence, bytes }));
    });
  }

  #chainAt(sequence: number): string {
    if (sequence === 0) return CHAIN_START;
    const chain = this.#sql.chain(sequence);
    if (chain === undefined) throw corrupt(`frame ${sequence} has no chain hash`);
    return chain;
  }

  acknowledge({ epoch, sequence, hash }: { epoch: string; sequence: number; hash: string }): AckOutcome {
    return guarded(() => {
      if (epoch !== this.#epoch)
        return { kind: "ignored", reason: `epoch ${epoch} is not this outbox's ${this.#epoch}` };
      if (sequence > this.#sent)
        return {
          kind: "ignored",
          reason: `sequence ${sequence} was never sent, highest sent is ${this.#sent}`,
        };
      if (sequence <= this.#acked) return { kind: "stale" };
      if (this.#chainAt(sequence) !== hash)
        return { kind: "ignored", reason: `chain hash at sequence ${sequence} differs` };
      this.#db.transaction(() => {
        this.#sql.setMeta("acked", String(sequence));
        this.#sql.forgetFrames(
          sequence,
          this.#full ? this.#total : this.#total - this.#limits.identityHorizon,
        );
      })();
      this.#acked = sequence;
      this.#backlog = this.#sql.backlog(sequence);
      if (this.#full) this.#db.pragma("wal_checkpoint(TRUNCATE)"); // or the WAL alone could keep it full
      return { kind: "advanced", acked: sequence, status: this.status() };
    });
  }

  /** Keeps to the cap: first by emptying the WAL into the file, then by the policy, oldest first. */
  #makeRoom(): OutboxStatus {
    if (bytesOnDisk(this.#db, this.#file) <= this.#limits.capBytes) return this.status();
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
    if (this.#limits.overflow !== "drop-oldest" || bytesOnDisk(this.#db, this.#file) <= this.#limits.capBytes)
      return this.status();
    const dropped = { frames: 0, readings: 0 };
    while (bytesInUse(this.#db) > ROOM_AGAIN * this.#limits.capBytes) {
      const victims = this.#sql.droppable(this.#sent, 16);
      if (victims.length === 0) break;
      this.#db.transaction(() => {
        for (const victim of victims) {
          const gap = gapFrame(victim.bytes);
          this.#sql.dropFrame(victim, checksumOf(gap), gap);
          dropped.frames++;
          dropped.readings += victim.readings;
        }
      })();
    }
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
    this.#backlog = this.#sql.backlog(this.#acked);
    return this.status(dropped);
  }

  status(dropped: { frames: number; readings: number } = { frames: 0, readings: 0 }): OutboxStatus {
    const bytes = bytesOnDisk(this.#db, this.#file);
    this.#full = bytes > (this.#full ? ROOM_AGAIN : 1) * this.#limits.capBytes;
    const { frames, readings, bytes: waiting, oldest } = this.#backlog;
    return {
      bytes,
      full: this.#full,
      gaps: this.#gaps,
      backlogFrames: frames,
      backlogReadings: readings,
      backlogBytes: waiting,
      oldest,
      sealed: this.#sealed,
      highestSent: this.#sent,
      acked: this.#acked,
      dropped,
    };
  }

  close(): void {
    this.#db.close();
  }
}
