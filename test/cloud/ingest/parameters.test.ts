import type { DecisionRecord } from "@plumbline/twin/contract/frame";
import { splitJws } from "@plumbline/twin/contract/jws";
import { decodeParameterSet, type ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import { recalibrate } from "../../../cloud/src/recalibrate/job.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import type { StoredSet } from "../../../cloud/src/store/parameter-sets.ts";
import type { PosteriorHead } from "../../../cloud/src/store/posterior-head.ts";
import { Gateway, healthyReadings, INSTANCE, lineReadings, PERIOD, T0, THING } from "../support/gateway.ts";
import { jobPorts, jobRequest } from "../support/jobs.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const stateOf = (world: World): IngestState => world.objects.json(`state/${THING}/ingest.json`);
const WORN = { b3: 0.03, b9: 0.03 };

/** A machine that wore, was recalibrated, tried version 1 and committed it at row 128. */
async function committed(): Promise<{ world: World; gateway: Gateway; ingest: Ingest; set: ParameterSet }> {
  const world = memoryWorld(T0 + 200 * PERIOD);
  const gateway = new Gateway();
  const ingest = new Ingest(world);
  const story = [...healthyReadings(60, 1), ...lineReadings(WORN, 60, 2, 60)];
  for (const { bytes } of gateway.sealAll(story, 126)) await ingest.accept(THING, [bytes]);
  await recalibrate(jobPorts(world), jobRequest());
  const { jws } = world.objects.json<StoredSet>(`sets/${THING}/${INSTANCE}/1.json`);
  const set = decodeParameterSet(splitJws(jws).payload);
  const decision: DecisionRecord = {
    kind: "decision",
    at: T0 + 127 * PERIOD,
    outcome: "committed",
    version: 1,
    reason: "no worse over 8 rows",
  };
  const trial = gateway.seal(lineReadings(WORN, 8, 3, 120), { records: [decision] });
  await ingest.accept(THING, [trial.bytes]);
  gateway.install(set);
  return { world, gateway, ingest, set };
}

describe("a parameter set that came into force at the gateway", () => {
  test("is installed in the cloud's filters too: the same bits, the charts anew", async () => {
    const { world, gateway, ingest } = await committed();
    expect(stateOf(world).alarms.length).toBeGreaterThan(0);
    await ingest.accept(THING, [gateway.seal(lineReadings(WORN, 6, 4, 128)).bytes]);
    const state = stateOf(world);
    expect(state).toMatchObject({
      set: 1,
      setSince: T0 + 127 * PERIOD,
      observer: gateway.observer.snapshot(),
    });
    expect(state.counters.notReproducible).toBe(0);
    expect(state.alarms.filter(({ set }) => set === 1)).toEqual([]);
    expect(world.events).toContainEqual(expect.objectContaining({ name: "ingest.set", version: 1 }));
    // Another process, which has only what is stored, goes on with the same bits.
    await new Ingest(world).accept(THING, [gateway.seal(lineReadings(WORN, 6, 5, 134)).bytes]);
    expect(stateOf(world).observer).toBe(gateway.observer.snapshot());
  });

  test("is the incumbent of the next verdict, and what it explains is held", async () => {
    const { world, gateway, ingest } = await committed();
    await ingest.accept(THING, [gateway.seal(lineReadings(WORN, 24, 4, 128)).bytes]);
    expect((await recalibrate(jobPorts(world), jobRequest())).kind).toBe("wait");
    const head = world.objects.json<PosteriorHead>(`posterior/${THING}/${INSTANCE}/current.json`);
    expect(head.runs.run).toBe(2);
    expect(world.objects.json(`evidence/${THING}/${INSTANCE}/${head.last?.evidence}.json`)).toMatchObject({
      before: { version: 1 },
    });
  });

  test("that nobody here has issued makes its frames not reproducible, and they are stored raw", async () => {
    const { world, gateway, ingest, set } = await committed();
    gateway.install({ ...set, version: 77 });
    const before = world.properties.of("filtered").size;
    await ingest.accept(THING, [gateway.seal(healthyReadings(2, 4, 128)).bytes]);
    expect(world.properties.of("filtered").size).toBe(before);
    expect(stateOf(world)).toMatchObject({
      set: 77,
      observer: null,
      counters: { notReproducible: 2 * webLine.signals.length },
    });
  });
});
