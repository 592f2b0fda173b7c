import { TwinError } from "@plumbline/twin/errors";
import mqtt from "mqtt";

export interface BrokerLogin {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
}

export interface MqttPublisher {
  /** QoS 1; resolves with the PUBACK, across reconnects. */
  readonly publish: (topic: string, payload: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

const RECONNECT_MS = 250;
/** CONNACK codes that no retry mends: bad user name or password, not authorised. */
const REFUSED = new Set<unknown>([4, 5]);

/**
 * Connects, and keeps trying while the broker is away; what was not acknowledged is sent again after a reconnect.
 * @throws {TwinError} BROKER_LOGIN when the broker refuses the login.
 */
export async function connectPublisher(
  login: BrokerLogin,
  onTrouble: (reason: string) => void,
): Promise<MqttPublisher> {
  const { url, ...credentials } = login;
  const client = mqtt.connect(url, {
    ...credentials,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: RECONNECT_MS,
    resubscribe: false,
  });
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.on("error", (cause) => {
      if (!REFUSED.has((cause as Error & { code?: unknown }).code))
        return onTrouble(cause.message || String((cause as Error & { code?: unknown }).code));
      client.end(true);
      const hint = `use a user name and password of the broker's configuration (tried ${JSON.stringify(login.username)})`;
      reject(new TwinError("BROKER_LOGIN", `${url} refuses the login: ${cause.message}`, hint, { cause }));
    });
  });
  client.on("offline", () => onTrouble("the connection was lost"));
  return {
    publish: async (topic, payload) => {
      await client.publishAsync(topic, payload, { qos: 1 });
    },
    end: () => client.endAsync(),
  };
}
