import { UpdateThingShadowCommand } from "@aws-sdk/client-iot-data-plane";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { NOW, openBox, type TestBox } from "./box-harness.ts";
import { type MqttLine, openLine } from "./mqtt-line.ts";

const seconds = Math.floor(NOW / 1_000);
let t: TestBox;
let line: MqttLine;
let base = "";
let count = 0;
beforeAll(async () => {
  t = await openBox();
});
afterAll(() => t[Symbol.asyncDispose]());
beforeEach(async () => {
  count += 1;
  base = `$aws/things/gw-1/shadow/name/line-${count}`;
  line = await openLine(t.box.mqttPort, "gw-1", "secret-1");
  const answers = ["get/accepted", "get/rejected", "update/accepted", "update/rejected", "update/delta"];
  await line.subscribe(...answers.map((suffix) => `${base}/${suffix}`));
});
afterEach(() => line[Symbol.asyncDispose]());

const ask = (verb: "get" | "update", document: object | ""): Promise<void> =>
  line.publish(`${base}/${verb}`, document === "" ? "" : JSON.stringify(document));
/** The next message on a topic of the shadow; each counts once. */
const next = async (suffix: string): Promise<unknown> =>
  vi.waitFor(() => {
    const at = line.heard.findIndex(({ topic }) => topic === `${base}/${suffix}`);
    if (at < 0) throw new Error(`nothing on ${suffix}`);
    return JSON.parse(line.heard.splice(at, 1)[0]!.payload) as unknown;
  });
const updateOverHttp = (state: object): Promise<unknown> => {
  const payload = Buffer.from(JSON.stringify({ state }));
  return t.clients.iotData.send(
    new UpdateThingShadowCommand({ thingName: "gw-1", shadowName: `line-${count}`, payload }),
  );
};

test("a get of a shadow that is not there is rejected with the asker's token", async () => {
  await ask("get", { clientToken: "g" });
  const message = `No shadow exists with name: 'line-${count}'`;
  expect(await next("get/rejected")).toEqual({ code: 404, message, timestamp: seconds, clientToken: "g" });
});

test("an update over HTTP is told on the topics: accepted, and the delta", async () => {
  await updateOverHttp({ desired: { version: 1 } });
  const metadata = { version: { timestamp: seconds } };
  expect(await next("update/delta")).toEqual({
    state: { version: 1 },
    metadata,
    version: 1,
    timestamp: seconds,
  });
  expect(await next("update/accepted")).toMatchObject({ state: { desired: { version: 1 } }, version: 1 });
});

test("an update by the thing is accepted, a second with an old version is a conflict, and a get tells the state", async () => {
  await updateOverHttp({ desired: { version: 1 } });
  await next("update/accepted");
  await ask("update", { state: { reported: { version: 1 } }, version: 1, clientToken: "u" });
  const accepted = { state: { reported: { version: 1 } }, version: 2, clientToken: "u" };
  expect(await next("update/accepted")).toMatchObject(accepted);
  await ask("update", { state: { reported: { version: 2 } }, version: 1 });
  expect(await next("update/rejected")).toMatchObject({ code: 409, message: "Version conflict" });
  await ask("get", "");
  const state = { desired: { version: 1 }, reported: { version: 1 } };
  expect(await next("get/accepted")).toMatchObject({ state, version: 2 });
  expect(line.heard.map(({ topic }) => topic)).toEqual([`${base}/update/delta`]);
});

test("documents tell of a change with the state before and after it", async () => {
  await using watcher = await openLine(t.box.mqttPort, "observer", "secret-o");
  await watcher.subscribe(`${base}/update/documents`);
  await updateOverHttp({ desired: { version: 1 } });
  await ask("update", { state: { reported: { version: 1 } } });
  await vi.waitFor(() => expect(watcher.heard).toHaveLength(2));
  expect(JSON.parse(watcher.heard[1]!.payload)).toMatchObject({
    previous: { version: 1, state: { desired: { version: 1 } } },
    current: { version: 2, state: { reported: { version: 1 } } },
  });
});

test("what is no JSON is rejected, on the topic alone", async () => {
  await line.publish(`${base}/update`, "{");
  expect(await next("update/rejected")).toMatchObject({
    code: 400,
    message: "Payload contains invalid json",
  });
  expect(line.client.connected).toBe(true);
});
