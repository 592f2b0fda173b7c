import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import mqtt from "mqtt";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtEntry } from "../../support/build-workspace.ts";
import { startProcess } from "../../support/line-process.ts";
import { type Opened, USERS } from "./plant-story.ts";

let entry = "";
beforeAll(() => {
  entry = builtEntry("simulators", "plant/broker-main.js");
});

const open: Opened = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

describe("the plant broker", () => {
  const config = (changes: Record<string, unknown> = {}): string => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), "plumbline-broker-")), "broker.json");
    writeFileSync(file, JSON.stringify({ host: "127.0.0.1", port: 0, users: USERS, ...changes }));
    return file;
  };

  test("is a process of its own that tells its port and its counters", async () => {
    const broker = startProcess(entry, ["--config", config(), "--stop-on-stdin-end"]);
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
    const broker = startProcess(entry, [
      "--config",
      config({ port: 70_000, users: [{ username: "x", password: "y", role: "king" }] }),
    ]);
    expect(await broker.exit).toBe(1);
    const { message } = await broker.find(({ event }) => event === "plant-broker.failed");
    expect(message).toMatch(/has 2 faults:\n {2}port: .*\n {2}users\[0\]\.role: /);
  });
});
