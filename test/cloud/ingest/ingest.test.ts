import { CHAIN_START, chainHash, frameHash } from "@plumbline/twin/contract/frame-codec";
import { webLine } from "@plumbline/twin/definition/web-line";
import { Observer } from "@plumbline/twin/estimation/observer";
import { describe, expect, test } from "vitest";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import {
  encoded,
  Gateway,
  healthyReadings,
  INSTANCE,
  lineReadings,
  PERIOD,
  T0,
  THING,
} from "../support/gateway.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const NOW = T0 + 3 * 86_400_000;
const stateOf = (world: World): IngestState => world.objects.json(`state/${THING}/ingest.json`);
const alias = (kind: string, id: string): string => `/plumbline/${THING}/${INSTANCE}/${kind}/${id}`;

describe("a frame on its way in", () => {
  test("is archived, written, remembered and acknowledged, in this order", async () => {
    const world = memoryWorld(NOW);
    const steps: string[] = [];
    world.light((step) => steps.push(step));
    const { bytes } = new Gateway().seal(healthyReadings(3, 1));
    await new Ingest(world).accept(THING, [bytes]);
    const order = ["put frames/", "sitewise", "put state/", "publish plumbline/v1/line-7/ack"].map((what) =>
      steps.findIndex((step) => step.startsWith(what)),
    );
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order).toEqual([...order].sort((left, right) => left - right));
    expect(world.link.acks()).toEqual([
      expect.objectContaining({ sequence: 1, hash: chainHash(CHAIN_START, frameHash(bytes)) }),
    ]);
  });

  test("gives one measured point per reading, in the signal's own property", async () => {
    const world = memoryWorld(NOW);
    const readings = healthyReadings(3, 1);
    await new Ingest(world).accept(THING, [new Gateway().seal(readings).bytes]);
    const measured = world.properties.of("measured");
    expect(measured.size).toBe(readings.length);
    for (const { signal, at, value } of readings) {
      expect(measured.get(`${alias("measured", signal)}|${at}|GOOD`)?.value).toBe(value);
    }
  });

  test("gives the gateway's own filtered values to 1e-12", async () => {
    const world = memoryWorld(NOW);
    const readings = healthyReadings(40, 2);
    const frames = new Gateway().sealAll(readings, 97);
    await new Ingest(world).accept(
      THING,
      frames.map(({ bytes }) => bytes),
    );
    const agent = new Gateway();
    let compared = 0;
    for (const { frame } of frames) {
      const last = new Map<string, { at: number; value: number; sd: number }>();
      for (const reading of frame.readings) {
        const { filtered } = agent.observer.observe(reading);
        if (filtered) last.set(reading.signal, { at: reading.at, value: filtered.value, sd: filtered.sd });
      }
      for (const [signal, { at, value, sd }] of last) {
        const stored = world.properties.points.get(`${alias("filtered", signal)}|${at}|GOOD`)
          ?.value as number;
        const storedSd = world.properties.points.get(`${alias("filtered-sd", signal)}|${at}|GOOD`)
          ?.value as number;
        expect(Math.abs(stored - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value));
        expect(Math.abs(storedSd - sd)).toBeLessThanOrEqual(1e-12 * sd);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(100);
    expect(world.properties.of("virtual").size).toBeGreaterThan(webLine.virtualSensors.length);
  });

  test("is refused, kept aside and never acknowledged when another thing sends it", async () => {
    const world = memoryWorld(NOW);
    await new Ingest(world).accept("line-8", [new Gateway().seal(healthyReadings(1, 1)).bytes]);
    expect(world.link.published).toEqual([]);
    expect(world.properties.points.size).toBe(0);
    expect(
      [...world.objects.content.keys()].filter((key) => key.startsWith("dead-letter/line-8/frame-")),
    ).toHaveLength(1);
    expect(world.events).toContainEqual(
      expect.objectContaining({ name: "ingest.refused", code: "FOREIGN_FRAME" }),
    );
  });

  test("is refused and never acknowledged when it was damaged on the way; the original is welcome afterwards", async () => {
    const world = memoryWorld(NOW);
    const { bytes } = new Gateway().seal(healthyReadings(1, 1));
    const damaged = Uint8Array.from(bytes, (byte, index) => (index === 60 ? byte ^ 1 : byte));
    const ingest = new Ingest(world);
    await ingest.accept(THING, [damaged]);
    expect(world.link.published).toEqual([]);
    await ingest.accept(THING, [bytes]);
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([1]);
  });

  test("with other bytes under a known number is told, kept aside and changes nothing", async () => {
    const world = memoryWorld(NOW);
    const one = new Gateway().seal(healthyReadings(1, 1));
    const other = new Gateway().seal(healthyReadings(1, 99));
    const ingest = new Ingest(world);
    await ingest.accept(THING, [one.bytes]);
    const points = new Map(world.properties.points);
    await ingest.accept(THING, [other.bytes]);
    expect(world.properties.points).toEqual(points);
    expect(world.events).toContainEqual(expect.objectContaining({ name: "ingest.conflict", sequence: 1 }));
    expect(world.objects.json<{ alerts: { kind: string }[] }>(`alerts/${THING}.json`).alerts[0]?.kind).toBe(
      "frame-conflict",
    );
  });

  test("whose value is no number becomes BAD without a value; the loser of a conflict is not written", async () => {
    const world = memoryWorld(NOW);
    const frame = new Gateway().seal([
      { signal: "w1", at: T0, value: Number.NaN, quality: "BAD", reason: "not-finite" },
      { signal: "w2", at: T0, value: 20, quality: "GOOD" },
      { signal: "w2", at: T0, value: 21, quality: "GOOD", reason: "conflict" },
    ]);
    await new Ingest(world).accept(THING, [frame.bytes]);
    expect(world.properties.points.get(`${alias("measured", "w1")}|${T0}|BAD`)?.value).toBeNaN();
    expect(world.properties.points.get(`${alias("measured", "w2")}|${T0}|GOOD`)?.value).toBe(20);
    expect(world.properties.of("measured").size).toBe(2);
    expect(stateOf(world).counters).toMatchObject({ readings: 3, measured: 2, conflicts: 1, bad: 1 });
  });
});

describe("epochs", () => {
  test("a new outbox closes the old epoch, and a new frame of the old one is told as a cloned gateway, not merged", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    const first = new Gateway("00000000000000a1");
    const second = new Gateway("00000000000000b2");
    const [a1, a2] = first.sealAll(healthyReadings(2, 1), 21);
    const b1 = second.seal(healthyReadings(1, 5, 10));
    await ingest.accept(THING, [a1!.bytes]);
    await ingest.accept(THING, [b1.bytes]);
    const points = world.properties.points.size;
    await ingest.accept(THING, [a2!.bytes]);
    expect(world.properties.points.size).toBe(points);
    expect(world.events).toContainEqual(
      expect.objectContaining({ name: "ingest.cloned", epoch: "00000000000000a1", sequence: 2 }),
    );
    expect(
      world.objects
        .json<{ alerts: { kind: string }[] }>(`alerts/${THING}.json`)
        .alerts.map(({ kind }) => kind),
    ).toEqual(["cloned-gateway"]);
    expect(stateOf(world)).toMatchObject({
      epoch: "00000000000000b2",
      sequence: 1,
      closed: [{ epoch: "00000000000000a1", sequence: 1 }],
    });
  });

  test("frames of a new epoch that come before its first wait in the archive", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    const [first, second] = new Gateway().sealAll(healthyReadings(2, 1), 21);
    await ingest.accept(THING, [second!.bytes]);
    expect(world.link.acks()).toEqual([]);
    await ingest.accept(THING, [first!.bytes]);
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([2]);
  });
});

