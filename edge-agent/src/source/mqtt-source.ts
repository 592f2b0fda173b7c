import type { Dice } from "../backoff.ts";
import type { SourceConfig } from "../config.ts";
import { MqttConnection } from "../mqtt-connection.ts";
import type { Source, SourceListener, Ticket } from "./source.ts";

/** Readings over MQTT, QoS 1, with a durable session; acknowledged by packet id once their commit is done. */
export class MqttSource implements Source {
  readonly #connection: MqttConnection;

  constructor(
    config: SourceConfig,
    secret: { password?: string },
    limits: { longestBackoff: number; dice: Dice },
    listener: SourceListener,
  ) {
    this.#connection = new MqttConnection(
      {
        url: config.mqttUrl,
        clientId: config.clientId,
        protocol: config.protocol,
        clean: false,
        ...(config.username === undefined ? {} : { username: config.username }),
        ...(secret.password === undefined ? {} : { password: secret.password }),
        receiveMaximum: config.receiveWindow,
        filters: [config.topicFilter],
        ...limits,
      },
      {
        connected: (sessionPresent) => listener.connected(sessionPresent),
        lost: (reason, retryMs) => listener.lost(reason, retryMs),
        message: (topic, payload, ticket) => listener.sample({ topic, payload, ticket }),
      },
    );
  }

  get connected(): boolean {
    return this.#connection.connected;
  }
  acknowledge(tickets: readonly Ticket[]): void {
    this.#connection.release(tickets);
  }
  restart(): void {
    this.#connection.restart();
  }
  async close(): Promise<void> {
    await this.#connection.close();
  }
}
