import mqtt, { type MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../simulators/src/broker/aedes-broker.ts";
import type { BrokerEvent, BrokerPolicy } from "../../../simulators/src/broker/broker-policy.ts";

const open: { end: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { end } of open.splice(0).reverse()) await end();
});

const policy: BrokerPolicy<string> = {
  authenticate: ({ username, password }) =>
    password === "right" ? { identity: username ?? "" } : { refuse: "wrong password" },
  mayPublish: (_, { topic }) => {
    if (topic === "held") return "hold";
    return topic.startsWith("secret/") ? { refuse: "not permitted" } : "forward";
  },
  maySubscribe: (_, filter) => !filter.startsWith("secret/"),
};

async function broker(window?: number, onEvent?: (event: BrokerEvent) => void): Promise<Broker> {
  const started = await startBroker({
    host: "127.0.0.1",
    port: 0,
    policy,
    ...(window === undefined ? {} : { window }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  open.push({ end: started.close });
  return started;
}

async function client(
  { port }: Broker,
  clientId: string,
  options: { clean?: boolean; password?: string } = {},
): Promise<MqttClient> {
  const connected = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId,
    username: clientId,
    password: options.password ?? "right",
    clean: options.clean ?? false,
    reconnectPeriod: 0,
  });
  open.push({ end: () => connected.endAsync(true) });
  return connected;
}

/** Collects payloads until `count` have come. */
function collect(from: MqttClient, count: number): Promise<string[]> {
  const seen: string[] = [];
  return new Promise((resolve) => {
    from.on("message", (_topic, payload) => {
      seen.push(payload.toString());
      if (seen.length === count) resolve(seen);
    });
  });
}

/** A client that subscribed durably and went away. */
async function absentSession(at: Broker, clientId: string, filter = "line/#"): Promise<void> {
  const first = await client(at, clientId);
  await first.subscribeAsync(filter, { qos: 1 });
  await first.endAsync();
}

async function publishNumbers(at: Broker, from: number, to: number): Promise<void> {
  const source = await client(at, `source-${from}`, { clean: true });
  for (let start = from; start < to; start += 200) {
    const batch = Array.from({ length: Math.min(200, to - start) }, (_, index) => start + index);
    await Promise.all(
      batch.map((number) => source.publishAsync("line/w3/reading", String(number), { qos: 1 })),
    );
  }
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

test("20,000 QoS 1 messages wait for an absent durable session and come in order", async () => {
  const at = await broker();
  await absentSession(at, "agent");
  await publishNumbers(at, 0, 20_000);
  expect(at.sessions()).toEqual([
    { clientId: "agent", connected: false, subscribed: true, waiting: 20_000, inFlight: 0 },
  ]);
  const back = mqtt.connect(`mqtt://127.0.0.1:${at.port}`, {
    clientId: "agent",
    username: "agent",
    password: "right",
    clean: false,
    reconnectPeriod: 0,
  });
  open.push({ end: () => back.endAsync(true) });
  expect(await collect(back, 20_000)).toEqual(numbers(0, 20_000));
  await expect.poll(() => at.sessions()[0]?.inFlight).toBe(0);
  expect(at.counters()).toMatchObject({
    received: 20_000,
    queued: 20_000,
    delivered: 20_000,
    redelivered: 0,
    acknowledged: 20_000,
    dropped: 0,
    unrouted: 0,
  });
});

test("what is published while the backlog is sent comes after it, and once", async () => {
  const at = await broker(50);
  await absentSession(at, "agent");
  await publishNumbers(at, 0, 2_000);
  const back = mqtt.connect(`mqtt://127.0.0.1:${at.port}`, {
    clientId: "agent",
    username: "agent",
    password: "right",
    clean: false,
    reconnectPeriod: 0,
  });
  open.push({ end: () => back.endAsync(true) });
  const all = collect(back, 3_000);
  await publishNumbers(at, 2_000, 3_000);
  expect(await all).toEqual(numbers(0, 3_000));
  expect(at.counters().delivered).toBe(3_000);
});

test("what a session had not acknowledged comes again first, and stale acknowledgements remove nothing", async () => {
  const at = await broker(10);
  const deaf = await client(at, "agent");
  await deaf.subscribeAsync("line/#", { qos: 1 });
  deaf.handleMessage = () => {}; // never calls back: mqtt.js then writes no PUBACK
  await publishNumbers(at, 0, 100);
  await expect
    .poll(() => at.sessions().find(({ clientId }) => clientId === "agent"))
    .toMatchObject({ waiting: 90, inFlight: 10 });
  deaf.stream.destroy();
  await expect.poll(() => at.sessions()[0]?.connected).toBe(false);
  const back = mqtt.connect(`mqtt://127.0.0.1:${at.port}`, {
    clientId: "agent",
    username: "agent",
    password: "right",
    clean: false,
    reconnectPeriod: 0,
  });
  open.push({ end: () => back.endAsync(true) });
  expect(await collect(back, 100)).toEqual(numbers(0, 100));
  await expect.poll(() => at.counters()).toMatchObject({ redelivered: 10, acknowledged: 100, dropped: 0 });
});

test("a clean session discards its backlog, and every discarded message is counted", async () => {
  const at = await broker();
  await absentSession(at, "agent");
  await publishNumbers(at, 0, 30);
  await client(at, "agent", { clean: true });
  expect(at.counters().dropped).toBe(30);
});

test("a publication that no durable session wants is counted as unrouted", async () => {
  const at = await broker();
  await publishNumbers(at, 0, 5);
  expect(at.counters()).toMatchObject({ received: 5, unrouted: 5, queued: 0 });
});

test("clean sessions and QoS 0 subscriptions are served directly", async () => {
  const at = await broker();
  const clean = await client(at, "watcher", { clean: true });
  await clean.subscribeAsync("line/+/reading", { qos: 1 });
  const loose = await client(at, "loose");
  await loose.subscribeAsync("line/#", { qos: 0 });
  const both = Promise.all([collect(clean, 20), collect(loose, 20)]);
  await publishNumbers(at, 0, 20);
  expect(await both).toEqual([numbers(0, 20), numbers(0, 20)]);
});

test("two filters that match give a session one copy, and lose it none", async () => {
  const at = await broker();
  const overlapping = await client(at, "agent");
  await overlapping.subscribeAsync(["line/#", "line/+/reading"], { qos: 1 });
  await overlapping.endAsync();
  await publishNumbers(at, 0, 50);
  const back = mqtt.connect(`mqtt://127.0.0.1:${at.port}`, {
    clientId: "agent",
    username: "agent",
    password: "right",
    clean: false,
    reconnectPeriod: 0,
  });
  open.push({ end: () => back.endAsync(true) });
  const all = collect(back, 100);
  await publishNumbers(at, 50, 100);
  expect(await all).toEqual(numbers(0, 100));
  expect(at.counters()).toMatchObject({ queued: 100, delivered: 100 });
});

test("a retained message meets a later subscriber", async () => {
  const at = await broker();
  await at.publish({ topic: "state", payload: "on", qos: 1, retain: true });
  const late = await client(at, "late");
  const got = collect(late, 1);
  await late.subscribeAsync("state", { qos: 1 });
  expect(await got).toEqual(["on"]);
});

test("a login with the wrong password is refused and told", async () => {
  const events: BrokerEvent[] = [];
  const at = await broker(undefined, (event) => events.push(event));
  await expect(client(at, "agent", { password: "wrong" })).rejects.toThrow(/not authorized/i);
  expect(events).toContainEqual({
    event: "broker.login-refused",
    clientId: "agent",
    reason: "wrong password",
  });
});

test("a forbidden publication disconnects its sender and reaches nobody", async () => {
  const events: BrokerEvent[] = [];
  const at = await broker(undefined, (event) => events.push(event));
  const rogue = await client(at, "rogue");
  const closed = new Promise<void>((resolve) => rogue.on("close", () => resolve()));
  rogue.publish("secret/plan", "x", { qos: 1 }, () => {});
  await closed;
  expect(events).toContainEqual({
    event: "broker.publish-refused",
    clientId: "rogue",
    topic: "secret/plan",
    reason: "not permitted",
  });
  expect(at.counters()).toMatchObject({ received: 0, refused: 1 });
});

test("a forbidden filter beside a permitted one is refused and stored nowhere", async () => {
  const at = await broker();
  const curious = await client(at, "curious");
  await curious.subscribeAsync(["line/#", "secret/#"], { qos: 1 }).catch(() => {});
  await curious.endAsync();
  await at.publish({ topic: "secret/plan", payload: "x", qos: 1 });
  await at.publish({ topic: "line/w1/reading", payload: "y", qos: 1 });
  expect(at.sessions()[0]?.waiting).toBe(1);
});

test("a held publication is acknowledged, told to the owner and given to nobody", async () => {
  const held: string[] = [];
  const at = await startBroker({
    host: "127.0.0.1",
    port: 0,
    policy,
    onMessage: ({ topic }) => held.push(topic),
  });
  open.push({ end: at.close });
  await absentSession(at, "agent", "#");
  const source = await client(at, "source", { clean: true });
  await source.publishAsync("held", "x", { qos: 1 });
  await expect.poll(() => held).toEqual(["held"]);
  expect(at.sessions().find(({ clientId }) => clientId === "agent")?.waiting).toBe(0);
});

test("a port that is taken is told with what to do", async () => {
  const at = await broker();
  await expect(startBroker({ host: "127.0.0.1", port: at.port, policy })).rejects.toMatchObject({
    code: "BROKER_PORT",
  });
});
