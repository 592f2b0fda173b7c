import { Readable } from "node:stream";
import { DurableQueue } from "./durable-queue.ts";
import { matchesFilter } from "./topic-filter.ts";

/** The part of the broker library's packets that is stored. */
export interface StoredPacket {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly brokerCounter?: number;
  readonly messageId?: number | undefined;
  readonly clientId?: string;
}

export interface StoredSubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

export interface ClientRef {
  readonly id: string;
}

/** Topics whose subscribers are remembered; the machine has tens, a hostile client could invent millions. */
const REMEMBERED_TOPICS = 4_096;

/**
 * Durable sessions, retained messages and wills of one broker process, in memory. Holds:
 *  - a QoS 1 message for a durable session is kept, in order and without limit, until that session acknowledges it;
 *  - only a client that asks for a clean session discards its backlog, and that is counted as dropped;
 *  - a filter that the policy refuses is never stored (the library stores a whole SUBSCRIBE as soon as one of its
 *    filters is granted).
 *
 * The library's own memory store is not used: it sends live messages before the backlog, has no send window, when two
 * filters of a session match it removes the oldest unsent message in place of the duplicate, and it searches its queue
 * from the head at every delivery.
 */
export class SessionStore {
  readonly #subscriptions: Map<string, Map<string, StoredSubscription>> = new Map();
  readonly #queues: Map<string, DurableQueue> = new Map();
  readonly #retained: Map<string, StoredPacket> = new Map();
  readonly #wills: Map<string, StoredPacket> = new Map();
  readonly #subscribers: Map<string, readonly (StoredSubscription & { clientId: string })[]> = new Map();
  /** Publications that were queued before their PUBACK; the library will ask once more. */
  readonly #queuedEarly: Set<number> = new Set();
  readonly #window: number;
  readonly #permits: (clientId: string, filter: string) => boolean;
  readonly #onChange: (clientId: string) => void;
  readonly counters: { queued: number; unrouted: number; acknowledged: number; dropped: number } = {
    queued: 0,
    unrouted: 0,
    acknowledged: 0,
    dropped: 0,
  };

  constructor(options: {
    window: number;
    permits: (clientId: string, filter: string) => boolean;
    onChange: (clientId: string) => void;
  }) {
    this.#window = options.window;
    this.#permits = options.permits;
    this.#onChange = options.onChange;
  }

  queueOf(clientId: string): DurableQueue {
    const queue = this.#queues.get(clientId) ?? new DurableQueue(this.#window);
    this.#queues.set(clientId, queue);
    return queue;
  }

  get sessions(): ReadonlyMap<string, DurableQueue> {
    return this.#queues;
  }

  hasSubscriptions(clientId: string): boolean {
    return this.#subscriptions.has(clientId);
  }

  /** Whether messages on this topic reach the client through its durable queue. */
  isQueuedFor(clientId: string, topic: string): boolean {
    return this.subscribersOf(topic).some((subscription) => subscription.clientId === clientId);
  }

  /** One entry per durable session with a QoS 1 subscription that matches, whatever the number of matching filters. */
  subscribersOf(topic: string): readonly (StoredSubscription & { clientId: string })[] {
    const known = this.#subscribers.get(topic);
    if (known !== undefined) return known;
    const found = [...this.#subscriptions].flatMap(([clientId, filters]) => {
      const match = [...filters.values()].find(
        (filter) => filter.qos > 0 && matchesFilter(topic, filter.topic),
      );
      return match === undefined ? [] : [{ ...match, clientId }];
    });
    if (this.#subscribers.size >= REMEMBERED_TOPICS) this.#subscribers.clear();
    this.#subscribers.set(topic, found);
    return found;
  }

  /** Queues a publication before its PUBACK is written, so that what was acknowledged is already kept. */
  queueEarly(packet: StoredPacket): void {
    const subscribers = this.subscribersOf(packet.topic);
    if (subscribers.length === 0) this.counters.unrouted += 1;
    else this.#queuedEarly.add(packet.brokerCounter ?? 0);
    for (const { clientId } of subscribers) this.#enqueue(clientId, packet);
  }

