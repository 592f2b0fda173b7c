import * as net from "node:net";
import { decodeHeartbeat } from "@plumbline/twin/contract/heartbeat";
import { heartbeatTopic } from "@plumbline/twin/contract/topics";
import type { MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { LocalOutbox } from "../../../edge-agent/src/outbox/local-outbox.ts";
import type { Broker } from "../../../simulators/src/broker/aedes-broker.ts";
import { configIn, type InProcess, limitsOf, scratch, startInProcess, THING } from "../support/agents.ts";
import { clientOf, openBroker, publishReadings, SmallCloud, until } from "../support/brokers.ts";
import { lineReadings } from "../support/journals.ts";
import { HeldOutbox } from "../support/outboxes.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Field {
  readonly plant: Broker;
  readonly sensors: MqttClient;
  readonly cloud: SmallCloud;
  readonly cloudBroker: Broker;
  readonly folder: string;
}
async function field(): Promise<Field> {
  const plant = await openBroker();
  const cloudBroker = await openBroker();
  const cloud = await SmallCloud.open(cloudBroker);
  const sensors = await clientOf(plant);
  open.push(
    () => plant.close(),
    () => cloudBroker.close(),
    () => cloud.client.endAsync(true),
    () => sensors.endAsync(true),
  );
  return { plant, sensors, cloud, cloudBroker, folder: scratch() };
}
async function agentIn(
  { plant, cloudBroker, folder }: Field,
  change: Record<string, unknown> = {},
  hold = false,
): Promise<InProcess & { outbox: HeldOutbox }> {
  const { config } = configIn(folder, plant.port, cloudBroker.port, change);
  const outbox = new HeldOutbox(new LocalOutbox(config.outbox.path, limitsOf(config)));
  const agent = await startInProcess(config, outbox);
  if (hold) outbox.hold();
  open.push(async () => {
    outbox.letGo();
    await agent.pipeline.stop();
  });
  await until(() => plant.sessions().some(({ subscribed, connected }) => subscribed && connected));
  return { ...agent, outbox };
}

test("a reading is acknowledged to the plant only after its commit", async () => {
  const here = await field();
  const { outbox, pipeline } = await agentIn(here, {}, true);
  await publishReadings(here.sensors, lineReadings(10, 1));
  await until(() => outbox.asked > 0 && pipeline.vitals(false).received === 210);
  expect(here.plant.counters().acknowledged).toBe(0);
  expect(pipeline.vitals(false)).toMatchObject({ idle: false, committed: 0, inFlight: 210 });
  outbox.letGo();
  await until(() => here.plant.counters().acknowledged === 210);
  expect(pipeline.vitals(false)).toMatchObject({ committed: 210, inFlight: 0, duplicate: 0 });
});

test("acknowledgements of a connection that was lost are not sent on the next one, and nothing is committed twice", async () => {
  const here = await field();
  const { outbox, pipeline } = await agentIn(here, {}, true);
  await publishReadings(here.sensors, lineReadings(5, 1));
  await until(() => pipeline.vitals(false).received === 105);
  here.plant.disconnect(`plumbline-${THING}`);
  await until(() => pipeline.vitals(false).received >= 210);
  outbox.letGo();
  await until(() => here.plant.sessions().every(({ waiting, inFlight }) => waiting + inFlight === 0));
  expect(pipeline.vitals(false)).toMatchObject({ committed: 105, duplicate: 105, idle: true });
});

test("frames reach the cloud in sequence, and leave the outbox with its acknowledgement", async () => {
  const here = await field();
  const { pipeline } = await agentIn(here);
  const readings = lineReadings(130, 2);
  await publishReadings(here.sensors, readings);
  await until(() => pipeline.vitals(false).idle && pipeline.vitals(false).committed === readings.length);
  await pipeline.seal();
  await until(() => here.cloud.readings.length === readings.length);
  expect(here.cloud.frames.map(({ sequence }) => sequence)).toEqual(
    here.cloud.frames.map((_, index) => index + 1),
  );
  await until(() => pipeline.vitals(false).outbox.backlogFrames === 0);
});

