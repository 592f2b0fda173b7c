import { encodeHeartbeat } from "@plumbline/twin/contract/heartbeat";
import { cutIntoParts, encodePartRequest } from "@plumbline/twin/contract/parts";
import { describe, expect, test } from "vitest";
import { Backoff } from "../../../cloud/src/backoff.ts";
import { createHandler, deliveryOf } from "../../../cloud/src/ingest/handler.ts";
import { type Delivery, Inbox } from "../../../cloud/src/ingest/inbox.ts";
import { Queues } from "../../../cloud/src/ingest/queues.ts";
import { putJson } from "../../../cloud/src/store/json-object.ts";
import { Gateway, healthyReadings, INSTANCE, T0, THING } from "../support/gateway.ts";
import { memoryWorld } from "../support/memory.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const heartbeat = (thing: string): Uint8Array =>
  utf8(
    encodeHeartbeat({
      thing,
      instance: INSTANCE,
      at: T0,
      agentVersion: "0.1.0",
      twinVersion: "1.0.0",
      epoch: "00000000000000a1",
      backlogReadings: 7,
      backlogFrames: 1,
      backlogBytes: 900,
      set: 0,
      applyState: "idle",
    }),
  );

describe("the inbox", () => {
  test("sends again the parts that a gateway misses, and only those", async () => {
    const world = memoryWorld(T0);
    const jws = "x".repeat(9_000);
    await putJson(world.objects, `sets/${THING}/${INSTANCE}/3.json`, { version: 3, jws });
    const payload = utf8(encodePartRequest({ instance: INSTANCE, version: 3, missing: [2, 0, 9] }));
    await new Inbox(world).take(THING, [{ kind: "partRequest", thing: THING, payload }]);
    const { parts } = cutIntoParts(jws, 3);
    expect(world.link.published).toEqual([
      { topic: `plumbline/v1/${THING}/parameters/${INSTANCE}/3/2`, payload: parts[2] },
      { topic: `plumbline/v1/${THING}/parameters/${INSTANCE}/3/0`, payload: parts[0] },
    ]);
  });

  test("keeps a gateway's last word for the operator, and starts nothing with it", async () => {
    const world = memoryWorld(T0);
    await new Inbox(world).take(THING, [{ kind: "heartbeat", thing: THING, payload: heartbeat(THING) }]);
    expect([...world.objects.content.keys()]).toEqual([`heartbeats/${THING}.json`]);
    await new Inbox(world).take("line-8", [
      { kind: "heartbeat", thing: "line-8", payload: heartbeat(THING) },
    ]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ name: "ingest.refused", code: "FOREIGN_HEARTBEAT" }),
    );
  });

  test("takes a message that is not JSON for what it is, and goes on", async () => {
    const world = memoryWorld(T0 + 1e6);
    const frame = new Gateway().seal(healthyReadings(1, 1));
    await new Inbox(world).take(THING, [
      { kind: "heartbeat", thing: THING, payload: utf8("{") },
      { kind: "partRequest", thing: THING, payload: utf8("hello") },
      { kind: "frame", thing: THING, payload: frame.bytes },
    ]);
    expect(world.link.acks()).toHaveLength(1);
    expect(world.events.filter(({ name }) => name === "ingest.refused")).toHaveLength(2);
  });
});

describe("the function behind the topic rule", () => {
  test("takes the rule's event: one message, base64, with the sender from the topic", async () => {
    const world = memoryWorld(T0 + 1e6);
    const { bytes } = new Gateway().seal(healthyReadings(1, 1));
    const handle = createHandler(new Inbox(world));
    expect(await handle({ thing: THING, frame: Buffer.from(bytes).toString("base64") })).toBeUndefined();
    expect(world.link.acks()).toHaveLength(1);
  });

  test("answers a batch message by message: a thing whose frame was not stored comes again, the others do not", async () => {
    const handle = createHandler({
      take: async (thing) => {
        if (thing === "b") throw new Error("busy");
      },
    });
    const frame = "AA==";
    const messages = [
      { id: "1", thing: "a", frame },
      { id: "2", thing: "b", frame },
      { id: "3", thing: "c", frame },
    ];
    expect(await handle({ messages })).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
  });

  test("names the fault of an event that carries nothing", () => {
    expect(() => deliveryOf({ thing: THING })).toThrow(/neither frame, heartbeat nor partRequest/);
  });
});

describe("the queues", () => {
  const frame = (thing: string, mark: number): Delivery => ({
    kind: "frame",
    thing,
    payload: Uint8Array.of(mark),
  });

  test("take what one thing sends in order, things side by side, and survive a failure", async () => {
    const taken: string[] = [];
    const told: string[] = [];
    let first: (() => void) | undefined;
    const inbox = {
      take: async (thing: string, deliveries: readonly Delivery[]) => {
        if (thing === "a" && !first) await new Promise<void>((resolve) => (first = resolve));
        taken.push(`${thing}${deliveries.map(({ payload }) => payload[0]).join("")}`);
        if (thing === "b") throw new Error("busy");
      },
    };
    const soon = new Backoff(
      1,
      1,
      () => 0,
      async () => {},
    );
    const queues = new Queues(inbox, ({ name }) => told.push(name), soon);
    for (const mark of [1, 2, 3]) queues.add(frame("a", mark));
    queues.add(frame("b", 9));
    await new Promise(setImmediate);
    // A failure is tried again a few times, then left to the gateway's resend.
    expect(taken).toEqual(["b9", "b9", "b9", "b9", "b9"]);
    expect(told).toEqual(Array(5).fill("ingest.failed"));
    first?.();
    await queues.idle();
    expect(taken.slice(5)).toEqual(["a1", "a23"]);
  });
});
