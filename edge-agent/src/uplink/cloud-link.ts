import type { SetPointer, ShadowReported } from "@plumbline/twin/contract/parameter-set";

/**
 * The way to the cloud. Holds for every adapter:
 *  - a resolved `publish` only moves the send window: it is no acknowledgement of anything;
 *  - nothing is queued inside: while not connected a publish fails at once;
 *  - every call ends within a time limit of its own;
 *  - after a reconnect all subscriptions stand again before `connected` is told.
 */
export interface CloudLink {
  readonly connected: boolean;
  publishFrame(bytes: Uint8Array): Promise<void>;
  publishHeartbeat(json: string): Promise<void>;
  requestParts(json: string): Promise<void>;
  /** Asks for the shadow; the answer comes through the listener. */
  getShadow(): Promise<void>;
  report(reported: ShadowReported): Promise<void>;
  /** Closes and makes everything again: the inbound path is suspected dead. */
  restart(): void;
  close(): Promise<void>;
}

export interface CloudListener {
  connected(kind: string): void;
  lost(reason: string, retryMs: number): void;
  /** An end-to-end acknowledgement, not yet believed. */
  ack(json: string): void;
  /** What the shadow wants. */
  desired(pointer: SetPointer): void;
  part(version: number, part: number, text: string): void;
  ignored(topic: string, reason: string): void;
}
