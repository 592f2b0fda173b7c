import * as fs from "node:fs";
import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";
import { frameTopic, heartbeatTopic, partRequestTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import type { Dice } from "../backoff.ts";
import type { UplinkConfig } from "../config.ts";
import { MqttConnection } from "../mqtt-connection.ts";
import { within } from "../time-limit.ts";
import type { CloudLink, CloudListener } from "./cloud-link.ts";
import { dispatch, inboundFilters } from "./cloud-messages.ts";
import { withNulls } from "./shadow-report.ts";

const PUBLISH_LIMIT = 35_000;

export interface LinkAddress {
  readonly thing: string;
  readonly instance: string;
}

/** Plain MQTT, TLS or mutual TLS, by what the configuration holds. The session is clean: the outbox is the only queue. */
export class MqttCloudLink implements CloudLink {
  readonly #connection: MqttConnection;
  readonly #address: LinkAddress;

  constructor(
    config: UplinkConfig,
    address: LinkAddress,
    secret: { password?: string },
    limits: { longestBackoff: number; dice: Dice },
    listener: CloudListener,
  ) {
    this.#address = address;
    this.#connection = new MqttConnection(
      {
        url: config.mqttUrl,
        clientId: `${address.thing}-plumbline`,
        protocol: 4,
        clean: true,
        ...(config.username === undefined ? {} : { username: config.username }),
        ...(secret.password === undefined ? {} : { password: secret.password }),
        ...tlsOf(config),
        filters: inboundFilters(address.thing, address.instance),
        ...limits,
      },
      {
        connected: () => listener.connected("mqtt"),
        lost: (reason, retryMs) => listener.lost(reason, retryMs),
        message: (topic, payload, held) => {
          dispatch(topic, payload, address, listener);
          // Nothing from the cloud needs to survive a crash here: acks, parts and the shadow are all asked for again.
          this.#connection.release([held]);
        },
      },
    );
  }

  get connected(): boolean {
    return this.#connection.connected;
  }
  publishFrame(bytes: Uint8Array): Promise<void> {
    return this.#publish(frameTopic(this.#address.thing), bytes);
  }
  publishHeartbeat(json: string): Promise<void> {
    return this.#publish(heartbeatTopic(this.#address.thing), json);
  }
  requestParts(json: string): Promise<void> {
    return this.#publish(partRequestTopic(this.#address.thing), json);
  }
  getShadow(): Promise<void> {
    return this.#publish(shadowTopic(this.#address.thing, this.#address.instance, "get"), "");
  }
  report(reported: ShadowReported): Promise<void> {
    return this.#publish(
      shadowTopic(this.#address.thing, this.#address.instance, "update"),
      JSON.stringify({ state: { reported: withNulls(reported) } }),
    );
  }
  restart(): void {
    this.#connection.restart();
  }
  async close(): Promise<void> {
    await this.#connection.close();
  }

  #publish(topic: string, payload: Uint8Array | string): Promise<void> {
    return within(PUBLISH_LIMIT, topic, this.#connection.publish(topic, payload));
  }
}

function tlsOf({ tls }: UplinkConfig): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(
    Object.entries(tls ?? {}).map(([name, file]) => [name, fs.readFileSync(file, "utf8")]),
  );
}