describe("what cannot be recomputed", () => {
  test("is stored raw and marked so, until the slices of a checkpoint are there", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    const gateway = new Gateway();
    // The gateway has run before this outbox: its filters do not start from nothing.
    for (const reading of healthyReadings(5, 7)) gateway.observer.observe(reading);
    await ingest.accept(THING, [gateway.seal(healthyReadings(2, 8, 5)).bytes]);
    expect(world.properties.of("measured").size).toBe(42);
    expect(world.properties.of("filtered").size).toBe(0);
    expect(stateOf(world).counters.notReproducible).toBe(42);
    const snapshot = gateway.observer.snapshot();
    const size = Math.ceil(snapshot.length / 3);
    for (let part = 0; part < 3; part++) {
      const text = snapshot.slice(part * size, (part + 1) * size);
      await ingest.accept(THING, [
        gateway.seal(healthyReadings(1, 20 + part, 7 + part), { checkpoint: { part, of: 3, text } }).bytes,
      ]);
    }
    // All frames that carried the checkpoint are caught up on.
    expect(world.properties.of("filtered").size).toBe(3 * webLine.signals.length);
    expect(world.events).toContainEqual(
      expect.objectContaining({ name: "ingest.reproducible", sequence: 4 }),
    );
    await ingest.accept(THING, [gateway.seal(healthyReadings(1, 30, 10)).bytes]);
    expect(world.properties.of("filtered").size).toBe(4 * webLine.signals.length);
    expect(stateOf(world).observer).toBe(gateway.observer.snapshot());
  });

  test("with another definition's digest is stored raw, never recomputed with other code", async () => {
    const world = memoryWorld(NOW);
    await new Ingest(world).accept(THING, [
      new Gateway().seal(healthyReadings(1, 1), { filter: "f".repeat(64) }).bytes,
    ]);
    expect(world.properties.of("measured").size).toBe(21);
    expect(world.properties.of("filtered").size).toBe(0);
  });

  test("of a twin that nobody knows is parked as a frame, and the gateway may forget it", async () => {
    const world = memoryWorld(NOW);
    await new Ingest(world).accept(THING, [
      new Gateway().seal(healthyReadings(1, 1), { twin: { id: "paper-mill", version: "1.0.0" } }).bytes,
    ]);
    expect(world.properties.points.size).toBe(0);
    expect(world.objects.json(`parked/${THING}/00000000000000a1-000000000001.json`)).toMatchObject({
      frame: 1,
    });
    expect(world.link.acks().map(({ sequence }) => sequence)).toEqual([1]);
  });
});

