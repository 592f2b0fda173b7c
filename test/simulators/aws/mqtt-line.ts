import mqtt, { type IClientOptions, type MqttClient } from "mqtt";

export interface Received {
  readonly topic: string;
  readonly payload: string;
}

/** An MQTT client of the tests that keeps what it hears. */
export interface MqttLine extends AsyncDisposable {
  readonly client: MqttClient;
  readonly heard: Received[];
  /** Granted QoS of each filter; 128 is a refusal. */
  subscribe(...filters: string[]): Promise<number[]>;
  publish(
    topic: string,
    payload: string | Buffer,
    options?: { qos?: 0 | 1 | 2; retain?: boolean },
  ): Promise<void>;
  /** Settles when the connection ends. */
  readonly closed: Promise<void>;
}

export async function openLine(
  port: number,
  username: string,
  password: string,
  more: IClientOptions = {},
): Promise<MqttLine> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 4,
    username,
    password,
    reconnectPeriod: 0,
    ...more,
  });
  const heard: Received[] = [];
  client.on("message", (topic, payload) => heard.push({ topic, payload: payload.toString() }));
  client.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  return {
    client,
    heard,
    closed,
    subscribe: async (...filters) =>
      new Promise((resolve, reject) => {
        client.subscribe(filters, { qos: 1 }, (error, _granted, packet) => {
          const granted = (packet as { granted?: number[] } | undefined)?.granted;
          if (granted !== undefined) resolve(granted);
          else reject(error ?? new Error("no SUBACK"));
        });
      }),
    publish: async (topic, payload, options = {}) => {
      await client.publishAsync(topic, payload, { qos: 1, ...options });
    },
    [Symbol.asyncDispose]: async () => {
      await client.endAsync(true);
    },
  };
}
