import { generateKeyPairSync, sign } from "node:crypto";
import { splitJws } from "@plumbline/twin/contract/jws";
import { sha256 } from "@plumbline/twin/contract/sha256";
import { describe, expect, test } from "vitest";
import { joinedSignature } from "../../../cloud/src/aws/der-signature.ts";
import type { CloudEvent } from "../../../cloud/src/events.ts";
import { Publisher } from "../../../cloud/src/publish/publisher.ts";
import type { StoredSet } from "../../../cloud/src/store/parameter-sets.ts";
import { INSTANCE, THING } from "../support/gateway.ts";
import { signer } from "../support/jobs.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const PAYLOAD = JSON.stringify({ version: 2, filler: "x".repeat(9_000) });
const publish = (world: World, version = 2, payload = PAYLOAD): Promise<number> =>
  new Publisher(world.objects, world.link, signer).publish(THING, INSTANCE, { version, payload });
const stored = (world: World, version = 2): string =>
  world.objects.json<StoredSet>(`sets/${THING}/${INSTANCE}/${version}.json`).jws;
const desired = (world: World): Record<string, unknown> | undefined =>
  world.link.shadows.get(`${THING}/${INSTANCE}`)?.desired;

describe("publishing a parameter set", () => {
  test("stores it, then sends its parts, then points at it", async () => {
    const world = memoryWorld(0);
    const steps: string[] = [];
    world.light((step) => void steps.push(step.replace(/\/\d+$/, "")));
    expect(await publish(world)).toBe(4);
    const [put, part, pointer] = ["put sets/", "publish ", "shadow update"].map((what) =>
      steps.findIndex((step) => step.startsWith(what)),
    );
    expect(put).toBeLessThan(part!);
    expect(part).toBeLessThan(pointer!);
    expect(desired(world)).toEqual({
      version: 2,
      digest: sha256(stored(world)),
      bytes: stored(world).length,
      parts: world.link.published.map(({ payload }) => sha256(payload)),
    });
    expect(splitJws(stored(world)).payload).toBe(PAYLOAD);
    expect(world.link.published.every(({ payload }) => payload.length <= 4_000)).toBe(true);
  });

  test("twice keeps the first signature, though each signing gives another", async () => {
    const world = memoryWorld(0);
    await publish(world);
    const first = stored(world);
    await publish(world);
    expect(stored(world)).toBe(first);
    expect(desired(world)).toMatchObject({ digest: sha256(first) });
  });

  test("never lowers a pointer of our own, and says so", async () => {
    const world = memoryWorld(0);
    await publish(world, 5);
    await expect(publish(world, 4, JSON.stringify({ version: 4 }))).rejects.toMatchObject({
      code: "POINTER_AHEAD",
      hint: expect.stringContaining("next version"),
    });
    expect(desired(world)).toMatchObject({ version: 5 });
  });

  test.each([2, 50])(
    "takes the place of a foreign pointer to version %i, and tells of it",
    async (version) => {
      const world = memoryWorld(0);
      const foreign = { version, digest: "f".repeat(64), bytes: 10, parts: ["a".repeat(64)] };
      await world.link.desire(THING, INSTANCE, foreign);
      const events: CloudEvent[] = [];
      const publisher = new Publisher(world.objects, world.link, signer, (event) => void events.push(event));
      await publisher.publish(THING, INSTANCE, { version: 2, payload: PAYLOAD });
      expect(desired(world)).toMatchObject({ version: 2, digest: sha256(stored(world)) });
      expect(events).toMatchObject(
        [
          { name: "publish.foreign-pointer", thing: THING, version, code: "FOREIGN_POINTER", hint: /policy/ },
        ].map((event) => ({ ...event, hint: expect.stringMatching(event.hint) })),
      );
    },
  );

  test("never gives a version another content", async () => {
    const world = memoryWorld(0);
    await publish(world);
    await expect(publish(world, 2, "{}")).rejects.toMatchObject({ code: "VERSION_TAKEN" });
  });

  test("refuses a set that no gateway would take for its size", async () => {
    await expect(publish(memoryWorld(0), 2, "x".repeat(300_000))).rejects.toMatchObject({
      code: "SET_TOO_LARGE",
    });
  });
});

describe("a signature from DER", () => {
  test("is r ‖ s of 64 bytes, whatever leading zeros r and s have", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const lengths = new Set<number>();
    for (let round = 0; round < 600; round++) {
      const der = sign("sha256", Buffer.from(String(round)), { key: privateKey, dsaEncoding: "der" });
      lengths.add(der.length);
      expect(joinedSignature(der)).toHaveLength(64);
    }
    // 70 bytes ± the zeros: all shapes have been seen.
    expect(lengths.size).toBeGreaterThan(2);
  });

  test.each([
    ["nothing", []],
    ["another tag", [0x31, 0]],
    ["a length that lies", [0x30, 9, 2, 1, 1, 2, 1, 1]],
    ["a missing s", [0x30, 3, 2, 1, 1]],
    ["bytes behind s", [0x30, 8, 2, 1, 1, 2, 1, 1, 0, 0]],
    ["an r too long", [0x30, 38, 2, 33, ...Array<number>(33).fill(1), 2, 1, 1]],
  ])("is refused with %s", (_what, bytes) => {
    expect(() => joinedSignature(Uint8Array.from(bytes))).toThrow(/not a P-256 signature/);
  });
});
