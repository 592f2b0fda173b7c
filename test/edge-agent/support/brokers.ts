import type { Frame } from "@plumbline/twin/contract/frame";
import { CHAIN_START, chainHash, decodeFrame, frameHash } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import { ackTopic, FRAME_FILTER, readTopic } from "@plumbline/twin/contract/topics";
import mqtt, { type MqttClient } from "mqtt";
import { type Broker, startBroker } from "../../../simulators/src/broker/aedes-broker.ts";

/** A broker for everyone: what a test needs, not what a plant should run. */
export const openBroker = (port = 0, window?: number): Promise<Broker> =>
  startBroker({
    host: "127.0.0.1",
    port,
    policy: {
      authenticate: () => ({ identity: "anyone" }),
      mayPublish: () => "forward",
      maySubscribe: () => true,
    },
    ...(window === undefined ? {} : { window }),
  });

export const clientOf = ({ port }: { readonly port: number }): Promise<MqttClient> =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);

export const publishReadings = async (client: MqttClient, readings: readonly Reading[]): Promise<void> => {
  await Promise.all(
    readings.map(({ signal, at, value, boot, counter }) =>
      client.publishAsync(`line/${signal}/reading`, JSON.stringify({ t: at, v: value, n: counter, boot }), {
        qos: 1,
      }),
    ),
  );
};

/** The smallest cloud: takes frames in sequence, acknowledges with the right chain hash. */
export class SmallCloud {
  readonly frames: Frame[] = [];
  /** Wire bytes of the frames in {@link frames}. */
  readonly bytes: Buffer[] = [];
  readonly client: MqttClient;
  #chain = CHAIN_START;
  #epoch = "";
  #next = 1;
  /** Frames received in all, resent ones included. */
  deliveries = 0;
  answering = true;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload) => {
      if (readTopic(topic)?.kind === "frame") this.#take(payload);
    });
  }

  static async open(broker: { readonly port: number }): Promise<SmallCloud> {
    const client = await clientOf(broker);
    const cloud = new SmallCloud(client);
    await client.subscribeAsync(FRAME_FILTER, { qos: 1 });
    return cloud;
  }

  get readings(): Reading[] {
    return this.frames.flatMap(({ readings }) => readings);
  }

  #take(payload: Buffer): void {
    this.deliveries++;
    const frame = decodeFrame(payload);
    if (frame.epoch !== this.#epoch) {
      this.#epoch = frame.epoch;
      this.#chain = CHAIN_START;
      this.#next = 1;
    }
    if (frame.sequence === this.#next) {
      this.frames.push(frame);
      this.bytes.push(payload);
      this.#chain = chainHash(this.#chain, frameHash(payload));
      this.#next++;
    }
    if (this.answering) this.acknowledge(frame.thing);
  }

  acknowledge(thing: string, change: Readonly<Record<string, unknown>> = {}): void {
    const ack = { v: 1, thing, epoch: this.#epoch, sequence: this.#next - 1, hash: this.#chain, ...change };
    this.client.publish(ackTopic(thing), JSON.stringify(ack), { qos: 1 });
  }
}

/** Waits, without a time in the assertion: the suite's own limit ends a wait that never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
