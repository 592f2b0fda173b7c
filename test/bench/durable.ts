import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reading } from "@plumbline/twin/contract/reading";
import Database from "better-sqlite3";
import mqtt from "mqtt";
import { WorkerOutbox } from "../../edge-agent/src/outbox/worker-outbox.ts";
import { configIn, limitsOf, scratch, startInProcess } from "../edge-agent/support/agents.ts";
import { publishReadings } from "../edge-agent/support/brokers.ts";
import { startProcess } from "../support/line-process.ts";
import { type Bench, benchRow, inTurn } from "./row.ts";
import { lineRows, toReadings } from "./web-line-readings.ts";

const ROWS = 1_500;
const BATCH = 500;
const BROKER = "simulators/dist/plant/broker-main.js";
const AGENT = { username: "agent", password: "agent" };
const SENSORS = { username: "sensors", password: "sensors" };

/**
 * Readings/s from the plant's broker (a process of its own, QoS 1, one reading a message) through validation, filters,
 * charts and journal to sealed frames, PUBACK after each commit; against a bare better-sqlite3 insert of the same readings
 * with the same durability, 500 rows a transaction. Both write to the same disk in turn.
 */
export const durable: Bench = {
  name: "durable-readings",
  run: async () => {
    const readings = toReadings(lineRows(ROWS, () => 0.05, 4));
    const [value, baseline] = await inTurn(
      3,
      () => throughAgent(readings),
      () => bareInsert(readings),
    );
    return benchRow("durable-readings", "readings/s", value, baseline, "higher", 0.025);
  },
};

async function throughAgent(readings: readonly Reading[]): Promise<number> {
  const folder = scratch();
  const users = [
    { ...SENSORS, role: "sensor" },
    { ...AGENT, role: "agent" },
  ];
  const file = path.join(folder, "broker.json");
  fs.writeFileSync(file, JSON.stringify({ users }));
  fs.writeFileSync(path.join(folder, "password"), AGENT.password);
  const broker = startProcess(BROKER, ["--config", file]);
  const { port } = (await broker.find((line) => line["event"] === "plant-broker.listening")) as unknown as {
    port: number;
  };
  const source = {
    mqttUrl: `mqtt://127.0.0.1:${port}`,
    username: AGENT.username,
    passwordFile: "password",
    clientId: "bench",
  };
  const { config } = configIn(folder, port, port, {
    source,
    outbox: { commitMillis: 20, commitReadings: BATCH },
  });
  const session = await mqtt.connectAsync(source.mqttUrl, { ...AGENT, clientId: "bench", clean: false });
  await session.subscribeAsync(config.source.topicFilter, { qos: 1 });
  await session.endAsync();
  const sensors = await mqtt.connectAsync(source.mqttUrl, SENSORS);
  await publishReadings(sensors, readings);
  await sensors.endAsync();
  const worker = new URL("../edge-agent/dist/outbox/outbox-worker.js", import.meta.url);
  const outbox = new WorkerOutbox(worker, { file: config.outbox.path, limits: limitsOf(config) });
  const start = performance.now();
  const { pipeline } = await startInProcess(config, outbox, AGENT);
  while (pipeline.vitals(false).committed < readings.length) await sleep(2);
  await pipeline.seal();
  const took = performance.now() - start;
  await pipeline.stop();
  await broker.kill();
  fs.rmSync(folder, { recursive: true, force: true });
  return (readings.length / took) * 1_000;
}

function bareInsert(readings: readonly Reading[]): number {
  const folder = scratch();
  const database = new Database(path.join(folder, "bare.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(
    "CREATE TABLE reading (id INTEGER PRIMARY KEY, signal TEXT, at INTEGER, value REAL, quality INTEGER)",
  );
  const insert = database.prepare("INSERT INTO reading (signal, at, value, quality) VALUES (?, ?, ?, 0)");
  const batch = database.transaction((rows: readonly Reading[]) => {
    for (const { signal, at, value } of rows) insert.run(signal, at, value);
  });
  const start = performance.now();
  for (let from = 0; from < readings.length; from += BATCH) batch(readings.slice(from, from + BATCH));
  const took = performance.now() - start;
  database.close();
  fs.rmSync(folder, { recursive: true, force: true });
  return (readings.length / took) * 1_000;
}
