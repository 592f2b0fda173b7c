import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { Backoff, type Dice } from "./backoff.ts";

/** The one file that knows MQTT.js (pinned: see the contract test of held acknowledgements). */
export interface ConnectionOptions {
  readonly url: string;
  readonly clientId: string;
  readonly protocol: 4 | 5;
  /** false: the broker keeps the session while we are away. */
  readonly clean: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly receiveMaximum?: number;
  /** Subscribed at every connection, QoS 1. */
  readonly filters: readonly string[];
  /** Longest back-off, wall ms. */
  readonly longestBackoff: number;
  readonly dice: Dice;
}

export interface ConnectionListener {
  connected(sessionPresent: boolean): void;
  lost(reason: string, retryMs: number): void;
  /** `release` sends the PUBACK of a QoS 1 message; it may be called at any later time, once. */
  message(topic: string, payload: Uint8Array, release: Release): void;
}
/** A held acknowledgement. Releasing after a reconnect does nothing: the id belongs to a dead connection. */
export interface Release {
  readonly connection: number;
  readonly packetId: number | undefined;
}

const BASE_BACKOFF = 250;
/** Messages handled before the event loop gets its turn. */
const YIELD_EVERY = 32;
const PUBACK = 0x40;

/**
 * A connection that comes back by itself with full-jitter back-off, and acknowledges QoS 1 messages only when told.
 *
 * How acknowledgements are held: MQTT.js sends a PUBACK when `handleMessage` calls back, and reads the next packet only
 * then; called back *with an error* it goes on reading and sends none. The PUBACK (4 bytes in both protocol versions)
 * is written to the stream later, many at once.
 */
export class MqttConnection {
  readonly #client: MqttClient;
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  readonly #backoff: Backoff;
  #connection = 0;
  #sinceYield = 0;
  #retry: NodeJS.Timeout | undefined;
  #closing = false;
  #lastError = "the broker cannot be reached";

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#backoff = new Backoff(BASE_BACKOFF, options.longestBackoff, options.dice);
    this.#client = connect(options.url, clientOptions(options));
    this.#client.handleMessage = (packet: IPublishPacket, done) => {
      const goOn = (): void => done(packet.qos === 1 ? HELD : undefined);
      // One readiness of the socket may bring 2 MB of messages: commits and health must get their turns in between.
      if (++this.#sinceYield < YIELD_EVERY) return goOn();
      this.#sinceYield = 0;
      setImmediate(goOn);
    };
    this.#client.on("message", (topic, payload, packet) => {
      listener.message(topic, payload, {
        connection: this.#connection,
        packetId: packet.qos === 1 ? packet.messageId : undefined,
      });
    });
    this.#client.on("connect", ({ sessionPresent }) => this.#connected(sessionPresent));
    this.#client.on("error", (error) => {
      this.#lastError = describeError(error);
    });
    this.#client.on("close", () => this.#closed());
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Sends the PUBACKs of messages of the present connection; others are stale and dropped. */
  release(held: Iterable<Release>): number {
    const bytes: number[] = [];
    for (const { connection, packetId } of held) {
      if (connection === this.#connection && packetId !== undefined)
        bytes.push(PUBACK, 2, packetId >> 8, packetId & 255);
    }
    if (bytes.length === 0 || !this.#client.connected) return 0;
    this.#client.stream.write(Buffer.from(bytes));
    return bytes.length / 4;
  }

  /** Resolves at the PUBACK (QoS 1). Never queues: refused while not connected. */
  async publish(topic: string, payload: Uint8Array | string): Promise<void> {
    if (!this.#client.connected) throw new Error("not connected");
    await this.#client.publishAsync(topic, typeof payload === "string" ? payload : Buffer.from(payload), {
      qos: 1,
    });
  }

  /** Drops the present connection and makes another: everything unacknowledged comes again. */
  restart(): void {
    this.#client.stream.destroy();
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#retry);
    await this.#client.endAsync(true).catch(() => undefined);
  }

  #connected(sessionPresent: boolean): void {
    this.#connection++;
    this.#backoff.reset();
    const filters = [...this.#options.filters];
    if (filters.length > 0) {
      this.#client.subscribe(filters, { qos: 1 }, (error) => {
        if (error && !this.#closing) this.#client.stream.destroy(error);
      });
    }
    this.#listener.connected(sessionPresent);
  }

  #closed(): void {
    this.#connection++;
    if (this.#closing || this.#retry !== undefined) return;
    const wait = this.#backoff.next();
    this.#listener.lost(this.#lastError, wait);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (!this.#closing) this.#client.reconnect();
    }, wait);
  }
}

const HELD = new Error("acknowledged later");

/** A refused connection may be an AggregateError with an empty message: its code says more. */
function describeError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return [code, error.message].filter(Boolean).join(" ") || error.name;
}

function clientOptions(options: ConnectionOptions): IClientOptions {
  const { url, filters, longestBackoff, dice, protocol, receiveMaximum, ...rest } = options;
  const withSession = protocol === 5 && !options.clean ? { sessionExpiryInterval: 0xffffffff } : {};
  return {
    ...rest,
    protocolVersion: protocol,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: 10_000,
    keepalive: 30,
    ...(protocol === 5
      ? { properties: { ...withSession, ...(receiveMaximum === undefined ? {} : { receiveMaximum }) } }
      : {}),
  };
}
