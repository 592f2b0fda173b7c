import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  ListNamedShadowsForThingCommand,
  UpdateThingShadowCommand,
} from "@aws-sdk/client-iot-data-plane";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delta, merge, stamped, updated } from "../../../simulators/src/aws/shadow/shadow-document.ts";
import { errorOf, NOW, openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
let thingName = "";
let count = 0;
const SECONDS = Math.floor(NOW / 1_000);
beforeAll(async () => {
  t = await openBox();
});
afterAll(async () => {
  expect(t.validations.iotData.faults).toEqual([]);
  await t[Symbol.asyncDispose]();
});
beforeEach(() => {
  count += 1;
  thingName = `gw-shadow-${count}`;
});

const shadowName = "plumbline-parameters-line-1";
type Document = { state: Record<string, never>; version: number; metadata?: unknown; clientToken?: string };
const parse = (payload: Uint8Array | undefined): Document =>
  JSON.parse(Buffer.from(payload ?? []).toString()) as Document;
const update = async (document: unknown, name: string | undefined = shadowName): Promise<Document> => {
  const payload = Buffer.from(typeof document === "string" ? document : JSON.stringify(document));
  return parse(
    (await t.clients.iotData.send(new UpdateThingShadowCommand({ thingName, shadowName: name, payload })))
      .payload,
  );
};
const get = async (name: string | undefined = shadowName): Promise<Document> =>
  parse((await t.clients.iotData.send(new GetThingShadowCommand({ thingName, shadowName: name }))).payload);
const remove = async (): Promise<Document> =>
  parse((await t.clients.iotData.send(new DeleteThingShadowCommand({ thingName, shadowName }))).payload);

describe("an update", () => {
  test("answers the sections it was sent, with a timestamp for every leaf", async () => {
    const answer = await update({
      state: { desired: { version: 7, parts: ["a", "b"], nested: { x: 1 } } },
      clientToken: "t-1",
    });
    const stamp = { timestamp: SECONDS };
    expect(answer).toEqual({
      state: { desired: { version: 7, parts: ["a", "b"], nested: { x: 1 } } },
      metadata: { desired: { version: stamp, parts: [stamp, stamp], nested: { x: stamp } } },
      version: 1,
      timestamp: SECONDS,
      clientToken: "t-1",
    });
  });

  test("merges objects, replaces arrays whole, deletes by null, and leaves the rest alone", async () => {
    await update({ state: { desired: { a: { b: 1, c: 2 }, list: [1, 2] }, reported: { a: { b: 1 } } } });
    await update({ state: { desired: { a: { c: null, d: 3 }, list: [9] } } });
    expect((await get()).state).toEqual({
      desired: { a: { b: 1, d: 3 }, list: [9] },
      reported: { a: { b: 1 } },
      delta: { a: { d: 3 }, list: [9] },
    });
    await update({ state: { desired: null } });
    expect((await get()).state).toEqual({ reported: { a: { b: 1 } } });
  });

  test("raises the version by one; a version that is not the current one is a conflict", async () => {
    await update({ state: { desired: { a: 1 } } });
    expect((await update({ state: { desired: { a: 2 } }, version: 1 })).version).toBe(2);
    expect(await errorOf(update({ state: { desired: { a: 3 } }, version: 1 }))).toMatchObject({
      name: "ConflictException",
      status: 409,
      message: "Version conflict",
    });
    expect((await get()).version).toBe(2);
  });

  const deep = (levels: number): unknown => (levels === 0 ? 1 : { d: deep(levels - 1) });
  test.each([
    ["no state", {}, "InvalidRequestException"],
    ["a state that is no object", { state: 5 }, "InvalidRequestException"],
    ["a section of another name", { state: { wanted: {} } }, "InvalidRequestException"],
    ["a section that is no object", { state: { desired: [1] } }, "InvalidRequestException"],
    ["a null within an array", { state: { desired: { a: [1, null] } } }, "InvalidRequestException"],
    ["a client token of 65 bytes", { state: {}, clientToken: "x".repeat(65) }, "InvalidRequestException"],
    ["a version that is no whole number", { state: {}, version: 1.5 }, "InvalidRequestException"],
    ["nine levels", { state: { desired: deep(9) } }, "InvalidRequestException"],
    ["text that is no JSON", "{", "InvalidRequestException"],
  ])("with %s is refused", async (_name, document, name) => {
    expect(await errorOf(update(document))).toMatchObject({ name, status: 400 });
  });

  test("at the limits is taken: eight levels, a token of 64 bytes, 8 KB of state; one byte more is 413", async () => {
    await update({ state: { desired: deep(8) }, clientToken: "x".repeat(64) });
    await update({ state: { desired: null } });
    const room = 8 * 1024 - JSON.stringify({ desired: { a: "" } }).length;
    await update({ state: { desired: { a: "x".repeat(room) } } });
    expect(await errorOf(update({ state: { desired: { a: "x".repeat(room + 1) } } }))).toMatchObject({
      name: "RequestEntityTooLargeException",
      status: 413,
    });
    expect(await errorOf(update({ state: { reported: { b: 1 } } }))).toMatchObject({ status: 413 });
  });
});

describe("a shadow", () => {
  test("that is not there says so, by its name", async () => {
    expect(await errorOf(get())).toMatchObject({
      name: "ResourceNotFoundException",
      status: 404,
      message: `No shadow exists with name: '${shadowName}'`,
    });
    expect(await errorOf(remove())).toMatchObject({ name: "ResourceNotFoundException", status: 404 });
  });

  test("keeps its version across a deletion", async () => {
    await update({ state: { desired: { a: 1 } } });
    await update({ state: { desired: { a: 2 } } });
    expect((await remove()).version).toBe(2);
    expect(await errorOf(get())).toMatchObject({ status: 404 });
    expect((await update({ state: { desired: { a: 3 } } })).version).toBe(3);
    expect((await get()).state).toEqual({ desired: { a: 3 }, delta: { a: 3 } });
  });

  test("without a name is the classic one, and is not listed among the named", async () => {
    const classic = {
      thingName,
      payload: Buffer.from(JSON.stringify({ state: { reported: { classic: true } } })),
    };
    await t.clients.iotData.send(new UpdateThingShadowCommand(classic));
    for (const name of ["c", "a", "b"]) await update({ state: { desired: { name } } }, name);
    const list = (more: object) =>
      t.clients.iotData.send(new ListNamedShadowsForThingCommand({ thingName, ...more }));
    const first = await list({ pageSize: 2 });
    expect(first.results).toEqual(["a", "b"]);
    const second = await list({ pageSize: 2, nextToken: first.nextToken });
    expect([second.results, second.nextToken]).toEqual([["c"], undefined]);
    const found = await t.clients.iotData.send(new GetThingShadowCommand({ thingName }));
    expect(parse(found.payload).state).toEqual({ reported: { classic: true } });
    await t.clients.iotData.send(new DeleteThingShadowCommand({ thingName, shadowName: "b" }));
    expect((await list({})).results).toEqual(["a", "c"]);
  });
});

describe("the rules alone", () => {
  test("a delta is what differs, with the path to its root, whatever reported has besides", () => {
    expect(delta({ a: 1, b: { c: 2, d: [1] } }, { a: 1, b: { c: 3, d: [1] }, e: 5 })).toEqual({
      b: { c: 2 },
    });
    expect(delta({ a: { b: 1 } }, { a: 1 })).toEqual({ a: { b: 1 } });
    expect(delta({ a: [{ x: 1 }] }, { a: [{ x: 1 }] })).toBeUndefined();
    expect(delta(undefined, { a: 1 })).toBeUndefined();
  });

  test("metadata of a leaf that becomes an object, and back, is that of the new value", () => {
    const empty = { state: {}, metadata: {}, version: 0 };
    const leaf = updated(empty, { state: { desired: { a: 1 } } }, 10);
    const object = updated(leaf, { state: { desired: { a: { b: 1 } } } }, 20);
    expect(object.metadata).toEqual({ desired: { a: { b: { timestamp: 20 } } } });
    const grown = updated(object, { state: { desired: { a: { c: 2 } } } }, 30);
    expect(grown.metadata).toEqual({ desired: { a: { b: { timestamp: 20 }, c: { timestamp: 30 } } } });
    expect(updated(grown, { state: { desired: { a: 4 } } }, 40).metadata).toEqual({
      desired: { a: { timestamp: 40 } },
    });
  });

  test("a member named __proto__ is data", () => {
    const patch = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, never>;
    const merged = merge({}, patch);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(JSON.stringify(stamped(patch, 1))).toBe('{"__proto__":{"polluted":{"timestamp":1}}}');
  });
});
