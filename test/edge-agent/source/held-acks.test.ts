import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Release } from "../../../edge-agent/src/mqtt-connection.ts";
import { MqttConnection } from "../../../edge-agent/src/mqtt-connection.ts";
import { scratch } from "../support/agents.ts";
import { clientOf, openBroker, until } from "../support/brokers.ts";

interface RunningBroker {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

async function openMosquitto(): Promise<RunningBroker> {
  const port = await freePort();
  const file = path.join(scratch(), "mosquitto.conf");
  fs.writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\n`,
  );
  const child: ChildProcess = spawn("mosquitto", ["-c", file], { stdio: "ignore" });
  const answers = (): Promise<boolean> =>
    new Promise((resolve) =>
      net
        .connect(port, "127.0.0.1")
        .once("connect", () => resolve(true))
        .once("error", () => resolve(false)),
    );
  await until(answers);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill();
    });
  return { port, close };
}

const mosquitto = spawnSync("mosquitto", ["-h"]).error === undefined;
const brokers: [name: string, protocol: 4 | 5, open: () => Promise<RunningBroker>][] = [
  ["aedes, MQTT 3.1.1", 4, () => openBroker()],
  ["mosquitto, MQTT 3.1.1", 4, openMosquitto],
  ["mosquitto, MQTT 5", 5, openMosquitto],
];

describe.each(brokers)("with %s", (name, protocol, open) => {
  const skipped = name.startsWith("mosquitto") && !mosquitto;
  let broker: RunningBroker;
  beforeAll(async () => {
    if (!skipped) broker = await open();
  });
  afterAll(async () => {
    await broker?.close();
  });

  /** A durable session that collects messages, and what it has been told. */
  async function connect(
    clientId: string,
  ): Promise<{ connection: MqttConnection; texts: string[]; held: Release[]; sessions: boolean[] }> {
    const texts: string[] = [];
    const held: Release[] = [];
    const sessions: boolean[] = [];
    const connection = new MqttConnection(
      {
        url: `mqtt://127.0.0.1:${broker.port}`,
        clientId,
        protocol,
        clean: false,
        filters: ["held/#"],
        receiveMaximum: 1_000,
        longestBackoff: 20,
        dice: Math.random,
      },
      {
        connected: (present) => void sessions.push(present),
        lost: () => undefined,
        message: (_topic, payload, release) => {
          texts.push(Buffer.from(payload).toString());
          held.push(release);
        },
      },
    );
    await until(() => connection.connected);
    await new Promise((resolve) => setTimeout(resolve, 50)); // the subscription's own answer
    return { connection, texts, held, sessions };
  }
  const publish = async (from: number, to: number): Promise<void> => {
    const client = await clientOf(broker);
    await Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        client.publishAsync("held/x", String(from + index), { qos: 1 }),
      ),
    );
    await client.endAsync();
  };
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => String(from + index));

  test.skipIf(skipped)(
    "messages keep coming while their acknowledgements are held, and come again after a reconnect",
    async () => {
      const { connection, texts, held, sessions } = await connect(`a${protocol}`);
      await publish(0, 200);
      await until(() => texts.length === 200); // none acknowledged yet
      connection.release(held.slice(0, 50));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const stale = held.slice(50);
      connection.restart();
      await until(() => texts.length >= 350);
      expect(sessions).toEqual([false, true]);
      expect(texts.slice(200)).toEqual(numbers(50, 200));
      expect(connection.release(stale)).toBe(0);
      connection.release(held.slice(200));
      await new Promise((resolve) => setTimeout(resolve, 50));
      connection.restart();
      await until(() => sessions.length === 3);
      await publish(200, 201);
      await until(() => texts.at(-1) === "200");
      expect(texts.slice(350)).toEqual(["200"]);
      await connection.close();
    },
  );

  test.skipIf(skipped)("acknowledgements may be released in any order", async () => {
    const { connection, texts, held } = await connect(`b${protocol}`);
    await publish(0, 20);
    await until(() => texts.length === 20);
    connection.release(held.toReversed());
    await publish(20, 30);
    await until(() => texts.length === 30);
    await connection.close();
  });
});
