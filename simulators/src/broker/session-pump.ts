import type { SentMessage } from "./durable-queue.ts";
import type { SessionStore } from "./session-store.ts";

/** What the pump needs of a connected client of the broker library. */
export interface PumpedClient {
  readonly id: string;
  readonly clean: boolean;
  readonly closed: boolean;
  /** Writes one QoS 1 packet; `sent` is called once the socket has taken it, whether or not that went well. */
  deliverQoS(packet: object, sent: () => void): void;
}

interface LivePacket {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly brokerId: string | null;
}

/**
 * Sends each durable session its backlog and then what comes, through one queue: so a client that returns sees the
 * old before the new, and nothing twice but what it had not acknowledged.
 */
export class SessionPump {
  readonly #store: SessionStore;
  readonly #clients: Map<string, PumpedClient> = new Map();
  readonly #awake: Set<string> = new Set();
  readonly counters: { delivered: number; redelivered: number } = { delivered: 0, redelivered: 0 };

  constructor(store: SessionStore) {
    this.#store = store;
  }

  attach(client: PumpedClient): void {
    if (client.clean || client.closed) return;
    this.#clients.set(client.id, client);
    this.#store.queueOf(client.id).rewind();
    this.wake(client.id);
  }

  detach(client: PumpedClient): void {
    if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
  }

  isAttached(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  /**
   * Whether the broker must leave this packet to the pump: a live QoS 1 message for a durable session. The pump's own
   * packets, and retained ones, carry no `brokerId`.
   */
  delivers(client: { id: string; clean: boolean }, packet: LivePacket): boolean {
    if (client.clean || packet.qos === 0 || packet.retain || packet.brokerId === null) return false;
    return this.#store.isQueuedFor(client.id, packet.topic);
  }

  /** Sends what waits, soon and once, however often it is called before. */
  wake(clientId: string): void {
    if (!this.#clients.has(clientId) || this.#awake.has(clientId)) return;
    this.#awake.add(clientId);
    setImmediate(() => {
      this.#awake.delete(clientId);
      this.#send(clientId);
    });
  }

  #send(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client === undefined || client.closed) return;
    const queue = this.#store.queueOf(clientId);
    for (let message = queue.next(); message !== undefined; message = queue.next()) {
      this.counters[message.again ? "redelivered" : "delivered"] += 1;
      client.deliverQoS(asPacket(message), () => {});
    }
  }
}

const asPacket = ({ topic, payload, qos, counter, messageId, again }: SentMessage): object => ({
  cmd: "publish",
  topic,
  payload,
  qos,
  retain: false,
  dup: again,
  messageId,
  brokerId: null,
  brokerCounter: counter,
});
