import { MessageQueue } from "./message-queue.ts";

/** One QoS 1 message on its way to one durable session. */
export interface QueuedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  /** The broker's number of the publication: unique, not necessarily rising. */
  readonly counter: number;
}

export interface SentMessage extends QueuedMessage {
  readonly messageId: number;
  /** True from the second delivery on: MQTT's DUP flag. */
  readonly again: boolean;
}

/** Packet identifiers are 16 bits, never 0. */
const LAST_MESSAGE_ID = 65_535;

/**
 * What one durable session has not acknowledged. Holds:
 *  - messages are sent in the order in which they were queued, at most `window` un-acknowledged at a time;
 *  - a message leaves only by its PUBACK, and after a reconnect the un-acknowledged ones go first, under their old
 *    packet identifiers;
 *  - every operation costs O(1), however long the backlog.
 */
export class DurableQueue {
  readonly #window: number;
  readonly #waiting: MessageQueue<SentMessage | QueuedMessage> = new MessageQueue();
  readonly #inFlight: Map<number, SentMessage> = new Map();
  readonly #idsToKeep: Set<number> = new Set();
  #lastId = 0;

  constructor(window: number) {
    this.#window = window;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  append(message: QueuedMessage): void {
    this.#waiting.push(message);
  }

  /** The next message to send, now counted as in flight; `undefined` when none waits or the window is full. */
  next(): SentMessage | undefined {
    if (this.#inFlight.size >= this.#window) return undefined;
    const message = this.#waiting.shift();
    if (message === undefined) return undefined;
    const sent: SentMessage =
      "messageId" in message
        ? { ...message, again: true }
        : { ...message, messageId: this.#freshId(), again: false };
    this.#idsToKeep.delete(sent.messageId);
    this.#inFlight.set(sent.messageId, sent);
    return sent;
  }

  /** Removes an acknowledged message; an identifier that is not in flight (a stale PUBACK) changes nothing. */
  acknowledge(messageId: number): SentMessage | undefined {
    const sent = this.#inFlight.get(messageId);
    if (sent !== undefined) this.#inFlight.delete(messageId);
    return sent;
  }

  /** After a reconnect: everything in flight goes back to the head, in its old order. */
  rewind(): void {
    const unacknowledged = [...this.#inFlight.values()];
    for (const { messageId } of unacknowledged) this.#idsToKeep.add(messageId);
    this.#waiting.unshift(unacknowledged);
    this.#inFlight.clear();
  }

  #freshId(): number {
    do this.#lastId = this.#lastId >= LAST_MESSAGE_ID ? 1 : this.#lastId + 1;
    while (this.#inFlight.has(this.#lastId) || this.#idsToKeep.has(this.#lastId));
    return this.#lastId;
  }
}
