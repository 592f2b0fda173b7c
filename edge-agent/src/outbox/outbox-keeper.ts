import * as fs from "node:fs";
import { TwinError } from "@plumbline/twin/errors";
import type { AckOutcome, Batch, Opened, OutboxStatus, OutgoingFrame, SalvagedPart } from "./outbox.ts";
import { interruptedSalvage, quarantine, Salvage, salvageFinished } from "./salvage.ts";
import { guarded, lockWriter, openFile, type SqliteFile } from "./sqlite-file.ts";
import { type OutboxLimits, SqliteOutbox } from "./sqlite-outbox.ts";
import { Statements } from "./sqlite-statements.ts";

/**
 * Opens the outbox whatever state the file is in, and owns it until closed. Holds:
 *  - one writer at a time;
 *  - a damaged file is put aside and salvaged into a new one (a new epoch), never wiped, and never a reason not to start;
 *  - a salvage that was interrupted begins again from the file that was put aside.
 */
export class OutboxKeeper {
  readonly #file: string;
  readonly #limits: OutboxLimits;
  #unlock: (() => void) | undefined;
  #db: SqliteFile | undefined;
  #outbox: SqliteOutbox | undefined;
  #salvage: { readonly reader: Salvage; readonly aside: string } | undefined;

  /** Why the file must be salvaged, whatever it looks like when it is opened again: opening does not read every frame. */
  #condemned: string | undefined;

  constructor(file: string, limits: OutboxLimits) {
    this.#file = file;
    this.#limits = limits;
  }

  open(): Opened {
    this.#unlock ??= lockWriter(this.#file);
    this.#shut();
    const interrupted = interruptedSalvage(this.#file);
    if (interrupted !== undefined) {
      this.#remove();
      return this.#openSalvaging(interrupted, "an earlier salvage was interrupted");
    }
    if (this.#condemned !== undefined) return this.#openSalvaging(quarantine(this.#file), this.#condemned);
    try {
      return this.#openSound();
    } catch (error) {
      if (!(error instanceof TwinError) || error.code !== "CORRUPT") throw error;
      this.#shut();
      return this.#openSalvaging(quarantine(this.#file), error.message);
    }
  }

  #openSound(): Opened {
    this.#db = openFile(this.#file, this.#limits.capBytes);
    this.#outbox = this.#resume(this.#db);
    return this.#outbox.load();
  }

  #openSalvaging(aside: string, why: string): Opened {
    this.#condemned = undefined;
    const salvage = new Salvage(aside);
    const opened = this.#openSound();
    this.#salvage = { reader: salvage, aside };
    const { commands, memory } = salvage;
    const db = this.#db;
    if (db) guarded(() => commands.map((action) => new Statements(db).command(action)));
    return { ...opened, commands, slots: salvage.slots(), salvage: { why, quarantine: aside, memory } };
  }

  #resume(db: SqliteFile): SqliteOutbox {
    return guarded(() => new SqliteOutbox(db, this.#file, this.#limits));
  }

  append(batch: Batch): OutboxStatus {
    return this.#trusting((outbox) => outbox.append(batch));
  }
  take(after: number, limit: number): readonly OutgoingFrame[] {
    return this.#trusting((outbox) => outbox.take(after, limit));
  }
  acknowledge(ack: { epoch: string; sequence: number; hash: string }): AckOutcome {
    return this.#trusting((outbox) => outbox.acknowledge(ack));
  }

  salvaged(): SalvagedPart {
    if (!this.#salvage) throw new TwinError("NO_SALVAGE", "nothing is being salvaged", "call open first");
    return this.#salvage.reader.next();
  }
  salvageDone(): void {
    if (!this.#salvage) return;
    this.#salvage.reader.close();
    salvageFinished(this.#salvage.aside);
    this.#salvage = undefined;
  }

  /** After an I/O error the connection is not trusted again (a failed fsync may have dropped pages): a new one is made. */
  #trusting<T>(work: (outbox: SqliteOutbox) => T): T {
    if (!this.#outbox) {
      if (!this.#unlock) throw new TwinError("CLOSED", "the outbox is closed", "open it first");
      this.#db = openFile(this.#file, this.#limits.capBytes);
      this.#outbox = this.#resume(this.#db);
    }
    try {
      return work(this.#outbox);
    } catch (error) {
      if (error instanceof TwinError && error.code === "DISK_ERROR") this.#shut();
      if (error instanceof TwinError && error.code === "CORRUPT") this.#condemned = error.message;
      throw error;
    }
  }

  close(): void {
    this.#salvage?.reader.close();
    this.#shut();
    this.#unlock?.();
    this.#unlock = undefined;
  }

  #shut(): void {
    this.#db?.close();
    this.#db = undefined;
    this.#outbox = undefined;
  }
  #remove(): void {
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(this.#file + suffix, { force: true });
  }
}