test("forged and foreign acknowledgements are ignored, each with its reason", async () => {
  const here = await field();
  here.cloud.answering = false;
  const { pipeline, events } = await agentIn(here);
  await publishReadings(here.sensors, lineReadings(130, 3));
  await until(() => here.cloud.frames.length === 2);
  const forgeries: [Record<string, unknown>, RegExp][] = [
    [{ epoch: "ffffffffffffffff" }, /epoch/],
    [{ sequence: 9 }, /never sent/],
    [{ hash: "f".repeat(64) }, /chain hash/],
    [{ thing: "line-8" }, /it is for line-8/],
    [{ v: 2 }, /ack\.v/],
  ];
  for (const [change, reason] of forgeries) {
    here.cloud.acknowledge(THING, change);
    await until(() =>
      events.some((event) => event.name === "uplink.ack-ignored" && reason.test(event.reason)),
    );
  }
  expect(pipeline.vitals(false)).toMatchObject({ ackedSequence: 0, outbox: { backlogFrames: 2 } });
  here.cloud.acknowledge(THING);
  await until(() => pipeline.vitals(false).ackedSequence === 2);
});

test("after a silence everything from the lowest unacknowledged frame is sent again, and no more than the window", async () => {
  const here = await field();
  here.cloud.answering = false;
  const { pipeline, events } = await agentIn(here, {
    uplink: { kind: "mqtt", mqttUrl: `mqtt://127.0.0.1:${here.cloudBroker.port}`, inFlight: 3 },
    outbox: { commitMillis: 5, sealReadings: 210 },
  });
  await publishReadings(here.sensors, lineReadings(60, 4));
  await until(() => pipeline.vitals(false).sealedSequence === 6 && here.cloud.frames.length >= 3);
  const before = events.length;
  await until(() => events.slice(before).some(({ name }) => name === "uplink.resent"));
  expect(Math.max(...here.cloud.frames.map(({ sequence }) => sequence))).toBe(3);
  expect(pipeline.vitals(false).sentSequence).toBe(3);
  here.cloud.answering = true;
  await until(() => pipeline.vitals(false).ackedSequence === 6);
});

test("messages that cannot be read are counted, kept with a reason and acknowledged: nothing is lost in silence", async () => {
  const here = await field();
  const { pipeline, events } = await agentIn(here);
  const bad = [
    ["line/w1/reading", "not JSON at all"],
    ["line/w1/reading", "[1, 2]"],
    ["line/w1/reading", '{"t":"yesterday","v":1}'],
    ["line/w1/reading", '{"t":1767225600000,"v":"high"}'],
    ["line/w77/reading", '{"t":1767225600000,"v":1}'],
    ["line/w1/reading", `{"t":1767225600000,"v":1,"x":"${"y".repeat(2_000)}"}`],
    ["line/w1/reading", '{"t":1767225600000,"v":1,"x":[[[[[[1]]]]]]}'],
  ] as const;
  for (const [topic, payload] of bad) await here.sensors.publishAsync(topic, payload, { qos: 1 });
  await publishReadings(here.sensors, lineReadings(1, 5));
  await until(() => pipeline.vitals(false).committed === 21 && pipeline.vitals(false).idle);
  expect(pipeline.vitals(false)).toMatchObject({ received: 21 + bad.length, rejected: bad.length });
  await until(() => here.plant.counters().acknowledged === 21 + bad.length);
  expect(events.flatMap((event) => (event.name === "source.rejected" ? [event.reason] : []))).toEqual([
    "payload is not JSON",
    "payload is not a JSON object",
    "t is not a time in ms since 1970",
    "v is not a number",
    "signal w77 is not declared by the twin",
    expect.stringMatching(/more than 1024/),
    "payload nested deeper than 4",
  ]);
});

test("a reading 1000 times too large reaches the cloud as BAD: unit-scale", async () => {
  const here = await field();
  const { pipeline } = await agentIn(here);
  const readings = lineReadings(3, 6).map((reading, index) =>
    index === 22 ? { ...reading, value: reading.value * 1_000 } : reading,
  );
  await publishReadings(here.sensors, readings);
  await until(() => pipeline.vitals(false).committed === 63);
  await pipeline.seal();
  await until(() => here.cloud.readings.length === 63);
  expect(here.cloud.readings.filter(({ quality }) => quality !== "GOOD")).toMatchObject([
    { signal: readings[22]!.signal, quality: "BAD", reason: "unit-scale" },
  ]);
});

