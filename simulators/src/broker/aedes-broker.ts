import { createServer, type Server, type Socket } from "node:net";
import { TwinError } from "@plumbline/twin/errors";
import { Aedes, type AedesOptions, type AedesPublishPacket, type Client, type PublishPacket } from "aedes";
import type {
  BrokerCounters,
  BrokerEvent,
  BrokerMessage,
  BrokerPolicy,
  PublishVerdict,
  SessionState,
} from "./broker-policy.ts";
import { type PumpedClient, SessionPump } from "./session-pump.ts";
import { SessionStore } from "./session-store.ts";

export interface BrokerOptions<Identity> {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly policy: BrokerPolicy<Identity>;
  /** Un-acknowledged QoS 1 messages per durable session; mosquitto's `max_inflight_messages`. */
  readonly window?: number;
  readonly onEvent?: (event: BrokerEvent) => void;
  /** Every accepted publication of a client, after it was given to subscribers (or held). */
  readonly onMessage?: (message: BrokerMessage, sender: { clientId: string; identity: Identity }) => void;
}

export interface Broker {
  readonly port: number;
  /** Resolves once subscribers' sessions hold the message. */
  readonly publish: (message: OutgoingMessage) => Promise<void>;
  readonly counters: () => BrokerCounters;
  readonly sessions: () => SessionState[];
  /** Cuts a client's connection; its durable session stays. */
  readonly disconnect: (clientId: string) => void;
  readonly close: () => Promise<void>;
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

const DEFAULT_WINDOW = 1_000;
/** A subscriber that takes nothing for so long is cut off: until then its publisher's next PUBACK waits for it. */
const DRAIN_MS = 3_000;
/** Where held publications go: nobody may subscribe below `$SYS`. */
const HELD_TOPIC = "$SYS/held";

/**
 * An MQTT 3.1.1 broker with durable sessions, QoS 0 and 1. Holds:
 *  - a QoS 1 publication is in every durable session that wants it before its PUBACK is written;
 *  - a durable session gets its messages in that order, none skipped, each again until acknowledged;
 *  - a message is dropped only with its session (a client that asks for a clean one), and then counted.
 *
 * Depends on two inner habits of the pinned library, both held by tests: a client's `deliverQoS` sends a packet whose
 * `brokerId` is null without looking for duplicates, and `authorizeForward` may return null to say "not this way".
 * @throws {TwinError} BROKER_PORT when the port cannot be opened.
 */
export async function startBroker<Identity>(options: BrokerOptions<Identity>): Promise<Broker> {
  const inside = new Inside(options);
  const broker = new Aedes({ ...inside.hooks(), persistence: inside.store, drainTimeout: DRAIN_MS });
  await broker.listen();
  inside.listenTo(broker);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  const port = await listen(server, options.host, options.port);
  return {
    port,
    publish: (message) => publish(broker, message),
    counters: () => ({ ...inside.tally, ...inside.store.counters, ...inside.pump.counters }),
    sessions: () => inside.sessions(),
    disconnect: (clientId) => inside.clients.get(clientId)?.client.conn.destroy(),
    close: () => close(broker, server, sockets),
  };
}

/** Policy, sessions and the library, tied together. */
class Inside<Identity> {
  readonly clients: Map<string, { client: Client; identity: Identity }> = new Map();
  readonly tally: { received: number; refused: number } = { received: 0, refused: 0 };
  readonly store: SessionStore;
  readonly pump: SessionPump;
  readonly #options: BrokerOptions<Identity>;
  #broker: Aedes | undefined;

  constructor(options: BrokerOptions<Identity>) {
    this.#options = options;
    this.store = new SessionStore({
      window: options.window ?? DEFAULT_WINDOW,
      permits: (clientId, filter) => this.#mayNotSubscribe(clientId, filter) === undefined,
      onChange: (clientId) => this.pump.wake(clientId),
    });
    this.pump = new SessionPump(this.store);
  }

  hooks(): AedesOptions {
    return {
      authenticate: (client, username, password, done) => {
        const refusal = this.#logIn(client, username, password?.toString("utf8"));
        if (refusal === undefined) return done(null, true);
        done(Object.assign(new Error(refusal), { returnCode: 5 }), false);
      },
      authorizePublish: (client, packet, done) => {
        const refusal = client === null ? undefined : this.#takeIn(client, packet);
        done(refusal === undefined ? null : new Error(refusal));
      },
      authorizeSubscribe: (client, subscription, done) => {
        const reason =
          subscription.qos > 1 ? "QoS 2 is not served" : this.#mayNotSubscribe(client.id, subscription.topic);
        if (reason === undefined) return done(null, subscription);
        this.#refuse("broker.subscribe-refused", client.id, subscription.topic, reason);
        done(null, null);
      },
      authorizeForward: (client, packet) => (this.pump.delivers(client, packet) ? null : packet),
    };
  }

