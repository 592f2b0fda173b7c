import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import mqtt from "mqtt";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../simulators/src/broker/aedes-broker.ts";
import { CutProxy } from "../../../simulators/src/network/cut-proxy.ts";
import { plantPolicy } from "../../../simulators/src/plant/broker-config.ts";
import {
  decodeReading,
  type ReadingMessage,
  signalOfTopic,
} from "../../../simulators/src/plant/reading-message.ts";
import { plantRows } from "../../../simulators/src/plant/rows.ts";
import { readFrontier } from "../../../simulators/src/scenario/clock.ts";
import { readScenario } from "../../../simulators/src/scenario/scenario.ts";
import { builtEntry } from "../../support/build-workspace.ts";
import { type LineProcess, startProcess } from "../../support/line-process.ts";

let plantEntry = "";
let brokerEntry = "";
beforeAll(() => {
  plantEntry = builtEntry("simulators", "plant/main.js");
  brokerEntry = builtEntry("simulators", "plant/broker-main.js");
});

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const USERS = [
  { username: "line", password: "s3nsor", role: "sensor" as const },
  { username: "gateway", password: "ag3nt", role: "agent" as const },
];

interface Story {
  readonly broker: Broker;
  readonly folder: string;
  readonly scenario: Record<string, unknown>;
  readonly start: () => LineProcess;
  readonly logged: () => { signal: string; t: number }[];
  readonly frontier: () => number;
}

