import { PublishCommand } from "@aws-sdk/client-iot-data-plane";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { errorOf, openBox, type TestBox } from "./box-harness.ts";
import { type MqttLine, openLine } from "./mqtt-line.ts";

let t: TestBox;
beforeAll(async () => {
  t = await openBox();
});
afterAll(() => t[Symbol.asyncDispose]());

const thing = (name = "gw-1", more: Parameters<typeof openLine>[3] = {}): Promise<MqttLine> =>
  openLine(t.box.mqttPort, name, `secret-${name.at(-1)}`, more);
const ingest = (): Promise<MqttLine> => openLine(t.box.mqttPort, "ingest", "secret-i");
const observer = (): Promise<MqttLine> => openLine(t.box.mqttPort, "observer", "secret-o");
const refused = (topic: string): boolean =>
  t.events.some((event) => event.event === "broker.publish-refused" && event.topic === topic);

describe("who may log in", () => {
  test("a wrong password and an unknown user may not, and the log says why", async () => {
    await expect(openLine(t.box.mqttPort, "gw-1", "wrong")).rejects.toThrow(/authorized/i);
    await expect(openLine(t.box.mqttPort, "nobody", "x")).rejects.toThrow(/authorized/i);
    expect(t.events.filter(({ event }) => event === "broker.login-refused")).toHaveLength(2);
  });

  test("a client id that is used again kicks the older connection", async () => {
    const first = await thing("gw-1", { clientId: "same" });
    await using second = await thing("gw-1", { clientId: "same" });
    await first.closed;
    expect(second.client.connected).toBe(true);
  });
});

describe("who may publish what", () => {
  test.each([
    "plumbline/v1/gw-1/frame",
    "plumbline/v1/gw-1/heartbeat",
    "plumbline/v1/gw-1/parameters-request",
  ])("a thing: its own %s", async (topic) => {
    await using hears = await ingest();
    await hears.subscribe(topic.replace("gw-1", "+"));
    await using line = await thing();
    await line.publish(topic, "x");
    await vi.waitFor(() => expect(hears.heard).toEqual([{ topic, payload: "x" }]));
  });

  test.each([
    ["another thing's frame", "plumbline/v1/gw-2/frame"],
    ["an ack", "plumbline/v1/gw-1/ack"],
    ["a part of parameters", "plumbline/v1/gw-1/parameters/line/1/0"],
    ["another thing's shadow", "$aws/things/gw-2/shadow/name/p/update"],
    ["its classic shadow", "$aws/things/gw-1/shadow/update"],
    ["a shadow's answer", "$aws/things/gw-1/shadow/name/p/update/accepted"],
    ["a topic of eight slashes", "plumbline/v1/a/b/c/d/e/f/g"],
    ["a topic of 257 bytes", `plumbline/v1/${"x".repeat(244)}`],
  ])("a thing that publishes %s is disconnected, and the log says so", async (_name, topic) => {
    await using line = await thing();
    line.publish(topic, "x").catch(() => undefined);
    await line.closed;
    expect(refused(topic)).toBe(true);
  });

  test("a payload above 128 KB, a retained message, QoS 2", async () => {
    await using small = await thing();
    await small.publish("plumbline/v1/gw-1/frame", Buffer.alloc(128 * 1024));
    for (const [payload, options] of [
      [Buffer.alloc(128 * 1024 + 1), {}],
      ["x", { retain: true }],
      ["x", { qos: 2 }],
    ] as const) {
      const line = await thing("gw-2");
      line.publish("plumbline/v1/gw-2/frame", payload, options).catch(() => undefined);
      await line.closed;
    }
    const reasons = t.events.flatMap((event) =>
      event.event === "broker.publish-refused" && event.topic === "plumbline/v1/gw-2/frame"
        ? event.reason
        : [],
    );
    for (const reason of [/at most 131072 bytes/, /retained/, /QoS 2/])
      expect(reasons.some((each) => reason.test(each))).toBe(true);
  });

  test("ingest may ack every thing and publish nothing else; an observer publishes nothing", async () => {
    await using line = await thing();
    await line.subscribe("plumbline/v1/gw-1/ack");
    await using acks = await ingest();
    await acks.publish("plumbline/v1/gw-1/ack", "1");
    await vi.waitFor(() => expect(line.heard.map(({ payload }) => payload)).toEqual(["1"]));
    acks.publish("plumbline/v1/gw-1/parameters/line/1/0", "x").catch(() => undefined);
    await acks.closed;
    const watcher = await observer();
    watcher.publish("plumbline/v1/gw-1/ack", "2").catch(() => undefined);
    await watcher.closed;
    expect(line.heard).toHaveLength(1);
  });
});

