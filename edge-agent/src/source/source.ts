/** As the wire gave it: nothing in it is known to be true. */
export interface RawSample {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Hand back to {@link Source.acknowledge} when the sample is durable, or can never get better. */
  readonly ticket: Ticket;
}
export interface Ticket {
  readonly connection: number;
  readonly packetId: number | undefined;
}

/**
 * Where readings come from. Holds:
 *  - a sample is acknowledged to the plant only when `acknowledge` is called with its ticket;
 *  - a ticket of an earlier connection is dropped: the plant delivers that sample again;
 *  - a source that cannot be reached keeps trying and says so.
 */
export interface Source {
  readonly connected: boolean;
  acknowledge(tickets: readonly Ticket[]): void;
  /** Drops the connection and makes another, so that everything unacknowledged comes again. */
  restart(): void;
  close(): Promise<void>;
}
export interface SourceListener {
  sample(sample: RawSample): void;
  connected(sessionPresent: boolean): void;
  lost(reason: string, retryMs: number): void;
}