test("brokers that are down at start are waited for, and the agent says so", async () => {
  const [plantPort, cloudPort] = [await freePort(), await freePort()];
  const { config } = configIn(scratch(), plantPort, cloudPort);
  const { pipeline, events } = await startInProcess(config);
  open.push(() => pipeline.stop());
  await until(
    () =>
      events.filter(({ name }) => name === "source.lost").length > 2 &&
      events.some(({ name }) => name === "uplink.lost"),
  );
  expect(events.find((event) => event.name === "source.lost")).toMatchObject({
    reason: expect.stringMatching(/ECONNREFUSED/),
  });
  const plant = await openBroker(plantPort);
  const cloud = await openBroker(cloudPort);
  open.push(
    () => plant.close(),
    () => cloud.close(),
  );
  await until(() => pipeline.vitals(false).source.connected && pipeline.vitals(false).uplink.connected);
});

test("refuse holds back acknowledgements while the outbox is full, and goes on when there is room", async () => {
  const here = await field();
  here.cloud.answering = false;
  const { pipeline, events } = await agentIn(here, {
    outbox: { commitMillis: 5, capBytes: 163_840, overflow: "refuse", sealReadings: 21 },
  });
  const readings = lineReadings(200, 7);
  const publishing = publishReadings(here.sensors, readings);
  await until(() => events.some(({ name }) => name === "outbox.full"));
  await publishing;
  expect(here.plant.counters().acknowledged).toBeLessThan(readings.length);
  here.cloud.answering = true;
  here.cloud.acknowledge(THING);
  await until(() => here.cloud.readings.length === readings.length);
  await until(() => pipeline.vitals(false).idle);
  expect(pipeline.vitals(false)).toMatchObject({ committed: readings.length, lost: 0 });
});

test("drop-newest acknowledges and drops while the outbox is full, and every loss is in a gap record of its signal", async () => {
  const here = await field();
  here.cloud.answering = false;
  const { pipeline, events } = await agentIn(here, {
    outbox: { commitMillis: 5, capBytes: 163_840, overflow: "drop-newest", sealReadings: 21 },
  });
  const readings = lineReadings(200, 8);
  await publishReadings(here.sensors, readings);
  await until(() => here.plant.counters().acknowledged === readings.length);
  expect(events.some(({ name }) => name === "outbox.full")).toBe(true);
  const { lost, committed } = pipeline.vitals(false);
  expect(lost + committed).toBe(readings.length);
  here.cloud.answering = true;
  here.cloud.acknowledge(THING);
  await until(async () => {
    await pipeline.seal();
    const { sealedSequence } = pipeline.vitals(false);
    return here.cloud.readings.length === committed && here.cloud.frames.at(-1)?.sequence === sealedSequence;
  });
  const gaps = here.cloud.frames
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === "gap" ? [record] : []));
  expect(gaps.reduce((sum, { count }) => sum + count, 0)).toBe(lost);
  const stored = new Set(here.cloud.readings.map(({ signal, at }) => `${signal}|${at}`));
  for (const { signal, at } of readings)
    if (!stored.has(`${signal}|${at}`))
      expect(gaps.some((gap) => gap.signal === signal && gap.from <= at && at <= gap.to)).toBe(true);
});

test("the heartbeat tells backlog, set and state", async () => {
  const here = await field();
  const beats: string[] = [];
  here.cloud.client.on(
    "message",
    (topic, payload) => void (topic === heartbeatTopic(THING) && beats.push(payload.toString())),
  );
  await here.cloud.client.subscribeAsync(heartbeatTopic(THING), { qos: 1 });
  const { pipeline } = await agentIn(here);
  await publishReadings(here.sensors, lineReadings(2, 9));
  await until(() => pipeline.vitals(false).committed === 42);
  pipeline.beat();
  await until(() => beats.length > 0);
  expect(decodeHeartbeat(beats[0]!)).toMatchObject({
    thing: THING,
    instance: "main",
    backlogReadings: 42,
    backlogFrames: 0,
    set: 0,
    applyState: "idle",
  });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