  #enqueue(clientId: string, { topic, payload, brokerCounter }: StoredPacket): void {
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    this.queueOf(clientId).append({ topic, payload: bytes, qos: 1, counter: brokerCounter ?? 0 });
    this.counters.queued += 1;
    this.#onChange(clientId);
  }

  // Below: the library's persistence interface, under its names.

  async setup(): Promise<void> {}

  async outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: StoredPacket,
  ): Promise<void> {
    if (this.#queuedEarly.delete(packet.brokerCounter ?? 0)) return;
    for (const { clientId } of subscriptions) this.#enqueue(clientId, packet);
  }

  async outgoingEnqueue({ clientId }: { clientId: string }, packet: StoredPacket): Promise<void> {
    this.#enqueue(clientId, packet);
  }

  async outgoingUpdate(): Promise<void> {}

  async outgoingClearMessageId(
    client: ClientRef,
    packet: { messageId?: number },
  ): Promise<StoredPacket | undefined> {
    if (packet.messageId === undefined) return undefined;
    const message = this.#queues.get(client.id)?.acknowledge(packet.messageId);
    if (message === undefined) return undefined;
    this.counters.acknowledged += 1;
    this.#onChange(client.id);
    return message;
  }

  /** Always empty: the backlog is sent by the session's own pump, which keeps order and window. */
  outgoingStream(): Readable {
    return Readable.from([]);
  }

  async addSubscriptions(client: ClientRef, subscriptions: readonly StoredSubscription[]): Promise<void> {
    const filters = this.#subscriptions.get(client.id) ?? new Map<string, StoredSubscription>();
    for (const { topic, qos } of subscriptions) {
      if (this.#permits(client.id, topic)) filters.set(topic, { topic, qos });
    }
    this.#subscriptions.set(client.id, filters);
    this.#subscribers.clear();
  }

  async removeSubscriptions(client: ClientRef, filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.#subscriptions.get(client.id)?.delete(filter);
    this.#subscribers.clear();
  }

  async subscriptionsByClient(client: ClientRef): Promise<StoredSubscription[]> {
    return [...(this.#subscriptions.get(client.id)?.values() ?? [])].map((subscription) => ({
      ...subscription,
    }));
  }

  async subscriptionsByTopic(topic: string): Promise<readonly (StoredSubscription & { clientId: string })[]> {
    return this.subscribersOf(topic);
  }

  async cleanSubscriptions(client: ClientRef): Promise<void> {
    const queue = this.#queues.get(client.id);
    if (queue !== undefined) this.counters.dropped += queue.waiting + queue.inFlight;
    this.#queues.delete(client.id);
    this.#subscriptions.delete(client.id);
    this.#subscribers.clear();
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    const subsCount = [...this.#subscriptions.values()].reduce((sum, filters) => sum + filters.size, 0);
    return { subsCount, clientsCount: this.#subscriptions.size };
  }

  async storeRetained(packet: StoredPacket): Promise<void> {
    if (packet.payload.length === 0) this.#retained.delete(packet.topic);
    else this.#retained.set(packet.topic, { ...packet });
  }

  createRetainedStream(filter: string): Readable {
    return this.createRetainedStreamCombi([filter]);
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(
      [...this.#retained.values()].filter(({ topic }) =>
        filters.some((filter) => matchesFilter(topic, filter)),
      ),
    );
  }

  async putWill(client: ClientRef, packet: StoredPacket): Promise<void> {
    this.#wills.set(client.id, Object.assign(packet, { clientId: client.id }));
  }

  async getWill(client: ClientRef): Promise<StoredPacket | undefined> {
    return this.#wills.get(client.id);
  }

  async delWill(client: ClientRef): Promise<StoredPacket | undefined> {
    const will = this.#wills.get(client.id);
    this.#wills.delete(client.id);
    return will;
  }

  /** Wills of other brokers of a cluster: there is none. */
  streamWill(): Readable {
    return Readable.from([]);
  }

  async destroy(): Promise<void> {}
}