describe("alarms", () => {
  const broken = (rows: number, seed: number, first: number) => lineReadings({ b3: 0.1 }, rows, seed, first);

  test("that the readings show are kept for the planner; a forged one starts nothing", async () => {
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    const gateway = new Gateway();
    await ingest.accept(THING, [gateway.seal(healthyReadings(4, 1)).bytes]);
    const forged = {
      kind: "alarm",
      chart: "b9",
      at: T0 + 5 * PERIOD,
      statistic: 99,
      set: 0,
      after: 3,
    } as const;
    await ingest.accept(THING, [gateway.seal(healthyReadings(2, 2, 4), { records: [forged] }).bytes]);
    expect(stateOf(world).alarms).toEqual([]);
    expect(stateOf(world).counters.alarmsNotReproduced).toBe(1);
    const real = gateway.seal(broken(8, 3, 6));
    expect(real.frame.records.length).toBeGreaterThan(0);
    await ingest.accept(THING, [real.bytes]);
    expect(stateOf(world).alarms.map(({ chart }) => chart)).toEqual(
      real.frame.records.map((record) => (record as { chart: string }).chart),
    );
  });
});

describe("another process", () => {
  test("goes on from the stored state with the same bits", async () => {
    const world = memoryWorld(NOW);
    const frames = new Gateway().sealAll(healthyReadings(20, 3), 50);
    for (const { bytes } of frames) await new Ingest(world).accept(THING, [bytes]);
    const whole = memoryWorld(NOW);
    await new Ingest(whole).accept(
      THING,
      frames.map(({ bytes }) => bytes),
    );
    expect(stateOf(world)).toEqual(stateOf(whole));
    expect(world.properties.points).toEqual(whole.properties.points);
    expect(Observer.restore(webLine, new Gateway().set, stateOf(world).observer!).hash()).toHaveLength(64);
    expect(encoded(frames[0]!.frame)).toEqual(frames[0]!.bytes);
  });
});
