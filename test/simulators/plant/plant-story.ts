import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import mqtt from "mqtt";
import { expect } from "vitest";
import { type Broker, startBroker } from "../../../simulators/src/broker/aedes-broker.ts";
import { plantPolicy } from "../../../simulators/src/plant/broker-config.ts";
import {
  decodeReading,
  type ReadingMessage,
  signalOfTopic,
} from "../../../simulators/src/plant/reading-message.ts";
import { plantRows } from "../../../simulators/src/plant/rows.ts";
import { readFrontier } from "../../../simulators/src/scenario/clock.ts";
import { readScenario } from "../../../simulators/src/scenario/scenario.ts";
import { type LineProcess, startProcess } from "../../support/line-process.ts";

/** What a test has opened, newest last; the test file closes it. */
export type Opened = (() => unknown)[];

export const USERS = [
  { username: "line", password: "s3nsor", role: "sensor" as const },
  { username: "gateway", password: "ag3nt", role: "agent" as const },
];

/** A broker, an agent that has subscribed and gone, and a plant to be started. */
export interface Story {
  readonly broker: Broker;
  readonly folder: string;
  readonly scenario: Record<string, unknown>;
  readonly start: () => LineProcess;
  readonly logged: () => { signal: string; t: number }[];
  readonly frontier: () => number;
}

/** `through` may put a proxy between plant and broker: from the broker's port it makes the port to use. */
export async function story(
  entry: string,
  open: Opened,
  changes: Record<string, unknown>,
  through?: (port: number) => Promise<number>,
): Promise<Story> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-plant-"));
  const broker = await startBroker({ host: "127.0.0.1", port: 0, policy: plantPolicy(USERS) });
  open.push(broker.close);
  const agent = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
    clientId: "gateway",
    username: "gateway",
    password: "ag3nt",
    clean: false,
  });
  await agent.subscribeAsync("line/+/reading", { qos: 1 });
  await agent.endAsync();
  const scenario = {
    seed: 11,
    origin: 1_700_000_000_000,
    days: 0.25,
    samplingSeconds: 60,
    rate: 20_000,
    sensors: {
      speed: { noise: 0.01, bias: 0, quantisation: 0.001 },
      tension: { noise: 1, bias: 0, quantisation: 0.1 },
    },
    ...changes,
  };
  const port = through === undefined ? broker.port : await through(broker.port);
  const config = path.join(folder, "plant.json");
  const login = { url: `mqtt://127.0.0.1:${port}`, username: "line", password: "s3nsor" };
  writeFileSync(
    config,
    JSON.stringify({ scenario, broker: login, clock: "clock.json", published: "published.ndjson" }),
  );
  return {
    broker,
    folder,
    scenario,
    start: () => {
      const plant = startProcess(entry, ["--config", config]);
      open.push(() => plant.kill());
      return plant;
    },
    logged: () =>
      readFileSync(path.join(folder, "published.ndjson"), "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { signal: string; t: number }),
    frontier: () => readFrontier(path.join(folder, "clock.json")) ?? Number.NaN,
  };
}

/** All that waits for the agent at the broker. */
export async function takeAll({ broker }: Story): Promise<{ signal: string; message: ReadingMessage }[]> {
  const taken: { signal: string; message: ReadingMessage }[] = [];
  const agent = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, {
    clientId: "gateway",
    username: "gateway",
    password: "ag3nt",
    clean: false,
  });
  agent.on("message", (topic, payload) =>
    taken.push({ signal: signalOfTopic(topic) ?? "", message: decodeReading(payload.toString()) }),
  );
  const idle = (): boolean =>
    broker
      .sessions()
      .every(({ waiting, inFlight, connected }) => connected && waiting === 0 && inFlight === 0);
  await expect.poll(idle, { timeout: 10_000 }).toBe(true);
  await agent.endAsync();
  return taken;
}

export const key = ({ signal, t }: { signal: string; t: number }): string => `${signal}@${t}`;
/** Every reading that the scenario publishes, and its value. */
export const expected = (of: Story): Map<string, number> =>
  new Map(
    [...plantRows(readScenario(of.scenario))].flatMap(({ t, readings }) =>
      readings.map(({ signal, value }) => [key({ signal, t }), value] as const),
    ),
  );
