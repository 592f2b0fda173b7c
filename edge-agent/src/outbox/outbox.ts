import type { AnchorRecord, DecisionRecord, GapRecord } from "@plumbline/twin/contract/frame";
import type { Reading } from "@plumbline/twin/contract/reading";
import type { SealedFrame } from "./frame-builder.ts";

/**
 * One thing that happened, in journal order. The agent's state is a function of these: replaying them from the state
 * at the last seal rebuilds it bit for bit.
 */
export type JournalEntry =
  | { readonly kind: "reading"; readonly reading: Reading }
  /** An offered set was turned down before any trial. */
  | { readonly kind: "refusal"; readonly record: DecisionRecord }
  /** Readings are known to be missing. */
  | { readonly kind: "gap"; readonly record: GapRecord }
  /** A verified set goes on trial. `set`: its decoded payload as JSON; `at`: newest event time, or scenario time before any. */
  | { readonly kind: "trial"; readonly set: string; readonly kid: string; readonly at: number }
  /** A person at the cabinet steps back to the set before. */
  | { readonly kind: "hand"; readonly action: "revert"; readonly at: number }
  /** Told by a file that was damaged before the cloud heard of it; nothing here follows from it. */
  | { readonly kind: "told"; readonly record: DecisionRecord | AnchorRecord };

export type SlotName = "incumbent" | "previous" | "candidate" | "held";
/** A parameter set's place on disk; `null` empties it. */
export interface SlotWrite {
  readonly name: SlotName;
  readonly content: { readonly version: number; readonly body: string } | null;
}

/** What is written in one transaction, in this order. */
export type Step =
  | ({ readonly kind: "entry"; readonly entry: JournalEntry } & Beside)
  /** Frames replace the journal so far; `state` is the state after them. Sealing and pruning are one transaction. */
  | ({ readonly kind: "seal"; readonly frames: readonly SealedFrame[]; readonly state: string } & Beside)
  /** Nothing of its own: only what stands beside it. */
  | ({ readonly kind: "note" } & Beside);

interface Beside {
  readonly slots?: readonly SlotWrite[];
  /** What must outlive even a damaged file, if any of it can be read: see {@link Opened.salvage}. */
  readonly memory?: string;
  /** Taken note of by this step, in the same transaction. */
  readonly clears?: "gaps" | "commands";
}

export interface Rejected {
  readonly at: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly reason: string;
}

export interface Batch {
  readonly steps: readonly Step[];
  readonly rejected: readonly Rejected[];
  /** Readings that the overflow policy turned away: summed up durably until there is room for gap records. */
  readonly lost: readonly { readonly signal: string; readonly at: number }[];
}

export interface OutboxStatus {
  /** Bytes in use of file and WAL, freed pages not counted. */
  readonly bytes: number;
  readonly full: boolean;
  /** Readings turned away that no frame tells of yet. */
  readonly gaps: readonly GapRecord[];
  /** Frames and readings that are sealed and not acknowledged end to end. */
  readonly backlogFrames: number;
  readonly backlogReadings: number;
  readonly backlogBytes: number;
  /** Lowest event time among them. */
  readonly oldest: number | null;
  readonly sealed: number;
  readonly highestSent: number;
  readonly acked: number;
  /** Frames that the overflow policy replaced by gap frames in this call, and the readings they held. */
  readonly dropped: { readonly frames: number; readonly readings: number };
}

export interface Opened {
  readonly epoch: string;
  /** State at the last seal; absent in a new file. */
  readonly state?: string;
  readonly slots: Readonly<Partial<Record<SlotName, string>>>;
  readonly journal: readonly JournalEntry[];
  /** Readings of the newest sealed frames, oldest first: their identities are known again. */
  readonly recent: readonly Reading[];
  readonly status: OutboxStatus;
  /** Given at the cabinet while the agent was not running. */
  readonly commands: readonly ("revert" | "resume")[];
  /** A damaged file was put aside; its readings wait in {@link Outbox.salvaged}. */
  readonly salvage?: { readonly why: string; readonly quarantine: string; readonly memory: string | null };
}

export interface SalvagedPart {
  /** In their order. A gap whose end nobody knows runs `to` infinity. */
  readonly entries: readonly JournalEntry[];
  readonly frames: number;
  readonly missingFrames: number;
  readonly done: boolean;
}

export type AckOutcome =
  | { readonly kind: "advanced"; readonly acked: number; readonly status: OutboxStatus }
  | { readonly kind: "stale" }
  | { readonly kind: "ignored"; readonly reason: string };

export interface OutgoingFrame {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * The durable store of the agent. Errors carry a code: `DISK_FULL` (nothing was written; try again later),
 * `CORRUPT` (reopen: the file is put aside and salvaged), `LOCKED` (another process owns it).
 */
export interface Outbox {
  open(): Promise<Opened>;
  /** Resolves when everything in the batch is on disk. */
  append(batch: Batch): Promise<OutboxStatus>;
  /** The lowest frames above `after`, marked as sent before they are handed out. */
  take(after: number, limit: number): Promise<readonly OutgoingFrame[]>;
  acknowledge(ack: {
    readonly epoch: string;
    readonly sequence: number;
    readonly hash: string;
  }): Promise<AckOutcome>;
  /** The next part of what was salvaged. */
  salvaged(): Promise<SalvagedPart>;
  /** Everything salvaged is in the journal again. */
  salvageDone(): Promise<void>;
  close(): Promise<void>;
}
