import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  PublishCommand,
  ResourceNotFoundException,
  UpdateThingShadowCommand,
} from "@aws-sdk/client-iot-data-plane";
import { shadowName, thingOf } from "@plumbline/twin/contract/topics";
import { type ClientOptions, clientConfig } from "./client-options.ts";

/** Words to a gateway, through the broker. */
export interface GatewayLink {
  /** Resolves when the broker has the message; QoS 1, never retained. */
  publish(topic: string, payload: Uint8Array | string): Promise<void>;
  /** The named shadow's state; undefined: there is none yet. */
  shadow(
    thing: string,
    instance: string,
  ): Promise<{ readonly desired: unknown; readonly reported: unknown } | undefined>;
  /** Sets `desired`; the members that are not named stay as they are. */
  desire(thing: string, instance: string, desired: Readonly<Record<string, unknown>>): Promise<void>;
}

export class IotData implements GatewayLink {
  readonly #client: IoTDataPlaneClient;

  constructor(options: ClientOptions) {
    this.#client = new IoTDataPlaneClient(clientConfig(options));
  }

  async publish(topic: string, payload: Uint8Array | string): Promise<void> {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    await this.#client.send(new PublishCommand({ topic, qos: 1, payload: bytes }));
  }

  async shadow(
    thing: string,
    instance: string,
  ): Promise<{ readonly desired: unknown; readonly reported: unknown } | undefined> {
    try {
      const { payload } = await this.#client.send(
        new GetThingShadowCommand({ thingName: thingOf(thing), shadowName: shadowName(instance) }),
      );
      const document = JSON.parse(new TextDecoder().decode(payload)) as { state?: Record<string, unknown> };
      return { desired: document.state?.["desired"], reported: document.state?.["reported"] };
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async desire(thing: string, instance: string, desired: Readonly<Record<string, unknown>>): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify({ state: { desired } }));
    await this.#client.send(
      new UpdateThingShadowCommand({ thingName: thingOf(thing), shadowName: shadowName(instance), payload }),
    );
  }
}
