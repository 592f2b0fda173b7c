import { describe, expect, test } from "vitest";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import { toBytes } from "../../../cloud/src/store/json-object.ts";
import { dice, Gateway, healthyReadings, T0, THING } from "../support/gateway.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const NOW = T0 + 3 * 86_400_000;
const stateOf = (world: World): IngestState => world.objects.json(`state/${THING}/ingest.json`);

describe("order and repetition", () => {
  const frames = new Gateway().sealAll(healthyReadings(60, 3), 60);

  async function run(deliveries: readonly Uint8Array[][]): Promise<World> {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    for (const delivery of deliveries) await ingest.accept(THING, delivery);
    return world;
  }

  test("shuffled, doubled and dropped-and-resent frames give the same points, state and last ack", async () => {
    const plain = await run(frames.map(({ bytes }) => [bytes]));
    for (const seed of [1, 2, 3]) {
      const random = dice(seed);
      const copies = frames.flatMap(({ bytes }) => [bytes, bytes, bytes]);
      const shuffled = copies
        .map((bytes) => ({ bytes, rank: random() }))
        .sort((left, right) => left.rank - right.rank);
      // A third is lost on the way; then everything is sent again, as an agent does.
      const heard = shuffled.filter(() => random() > 0.33).map(({ bytes }) => bytes);
      const chunks: Uint8Array[][] = [];
      for (let at = 0; at < heard.length; at += 5) chunks.push(heard.slice(at, at + 5));
      const world = await run([...chunks, ...frames.map(({ bytes }) => [bytes])]);
      expect(world.properties.points).toEqual(plain.properties.points);
      expect(world.properties.changed).toEqual([]);
      expect(stateOf(world)).toEqual(stateOf(plain));
      expect(world.link.acks().at(-1)).toEqual(plain.link.acks().at(-1));
      const acked = world.link.acks().map(({ sequence }) => sequence);
      expect(acked).toEqual([...acked].sort((left, right) => left - right));
    }
  });

  test("a later frame is archived but not acknowledged before the missing one has come", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    await ingest.accept(THING, [frames[0]!.bytes]);
    await ingest.accept(THING, [frames[2]!.bytes]);
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([1]);
    await ingest.accept(THING, [frames[1]!.bytes]);
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([1, 3]);
  });

  test("a resend of what is acknowledged is acknowledged again", async () => {
    const world = await run([[frames[0]!.bytes], [frames[0]!.bytes]]);
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([1, 1]);
  });

  test("a crash between any two steps is repaired by the resend", async () => {
    const plain = await run([frames.slice(0, 4).map(({ bytes }) => bytes)]);
    let crashes = 0;
    for (let fatal = 1; ; fatal++) {
      const world = memoryWorld(NOW);
      let steps = 0;
      world.light(() => {
        if (++steps === fatal) throw new Error("killed");
      });
      const bytes = frames.slice(0, 4).map((frame) => frame.bytes);
      const died = await new Ingest(world).accept(THING, bytes).then(
        () => false,
        () => true,
      );
      world.light(() => {});
      if (!died) break;
      crashes++;
      await new Ingest(world).accept(THING, bytes);
      expect(world.properties.points).toEqual(plain.properties.points);
      expect(world.properties.changed).toEqual([]);
      expect(stateOf(world)).toEqual(stateOf(plain));
      expect(world.link.acks().at(-1)).toEqual(plain.link.acks().at(-1));
    }
    expect(crashes).toBeGreaterThan(20);
  });

  test("two ingests at work on one thing agree, by compare-and-swap", async () => {
    const plain = await run([frames.map(({ bytes }) => bytes)]);
    const world = memoryWorld(NOW);
    const [one, two] = [new Ingest(world), new Ingest(world)];
    for (const { bytes } of frames)
      await Promise.all([one.accept(THING, [bytes]), two.accept(THING, [bytes])]);
    expect(stateOf(world)).toEqual(stateOf(plain));
    expect(world.properties.points).toEqual(plain.properties.points);
  });

  test("a state that someone else has moved is read again before anything is acknowledged", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    await ingest.accept(THING, [frames[0]!.bytes]);
    const publish = world.link.publish.bind(world.link);
    const ahead: number[] = [];
    world.link.publish = async (topic, payload) => {
      const { sequence } = JSON.parse(String(payload)) as { sequence: number };
      if (sequence > stateOf(world).sequence) ahead.push(sequence);
      await publish(topic, payload);
    };
    let meddled = false;
    world.objects.fuse = (step) => {
      if (meddled || !step.startsWith("put state/")) return;
      meddled = true;
      const touched = { ...stateOf(world), decision: null, setSince: 1 };
      world.objects.content.set(`state/${THING}/ingest.json`, toBytes(touched));
    };
    await ingest.accept(THING, [frames[1]!.bytes]);
    expect(meddled).toBe(true);
    expect(ahead).toEqual([]);
    expect(stateOf(world)).toMatchObject({ sequence: 2, setSince: 1 });
  });
});