describe("who may hear what", () => {
  test("a thing hears its own acks, parts and shadows, and no more", async () => {
    await using line = await thing();
    const shadow = "$aws/things/gw-1/shadow/name";
    expect(
      await line.subscribe(
        "plumbline/v1/gw-1/ack",
        "plumbline/v1/gw-1/parameters/line/+/+",
        `${shadow}/p/update/delta`,
        `${shadow}/p/get/accepted`,
      ),
    ).toEqual([1, 1, 1, 1]);
    const foreign = [
      "plumbline/v1/+/ack",
      "plumbline/v1/gw-2/ack",
      "#",
      "plumbline/v1/gw-1/#",
      "plumbline/v1/gw-1/frame",
      `${shadow}/#`,
    ];
    for (const filter of foreign) expect([filter, await line.subscribe(filter)]).toEqual([filter, [128]]);
  });

  test("ingest hears every thing's messages, an observer everything", async () => {
    await using acks = await ingest();
    expect(await acks.subscribe("plumbline/v1/+/frame", "plumbline/v1/+/ack", "#")).toEqual([1, 128, 128]);
    await using watcher = await observer();
    expect(await watcher.subscribe("#", "plumbline/v1/#", "$aws/things/+/shadow/#")).toEqual([1, 1, 1]);
  });
});

describe("publish over HTTP", () => {
  const send = (topic: string, more: object = {}): Promise<unknown> =>
    t.clients.iotData.send(new PublishCommand({ topic, qos: 1, payload: Buffer.from("part"), ...more }));

  test("reaches who has subscribed", async () => {
    await using line = await thing();
    await line.subscribe("plumbline/v1/gw-1/parameters/#");
    await send("plumbline/v1/gw-1/parameters/line/7/0");
    await vi.waitFor(() =>
      expect(line.heard).toEqual([{ topic: "plumbline/v1/gw-1/parameters/line/7/0", payload: "part" }]),
    );
  });

  test("waits in the durable session of a gateway that is away", async () => {
    const durable = { clientId: "gw-1-durable", clean: false };
    const first = await thing("gw-1", durable);
    await first.subscribe("plumbline/v1/gw-1/parameters/#");
    await first.client.endAsync();
    for (const part of [0, 1, 2]) await send(`plumbline/v1/gw-1/parameters/line/8/${part}`);
    await using again = await thing("gw-1", durable);
    await vi.waitFor(() => expect(again.heard.map(({ topic }) => topic.at(-1))).toEqual(["0", "1", "2"]));
  });

  test("of a wildcard, a reserved or too deep topic, or a retained message is refused", async () => {
    for (const topic of ["a/+/b", "$aws/things/x/shadow/update", "a/b/c/d/e/f/g/h/i"])
      expect(await errorOf(send(topic))).toMatchObject({ name: "InvalidRequestException" });
    expect(await errorOf(send("a", { retain: true }))).toMatchObject({ name: "InvalidRequestException" });
    expect(await errorOf(send("a", { payload: Buffer.alloc(128 * 1024 + 1) }))).toMatchObject({
      status: 413,
    });
  });
});

describe("replay", () => {
  test("delivers every frame as often as asked, out of order, and acks and heartbeats once", async () => {
    await using own = await openBox({ replay: { copies: 3, seed: 7 } });
    await using hears = await openLine(own.box.mqttPort, "ingest", "secret-i");
    await hears.subscribe("plumbline/v1/+/frame", "plumbline/v1/+/heartbeat");
    await using line = await openLine(own.box.mqttPort, "gw-1", "secret-1");
    const sent = Array.from({ length: 60 }, (_, i) => String(i));
    for (const payload of sent) await line.publish("plumbline/v1/gw-1/frame", payload);
    await line.publish("plumbline/v1/gw-1/heartbeat", "h");
    await vi.waitFor(() => expect(hears.heard).toHaveLength(181), { timeout: 5_000 });
    const frames = hears.heard.filter(({ topic }) => topic.endsWith("frame")).map(({ payload }) => payload);
    expect([...frames].sort()).toEqual(sent.flatMap((each) => [each, each, each]).sort());
    const late = frames.some((each, i) =>
      frames.slice(0, i).some((earlier) => Number(earlier) > Number(each)),
    );
    expect(late).toBe(true);
  });
});
