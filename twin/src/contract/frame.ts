import type { Reading } from "./reading.ts";

/**
 * A frame: an immutable, checksummed, compressed block of readings in journal order; the unit that is sent,
 * acknowledged, archived and salvaged. At most {@link MAX_FRAME_BYTES} on the wire.
 */
export interface Frame {
  readonly thing: string;
  readonly instance: string;
  /** 16 hexadecimal digits, random, made with the outbox file. */
  readonly epoch: string;
  /** Contiguous per epoch, from 1. */
  readonly sequence: number;
  /** Lowest and highest event time of the readings (and records), ms since the Unix epoch. */
  readonly span: readonly [from: number, to: number];
  readonly twin: { readonly id: string; readonly version: string };
  /** Digest of the definition that the agent's filters ran with. */
  readonly filter: string;
  /** Parameter-set version in force for every reading of the frame. */
  readonly set: number;
  /** Hash of the observer's state before the first reading (after the set was installed). */
  readonly start: string;
  readonly readings: readonly Reading[];
  readonly records: readonly FrameRecord[];
  /** A slice of the observer's start state, canonical JSON; a state is cut into `of` slices over consecutive frames. */
  readonly checkpoint?: { readonly part: number; readonly of: number; readonly text: string };
}

export const MAX_FRAME_BYTES = 4_000;
export const MAX_READINGS_PER_FRAME = 4_096;

export type FrameRecord = AlarmRecord | GapRecord | AnchorRecord | DecisionRecord;

/** A drift chart crossed its limit. `after`: number of this frame's readings that had been observed. */
export interface AlarmRecord {
  readonly kind: "alarm";
  readonly chart: string;
  /** Event time of the row that raised it. */
  readonly at: number;
  readonly statistic: number;
  readonly set: number;
  readonly after: number;
}

/** Readings that are known to be missing, and why. */
export interface GapRecord {
  readonly kind: "gap";
  readonly signal?: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly reason: "overflow" | "corrupt" | "silent" | "refused";
}

/** Monotonic → UTC for readings taken before the clock was set. */
export interface AnchorRecord {
  readonly kind: "anchor";
  readonly boot: string;
  readonly monotonic: number;
  readonly utc: number;
  readonly error: number;
}

/** What became of an offered parameter set. `at`: event time of the last reading used. */
export interface DecisionRecord {
  readonly kind: "decision";
  readonly at: number;
  readonly outcome: "trial" | "committed" | "refused" | "reverted";
  readonly version: number;
  readonly reason: string;
}
