import {
  decodeReported,
  type ParameterSet,
  type ShadowReported,
} from "@plumbline/twin/contract/parameter-set";
import { cutIntoParts, decodePartRequest } from "@plumbline/twin/contract/parts";
import { partRequestTopic, partTopic, shadowTopic } from "@plumbline/twin/contract/topics";
import type { MqttClient } from "mqtt";
import { afterEach } from "vitest";
import type { Broker } from "../../../simulators/src/broker/aedes-broker.ts";
import { configIn, type InProcess, scratch, startInProcess, THING } from "./agents.ts";
import { clientOf, openBroker, publishReadings, SmallCloud, until } from "./brokers.ts";
import { lineReadings } from "./journals.ts";
import { newSigner, publishable, type Signer, WORN } from "./sets.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export const signer: Signer = newSigner("plant-2026");

/** The shadow and the publisher of the cloud, as small as they can be. */
export class SmallShadow {
  reported: ShadowReported = {};
  readonly history: ShadowReported[] = [];
  readonly requests: (readonly number[])[] = [];
  readonly #client: MqttClient;
  #desired: object | undefined;
  #parts: readonly string[] = [];
  #version = 0;
  /** Parts that are lost on their first way. */
  losing: readonly number[] = [];
  answersRequests = true;

  constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#take(topic, payload.toString()));
  }
  static async open(broker: Broker): Promise<SmallShadow> {
    const client = await clientOf(broker);
    open.push(() => client.endAsync(true));
    const shadow = new SmallShadow(client);
    await client.subscribeAsync(
      [shadowTopic(THING, "main", "get"), shadowTopic(THING, "main", "update"), partRequestTopic(THING)],
      { qos: 1 },
    );
    return shadow;
  }

  #take(topic: string, text: string): void {
    if (topic === shadowTopic(THING, "main", "get")) {
      this.#client.publish(
        shadowTopic(THING, "main", "get/accepted"),
        JSON.stringify({ state: { ...(this.#desired ? { desired: this.#desired } : {}) } }),
        { qos: 1 },
      );
    } else if (topic === partRequestTopic(THING)) {
      const { missing } = decodePartRequest(text);
      this.requests.push(missing);
      if (this.answersRequests) for (const part of missing) this.#send(part);
    } else {
      this.reported = decodeReported(
        (JSON.parse(text) as { state: { reported: unknown } }).state.reported,
        "reported",
      );
      this.history.push(this.reported);
    }
  }

  publish(set: ParameterSet, by: Signer = signer, change: object = {}): void {
    const { pointer, parts } = cutIntoParts(by.sign(set), set.version);
    this.#desired = { ...pointer, ...change };
    this.#parts = parts;
    this.#version = pointer.version;
    for (const part of parts.keys()) if (!this.losing.includes(part)) this.#send(part);
    this.#client.publish(
      shadowTopic(THING, "main", "update/delta"),
      JSON.stringify({ state: this.#desired }),
      { qos: 1 },
    );
  }
  #send(part: number): void {
    this.#client.publish(partTopic(THING, "main", this.#version, part), this.#parts[part]!, { qos: 1 });
  }
  reports(version: number, state: string): boolean {
    return this.history.some(({ report }) => report?.version === version && report.state === state);
  }
}

export interface Scene extends InProcess {
  readonly shadow: SmallShadow;
  readonly cloud: SmallCloud;
  readonly rows: (count: number) => Promise<void>;
}
export interface Setting {
  readonly folder?: string;
  readonly revoked?: readonly string[];
  readonly wall?: () => number;
}
export async function scene({
  folder = scratch(),
  revoked = [],
  wall = Date.now,
}: Setting = {}): Promise<Scene> {
  const plant = await openBroker();
  const cloudBroker = await openBroker();
  const cloud = await SmallCloud.open(cloudBroker);
  const shadow = await SmallShadow.open(cloudBroker);
  const sensors = await clientOf(plant);
  const { config } = configIn(folder, plant.port, cloudBroker.port, {
    apply: { keys: [{ kid: signer.kid, pem: signer.pem }], revoked },
  });
  const agent = await startInProcess(config, undefined, undefined, wall);
  open.push(
    () => plant.close(),
    () => cloudBroker.close(),
    () => cloud.client.endAsync(true),
    () => sensors.endAsync(true),
    () => agent.pipeline.stop(),
  );
  await until(
    () =>
      plant.sessions().some(({ subscribed }) => subscribed) && agent.pipeline.vitals(false).uplink.connected,
  );
  const readings = lineReadings(100, 41, () => WORN);
  let next = 0;
  const rows = async (count: number): Promise<void> => {
    const before = agent.pipeline.vitals(false).committed;
    await publishReadings(sensors, readings.slice(next * 21, (next + count) * 21));
    next += count;
    await until(() => agent.pipeline.vitals(false).committed === before + count * 21);
  };
  return { ...agent, shadow, cloud, rows };
}
/** The nonce of a new disk, as its first report tells it. */
export async function nonceOf({ shadow }: Scene): Promise<string> {
  await until(() => shadow.reported.nonce !== undefined);
  return shadow.reported.nonce!;
}

/** Version 1, tried and committed. */
export async function committed(setting: Setting, change: Partial<ParameterSet> = {}): Promise<Scene> {
  const here = await scene(setting);
  const nonce = await nonceOf(here);
  await here.rows(2);
  here.shadow.publish(publishable(1, { nonce, ...change }));
  await until(() => here.shadow.reports(1, "trial"));
  await here.rows(8);
  await until(() => here.shadow.reports(1, "committed"));
  return here;
}