async function story(
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
      const plant = startProcess(plantEntry, ["--config", config]);
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
async function takeAll({ broker }: Story): Promise<{ signal: string; message: ReadingMessage }[]> {
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

const key = ({ signal, t }: { signal: string; t: number }): string => `${signal}@${t}`;
const expected = (of: Story): Map<string, number> =>
  new Map(
    [...plantRows(readScenario(of.scenario))].flatMap(({ t, readings }) =>
      readings.map(({ signal, value }) => [key({ signal, t }), value] as const),
    ),
  );

describe("a plant that runs by the clock", () => {
  test("killed again and again, it loses no reading and doubles none in its log", async () => {
    const at = await story({});
    for (const rowsBefore of [20, 150, 151, 290]) {
      const plant = at.start();
      const reached = 1_700_000_000_000 + rowsBefore * 60_000;
      await expect.poll(at.frontier, { interval: 2, timeout: 10_000 }).toBeGreaterThanOrEqual(reached);
      await plant.kill();
      const times = at.logged().map(({ t }) => t);
      expect(at.frontier()).toBeLessThanOrEqual(Math.max(...times));
    }
    const last = at.start();
    expect(await last.find(({ event }) => event === "plant.finished")).toMatchObject({
      rows: 361,
      truth: { b3: 0, b9: 0 },
    });
    expect(await last.exit).toBe(0);

    const should = expected(at);
    const logged = at.logged().map(key);
    expect(new Set(logged).size).toBe(logged.length);
    expect(new Set(logged)).toEqual(new Set(should.keys()));
    expect(at.frontier()).toBe(1_700_000_000_000 + 360 * 60_000);

    const taken = await takeAll(at);
    expect(new Set(taken.map(({ signal, message }) => key({ signal, t: message.t })))).toEqual(
      new Set(should.keys()),
    );
    for (const { signal, message } of taken)
      expect(message.v).toBe(should.get(key({ signal, t: message.t })));
    // A reading that was acknowledged but not yet logged at a kill goes out again: under the same identity.
    expect(new Set(taken.map(({ message }) => `${message.boot}/${message.n}`)).size).toBe(should.size);
    const { received, dropped, unrouted } = at.broker.counters();
    expect({ dropped, unrouted, again: received - should.size <= 4 * 21 }).toEqual({
      dropped: 0,
      unrouted: 0,
      again: true,
    });
  });

  test("whose connection is cut again and again still publishes every row in order", async () => {
    let proxy: CutProxy | undefined;
    const at = await story({ days: 0.1 }, async (port) => {
      proxy = await CutProxy.start({ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port });
      const started = proxy;
      open.push(() => started.close());
      return proxy.port;
    });
    const plant = at.start();
    for (const row of [10, 60, 110]) {
      await expect
        .poll(at.frontier, { interval: 2, timeout: 10_000 })
        .toBeGreaterThanOrEqual(1_700_000_000_000 + row * 60_000);
      proxy!.become("cut");
      await plant.find(({ event }) => event === "plant.broker-unreachable");
      proxy!.become("pass");
    }
    expect(await plant.exit).toBe(0);
    const logged = at.logged().map(key);
    expect(logged).toEqual([...new Set(logged)]);
    expect(new Set(logged)).toEqual(new Set(expected(at).keys()));
    const taken = await takeAll(at);
    expect(new Set(taken.map(({ signal, message }) => key({ signal, t: message.t })))).toEqual(
      new Set(logged),
    );
  });

  test("tells of every simulated day", async () => {
    const at = await story({ days: 3, samplingSeconds: 21_600, rate: 1_000_000 });
    const plant = at.start();
    expect(await plant.exit).toBe(0);
    expect(
      plant.lines.filter(({ event }) => event === "plant.day").map(({ day, row }) => [day, row]),
    ).toEqual([
      [1, 3],
      [2, 7],
      [3, 11],
      [4, 12],
    ]);
  });

  test("asked to stop, it ends well and goes on later", async () => {
    const at = await story({ days: 0.1 });
    const plant = at.start();
    await expect.poll(at.frontier, { interval: 2, timeout: 10_000 }).toBeGreaterThan(1_700_000_000_000);
    expect(await plant.kill("SIGTERM")).toBe(0);
    const rows = new Set(at.logged().map(({ t }) => t)).size;
    expect(rows).toBeLessThan(145);
    const next = at.start();
    expect(await next.find(({ event }) => event === "plant.started")).toMatchObject({ nextRow: rows });
    expect(await next.exit).toBe(0);
    expect(at.logged()).toHaveLength(145 * 21);
  });

  test("refused by the broker, it says so and ends with 1", async () => {
    const at = await story({});
    const config = path.join(at.folder, "wrong.json");
    writeFileSync(
      config,
      JSON.stringify({
        scenario: at.scenario,
        broker: { url: `mqtt://127.0.0.1:${at.broker.port}`, username: "line", password: "no" },
        clock: "c",
        published: "p",
      }),
    );
    const plant = startProcess(plantEntry, ["--config", config]);
    expect(await plant.exit).toBe(1);
    expect(plant.lines).toContainEqual(
      expect.objectContaining({ event: "plant.failed", code: "BROKER_LOGIN" }),
    );
  });

  test("with a configuration of three faults it tells all three", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-plant-"));
    const config = path.join(folder, "plant.json");
    writeFileSync(
      config,
      JSON.stringify({ scenario: {}, broker: { url: "localhost", username: "line" }, clock: "c" }),
    );
    const plant = startProcess(plantEntry, ["--config", config]);
    expect(await plant.exit).toBe(1);
    const { message } = await plant.find(({ event }) => event === "plant.failed");
    expect(message).toMatch(/has 3 faults:\n {2}broker\.url: .*\n {2}broker\.password: .*\n {2}published: /);
  });
});

describe("a plant in lock-step", () => {
  const isAnswer = (line: Record<string, unknown>): boolean => "published" in line || "error" in line;

  test("publishes a row when asked, moves the frontier, and only then answers", async () => {
    const at = await story({ rate: "lockstep" });
    const plant = at.start();
    for (const row of [0, 1, 2]) {
      const t = 1_700_000_000_000 + row * 60_000;
      expect(await plant.ask({ publish: row }, isAnswer)).toEqual({ published: row, t, readings: 21 });
      expect(at.frontier()).toBe(t);
      expect(at.broker.sessions()[0]?.waiting).toBe(21 * (row + 1));
    }
    plant.child.stdin?.end();
    expect(await plant.exit).toBe(0);
    expect(at.logged()).toHaveLength(63);
  });

  test("answers a repeated request without publishing again, over a kill too", async () => {
    const at = await story({ rate: "lockstep" });
    const plant = at.start();
    await plant.ask({ publish: 0 }, isAnswer);
    await plant.ask({ publish: 1 }, isAnswer);
    await plant.kill();
    const next = at.start();
    expect(await next.ask({ publish: 1 }, isAnswer)).toEqual({
      published: 1,
      t: 1_700_000_060_000,
      readings: 0,
    });
    expect(await next.ask({ publish: 2 }, isAnswer)).toMatchObject({ published: 2, readings: 21 });
    expect(at.logged()).toHaveLength(63);
  });

  test("refuses a row out of order, a row that does not exist, and what is no command", async () => {
    const at = await story({ rate: "lockstep" });
    const plant = at.start();
    expect(await plant.ask({ publish: 5 }, isAnswer)).toMatchObject({ error: { code: "ROW_ORDER" } });
    expect(await plant.ask({ publish: 361 }, isAnswer)).toMatchObject({ error: { code: "NO_SUCH_ROW" } });
    expect(await plant.ask("publish 1", isAnswer)).toMatchObject({ error: { code: "BAD_COMMAND" } });
    expect(await plant.ask({ publish: 0 }, isAnswer)).toMatchObject({ published: 0 });
  });

  test("with a log that a kill has torn, publishes the torn reading again and no other", async () => {
    const at = await story({ rate: "lockstep" });
    const plant = at.start();
    await plant.ask({ publish: 0 }, isAnswer);
    await plant.kill();
    const log = path.join(at.folder, "published.ndjson");
    writeFileSync(log, readFileSync(log, "utf8").slice(0, -5));
    expect(await at.start().ask({ publish: 0 }, isAnswer)).toMatchObject({ published: 0, readings: 1 });
    expect(new Set(at.logged().map(key)).size).toBe(21);
  });
});

describe("the plant broker", () => {
  const config = (changes: Record<string, unknown> = {}): string => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), "plumbline-broker-")), "broker.json");
    writeFileSync(file, JSON.stringify({ host: "127.0.0.1", port: 0, users: USERS, ...changes }));
    return file;
  };

  test("is a process of its own that tells its port and its counters", async () => {
    const broker = startProcess(brokerEntry, ["--config", config(), "--stop-on-stdin-end"]);
    open.push(() => broker.kill());
    const { port } = await broker.find(({ event }) => event === "plant-broker.listening");
    const agent = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: "gateway",
      username: "gateway",
      password: "ag3nt",
      clean: false,
    });
    await agent.subscribeAsync("line/+/reading", { qos: 1 });
    await agent.endAsync();
    const sensor = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: "line",
      username: "line",
      password: "s3nsor",
    });
    await sensor.publishAsync("line/w3/reading", "{}", { qos: 1 });
    await sensor.endAsync();
    expect(await broker.ask("stats", ({ counters }) => counters !== undefined)).toMatchObject({
      counters: { received: 1, queued: 1, dropped: 0, unrouted: 0 },
      sessions: [{ clientId: "gateway", connected: false, subscribed: true, waiting: 1, inFlight: 0 }],
    });
    broker.child.stdin?.end();
    expect(await broker.exit).toBe(0);
  });

  test("with two faults in its configuration tells both and ends with 1", async () => {
    const broker = startProcess(brokerEntry, [
      "--config",
      config({ port: 70_000, users: [{ username: "x", password: "y", role: "king" }] }),
    ]);
    expect(await broker.exit).toBe(1);
    const { message } = await broker.find(({ event }) => event === "plant-broker.failed");
    expect(message).toMatch(/has 2 faults:\n {2}port: .*\n {2}users\[0\]\.role: /);
  });
});