  listenTo(broker: Aedes): void {
    this.#broker = broker;
    broker.on("clientReady", (client) => {
      this.#tell({ event: "broker.connected", clientId: client.id });
      this.pump.attach(pumped(client));
    });
    broker.on("clientDisconnect", (client) => {
      this.pump.detach(pumped(client));
      if (this.clients.get(client.id)?.client === client) this.clients.delete(client.id);
      this.#tell({ event: "broker.disconnected", clientId: client.id });
    });
    broker.on("clientError", ({ id }, { message }) => {
      this.#tell({ event: "broker.client-error", clientId: id, reason: message });
    });
    broker.on("connectionError", (_client, { message }) => {
      this.#tell({ event: "broker.client-error", clientId: null, reason: message });
    });
    broker.on("publish", (packet, client) => {
      const known = client === null ? undefined : this.clients.get(client.id);
      if (client === null || known === undefined) return;
      this.#options.onMessage?.(messageOf(packet), { clientId: client.id, identity: known.identity });
    });
  }

  sessions(): SessionState[] {
    return [...this.store.sessions].map(([clientId, { waiting, inFlight }]) => ({
      clientId,
      connected: this.pump.isAttached(clientId),
      subscribed: this.store.hasSubscriptions(clientId),
      waiting,
      inFlight,
    }));
  }

  #logIn(client: Client, username: string | undefined, password: string | undefined): string | undefined {
    const answer = this.#options.policy.authenticate({ clientId: client.id, username, password });
    if ("refuse" in answer) {
      this.#tell({ event: "broker.login-refused", clientId: client.id, reason: answer.refuse });
      return answer.refuse;
    }
    this.clients.set(client.id, { client, identity: answer.identity });
    return undefined;
  }

  /** Judges a publication and, if it is good, lays it into the durable sessions: the PUBACK is written after this. */
  #takeIn(client: Client, packet: PublishPacket): string | undefined {
    const verdict = this.#judge(client, packet);
    if (typeof verdict === "object") {
      this.#refuse("broker.publish-refused", client.id, packet.topic, verdict.refuse);
      return verdict.refuse;
    }
    this.tally.received += 1;
    if (verdict === "hold")
      Object.assign(packet, { heldTopic: packet.topic, topic: HELD_TOPIC, retain: false });
    else if (packet.qos === 1) this.store.queueEarly(this.#numbered(packet));
    return undefined;
  }

  #judge(client: Client, packet: PublishPacket): PublishVerdict {
    const known = this.clients.get(client.id);
    if (known === undefined) return { refuse: "not logged in" };
    if (packet.qos > 1) return { refuse: "QoS 2 is not served" };
    if (packet.topic.startsWith("$SYS/")) return { refuse: "$SYS topics are the broker's own" };
    return this.#options.policy.mayPublish(known.identity, messageOf(packet));
  }

  /** Gives the packet the number that the library would give it a moment later. */
  #numbered(packet: PublishPacket): PublishPacket & { brokerCounter: number } {
    const broker = this.#broker as (Aedes & { counter: number }) | undefined;
    if (broker === undefined) throw new Error("a client published before the broker listened");
    broker.counter += 1;
    return Object.assign(packet, { brokerId: broker.id, brokerCounter: broker.counter });
  }

  #mayNotSubscribe(clientId: string, filter: string): string | undefined {
    const known = this.clients.get(clientId);
    if (known === undefined) return "not logged in";
    if (filter.startsWith("$SYS/")) return "$SYS topics are the broker's own";
    return this.#options.policy.maySubscribe(known.identity, filter) ? undefined : "not permitted";
  }

  #refuse(
    event: "broker.publish-refused" | "broker.subscribe-refused",
    clientId: string,
    topic: string,
    reason: string,
  ): void {
    this.tally.refused += 1;
    this.#tell({ event, clientId, topic, reason });
  }

  #tell(event: BrokerEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** `deliverQoS` exists in the pinned version but not in its type declarations. */
const pumped = (client: Client): PumpedClient => client as Client & Pick<PumpedClient, "deliverQoS">;

const messageOf = (packet: PublishPacket | AedesPublishPacket): BrokerMessage => ({
  topic: (packet as { heldTopic?: string }).heldTopic ?? packet.topic,
  payload: typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload,
  qos: packet.qos,
  retain: packet.retain,
});

const publish = (broker: Aedes, { topic, payload, qos, retain = false }: OutgoingMessage): Promise<void> =>
  new Promise((resolve, reject) => {
    broker.publish({ cmd: "publish", topic, payload, qos, retain, dup: false }, (error) =>
      error ? reject(error) : resolve(),
    );
  });

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const hint = "stop the program that holds the port, or configure port 0 for a free one";
      reject(
        new TwinError("BROKER_PORT", `the broker cannot listen on ${host}:${port}: ${cause.message}`, hint, {
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function close(broker: Aedes, server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    broker.close(() => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  });
}
