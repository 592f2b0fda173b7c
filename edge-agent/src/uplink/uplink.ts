import { type Ack, decodeAck } from "@plumbline/twin/contract/ack";
import type { Dice } from "../backoff.ts";
import { Backoff } from "../backoff.ts";
import type { EdgeEvent } from "../events.ts";
import type { CloudLink } from "./cloud-link.ts";

/** What the uplink needs of the outbox. */
export interface FrameStore {
  take(
    after: number,
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly bytes: Uint8Array }[]>;
  acknowledge(
    ack: Ack,
  ): Promise<
    | { readonly kind: "advanced"; readonly acked: number }
    | { readonly kind: "stale" }
    | { readonly kind: "ignored"; readonly reason: string }
  >;
}
export interface UplinkOptions {
  readonly thing: string;
  readonly inFlight: number;
  /** Wall ms without an acknowledgement after which the window is sent again; grows with each silence. */
  readonly silence: number;
  readonly longestBackoff: number;
  readonly dice: Dice;
}

/** Silences in a row after which the link is made anew. */
const SUSPICIOUS = 5;

/**
 * Sends frames, lowest unacknowledged first, at most `inFlight` ahead of the cloud's own acknowledgement. Holds:
 *  - only an acknowledgement of this thing, this epoch, at most the highest sequence sent, with the right chain hash, counts;
 *    any other is told and left;
 *  - a frame stays in the store until then: a transport's OK only moves the window;
 *  - after a silence everything from the lowest unacknowledged frame is sent again.
 */
export class Uplink {
  readonly #store: FrameStore;
  readonly #link: () => CloudLink | undefined;
  readonly #options: UplinkOptions;
  readonly #tell: (event: EdgeEvent) => void;
  readonly #backoff: Backoff;
  #acked: number;
  #sealed: number;
  /** Highest sequence handed to the link since the window was last reset. */
  #cursor: number;
  #timer: NodeJS.Timeout | undefined;
  #lastHeard = 0;
  #silences = 0;
  #pumping = false;
  #wanted = false;
  #stopped = false;

  constructor(
    store: FrameStore,
    link: () => CloudLink | undefined,
    options: UplinkOptions,
    start: { acked: number; sealed: number },
    tell: (event: EdgeEvent) => void,
  ) {
    this.#store = store;
    this.#link = link;
    this.#options = options;
    this.#tell = tell;
    this.#backoff = new Backoff(250, options.longestBackoff, options.dice);
    this.#acked = start.acked;
    this.#sealed = start.sealed;
    this.#cursor = start.acked;
  }

  get acked(): number {
    return this.#acked;
  }

  /** Frames up to this sequence are in the store. */
  sealed(sequence: number): void {
    if (sequence === this.#sealed) return;
    this.#sealed = sequence;
    this.#wake();
  }

  /** The link is up (again): whatever was on the way may be lost. */
  connected(): void {
    this.#cursor = this.#acked;
    this.#silences = 0;
    this.#backoff.reset();
    this.#wake();
  }

  /** Reads and judges an acknowledgement; the store has the last word. */
  async heard(json: string): Promise<void> {
    let ack: Ack;
    try {
      ack = decodeAck(json);
    } catch (error) {
      return this.#ignore(error instanceof Error ? error.message : String(error), 0);
    }
    if (ack.thing !== this.#options.thing) return this.#ignore(`it is for ${ack.thing}`, ack.sequence);
    const outcome = await this.#store.acknowledge(ack);
    if (outcome.kind === "ignored") this.#ignore(outcome.reason, ack.sequence);
    if (outcome.kind !== "advanced") return;
    this.#acked = Math.max(this.#acked, outcome.acked);
    this.#cursor = Math.max(this.#cursor, this.#acked);
    this.#lastHeard = Date.now();
    this.#silences = 0;
    this.#wake();
  }

  #ignore(reason: string, sequence: number): void {
    this.#tell({ name: "uplink.ack-ignored", reason, sequence });
  }

  #wake(): void {
    this.#wanted = true;
    if (!this.#pumping && !this.#stopped) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#wanted && !this.#stopped) {
        this.#wanted = false;
        await this.#fillWindow();
      }
    } catch (error) {
      // The store's own faults are told by whoever owns it; a link that refused is tried again after a pause.
      this.#schedule(this.#backoff.next(), () => {
        this.#cursor = this.#acked;
      });
      if (this.#link()?.connected)
        this.#tell({
          name: "uplink.lost",
          reason: error instanceof Error ? error.message : String(error),
          retryMs: this.#options.longestBackoff,
        });
    } finally {
      this.#pumping = false;
    }
  }

  async #fillWindow(): Promise<void> {
    const link = this.#link();
    const room = this.#acked + this.#options.inFlight - this.#cursor;
    if (link?.connected && room > 0 && this.#sealed > this.#cursor) {
      const frames = await this.#store.take(this.#cursor, room);
      for (const { sequence, bytes } of frames) {
        if (this.#stopped || sequence !== this.#cursor + 1) break; // the window was reset meanwhile
        this.#cursor = sequence;
        await link.publishFrame(bytes);
        this.#lastHeard = Math.max(this.#lastHeard, Date.now());
      }
    }
    this.#watchSilence();
  }

  #watchSilence(): void {
    if (this.#cursor <= this.#acked) return;
    const patience = Math.min(
      this.#options.silence * 2 ** this.#silences,
      Math.max(this.#options.silence, this.#options.longestBackoff),
    );
    this.#schedule(patience, () => {
      const silenceMs = Date.now() - this.#lastHeard;
      if (this.#cursor <= this.#acked || silenceMs < patience * 0.9) return;
      this.#silences = Math.min(this.#silences + 1, 10);
      this.#tell({ name: "uplink.resent", from: this.#acked + 1, silenceMs });
      this.#cursor = this.#acked;
      // Publishes that succeed while nothing is heard: the subscriptions may be dead without a sign.
      if (this.#silences % SUSPICIOUS === 0) this.#link()?.restart();
    });
  }

  #schedule(wait: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      then();
      this.#wake();
    }, wait);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
