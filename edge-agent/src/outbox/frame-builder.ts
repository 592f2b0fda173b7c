import {
  type Frame,
  type FrameRecord,
  MAX_FRAME_BYTES,
  MAX_READINGS_PER_FRAME,
} from "@plumbline/twin/contract/frame";
import { encodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import { sha256 } from "@plumbline/twin/contract/sha256";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { CheckpointSlices, type SlicesState } from "./checkpoint-slices.ts";

/** What all frames of one agent have in common. */
export type FrameHead = Pick<Frame, "thing" | "instance" | "epoch" | "twin" | "filter">;

export interface SealedFrame {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly readings: number;
  readonly span: readonly [from: number, to: number];
}

/** State between frames, as plain JSON. */
export interface BuilderState {
  /** Sequence of the newest sealed frame. */
  readonly sequence: number;
  readonly set: number;
  /** The observer's snapshot before the open frame's first reading. */
  readonly snapshot: string;
  readonly slices: SlicesState;
}

/** The observer's snapshot after `readings`, from `snapshot`. */
export type Advance = (snapshot: string, readings: readonly Reading[]) => string;

/**
 * Where a frame ends must not depend on whether it carries a checkpoint slice (a restart adds one), so the rest of the
 * frame keeps this much room free for it.
 */
const CONTENT_BYTES = MAX_FRAME_BYTES - 750;
/** First size check, readings; later ones follow the size seen so far. */
const FIRST_CHECK = 256;
/** A reading of an unknown future is charged at the mean size so far, plus a quarter. */
const CAUTION = 1.25;
/** Records that one frame takes along; more wait for the next. */
const MAX_RECORDS = 64;
const SEAL_AGE_PERIODS = 60;
const NO_EPOCH = "0".repeat(16);

/**
 * Collects the open frame and seals it. Holds:
 *  - whether and where a frame is sealed depends only on the order of readings and records, never on a clock;
 *  - no sealed frame exceeds 4,000 bytes;
 *  - every frame names the hash of the observer's state before its first reading.
 */
export class FrameBuilder {
  readonly #head: FrameHead;
  readonly #resolution: ReadonlyMap<string, number>;
  readonly #ageLimit: number;
  readonly #sealReadings: number;
  readonly #slices: CheckpointSlices;
  #sequence: number;
  #set: number;
  #snapshot: string;
  #opened = Number.POSITIVE_INFINITY;
  #readings: Reading[] = [];
  #records: FrameRecord[] = [];
  #nextCheck = FIRST_CHECK;

  constructor(
    head: FrameHead,
    definition: TwinDefinition,
    sealReadings: number | undefined,
    state: BuilderState,
  ) {
    this.#head = head;
    this.#resolution = new Map(definition.signals.map(({ id, resolution }) => [id, resolution]));
    this.#ageLimit = SEAL_AGE_PERIODS * Math.max(...definition.signals.map(({ period }) => period));
    this.#sealReadings = Math.min(sealReadings ?? MAX_READINGS_PER_FRAME, MAX_READINGS_PER_FRAME);
    this.#slices = new CheckpointSlices(state.slices);
    this.#sequence = state.sequence;
    this.#set = state.set;
    this.#snapshot = state.snapshot;
  }

  get sequence(): number {
    return this.#sequence;
  }
  get isEmpty(): boolean {
    return this.#readings.length === 0 && this.#records.length === 0;
  }
  get openReadings(): number {
    return this.#readings.length;
  }

  /** Would a reading that moves the highest event time to `newest` make the open frame too old? */
  isOld(newest: number): boolean {
    return this.#readings.length > 0 && newest - this.#opened >= this.#ageLimit;
  }

  add(reading: Reading, newest: number): void {
    if (this.#readings.length === 0) this.#opened = newest;
    this.#readings.push(reading);
  }
  record(record: FrameRecord): void {
    this.#records.push(record);
  }

  /** Is the open frame as large as a frame should be? Tried by encoding, at readings counts that its own size foretells. */
  isFull(): boolean {
    const count = this.#readings.length;
    if (count >= this.#sealReadings) return true;
    if (count < this.#nextCheck) return false;
    const size = this.#contentBytes(this.#readings, this.#records.slice(0, MAX_RECORDS), this.#snapshot);
    const more = Math.floor((CONTENT_BYTES - size) / (CAUTION * (size / count)));
    if (more < count / 16) return true;
    this.#nextCheck = count + more;
    return false;
  }

  demandCheckpoint(): void {
    this.#slices.demand();
  }

  /**
   * Seals the open frame (as several, if it does not fit one). The next begins with the state `after` and the set `set`.
   * Returns nothing when there is nothing to seal.
   */
  seal(after: string, set: number, advance: Advance): SealedFrame[] {
    const sealed: SealedFrame[] = [];
    if (!this.isEmpty) this.#sealPart(this.#readings, this.#records, this.#snapshot, advance, sealed);
    if (set !== this.#set) this.#slices.demand();
    this.#readings = [];
    this.#records = [];
    this.#nextCheck = FIRST_CHECK;
    this.#snapshot = after;
    this.#set = set;
    return sealed;
  }

  #sealPart(
    readings: readonly Reading[],
    records: readonly FrameRecord[],
    snapshot: string,
    advance: Advance,
    sealed: SealedFrame[],
  ): void {
    if (records.length > MAX_RECORDS) {
      // The newest stay with the readings: an alarm counts the readings of its own frame.
      this.#sealPart([], records.slice(0, -MAX_RECORDS), snapshot, advance, sealed);
      this.#sealPart(readings, records.slice(-MAX_RECORDS), snapshot, advance, sealed);
      return;
    }
    if (this.#contentBytes(readings, records, snapshot) <= CONTENT_BYTES) {
      sealed.push(this.#sealOne(readings, records, snapshot));
      return;
    }
    if (readings.length > 1) {
      const half = readings.length >> 1;
      this.#sealPart(readings.slice(0, half), [], snapshot, advance, sealed);
      const rest = records.map((record) =>
        record.kind === "alarm" ? { ...record, after: Math.max(record.after - half, 0) } : record,
      );
      this.#sealPart(readings.slice(half), rest, advance(snapshot, readings.slice(0, half)), advance, sealed);
      return;
    }
    if (records.length < 2)
      throw new TwinError(
        "FRAME_TOO_LARGE",
        "one reading or record alone exceeds a frame",
        "shorten the record's reason",
      );
    const half = records.length >> 1;
    this.#sealPart(readings, records.slice(0, half), snapshot, advance, sealed);
    this.#sealPart([], records.slice(half), advance(snapshot, readings), advance, sealed);
  }

  #sealOne(readings: readonly Reading[], records: readonly FrameRecord[], snapshot: string): SealedFrame {
    const sequence = this.#sequence + 1;
    const slice = this.#slices.slice(sequence, snapshot);
    let bytes = this.#encode(readings, records, snapshot, sequence, slice);
    const carried = bytes.length <= MAX_FRAME_BYTES;
    if (!carried) bytes = this.#encode(readings, records, snapshot, sequence);
    this.#slices.sealed(carried);
    this.#sequence = sequence;
    return { sequence, bytes, readings: readings.length, span: spanOf(readings, records) };
  }

  /** Measured under an epoch of zeros: a random one deflates a byte better or worse, and would move the seams. */
  #contentBytes(readings: readonly Reading[], records: readonly FrameRecord[], snapshot: string): number {
    return this.#encode(readings, records, snapshot, this.#sequence + 1, undefined, NO_EPOCH).length;
  }

  #encode(
    readings: readonly Reading[],
    records: readonly FrameRecord[],
    snapshot: string,
    sequence: number,
    slice?: Frame["checkpoint"],
    epoch: string = this.#head.epoch,
  ): Uint8Array {
    const frame: Frame = {
      ...this.#head,
      epoch,
      sequence,
      span: spanOf(readings, records),
      set: this.#set,
      start: sha256(snapshot),
      readings,
      records,
      ...(slice === undefined ? {} : { checkpoint: slice }),
    };
    return encodeFrame(frame, (signal) => this.#resolution.get(signal) ?? 1);
  }

  state(): BuilderState {
    return {
      sequence: this.#sequence,
      set: this.#set,
      snapshot: this.#snapshot,
      slices: this.#slices.state(),
    };
  }
}

function spanOf(readings: readonly Reading[], records: readonly FrameRecord[]): [number, number] {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  const widen = (low: number, high: number): void => {
    from = Math.min(from, low);
    to = Math.max(to, high);
  };
  for (const { at } of readings) widen(at, at);
  for (const record of records) {
    if (record.kind === "gap") widen(record.from, record.to);
    else if (record.kind === "anchor") widen(record.utc, record.utc);
    else widen(record.at, record.at);
  }
  return [from, to];
}
