import { verify } from "node:crypto";
import { splitJws } from "@plumbline/twin/contract/jws";
import { decodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import type { Reading } from "@plumbline/twin/contract/reading";
import { readTopic } from "@plumbline/twin/contract/topics";
import { describe, expect, test } from "vitest";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import type { Evidence } from "../../../cloud/src/recalibrate/evidence.ts";
import { recalibrate } from "../../../cloud/src/recalibrate/job.ts";
import type { StoredSet } from "../../../cloud/src/store/parameter-sets.ts";
import type { PosteriorHead } from "../../../cloud/src/store/posterior-head.ts";
import {
  dice,
  Gateway,
  healthyReadings,
  INSTANCE,
  lineReadings,
  PERIOD,
  T0,
  THING,
} from "../support/gateway.ts";
import { jobPorts, jobRequest, publicKey } from "../support/jobs.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const worn = (rows: number, seed: number, first: number): Reading[] =>
  lineReadings({ b3: 0.03, b9: 0.03 }, rows, seed, first);
const HEALTHY_ROWS = 60;
const WORN_ROWS = 60;
const story = [...healthyReadings(HEALTHY_ROWS, 1), ...worn(WORN_ROWS, 2, HEALTHY_ROWS)];
/** Just enough for an acceptance. */
const short = [...healthyReadings(24, 1), ...worn(24, 2, 24)];
const NOW = T0 + (HEALTHY_ROWS + WORN_ROWS) * PERIOD;
const headOf = (world: World): PosteriorHead =>
  world.objects.json(`posterior/${THING}/${INSTANCE}/current.json`);
const evidenceOf = (world: World): Evidence =>
  world.objects.json(`evidence/${THING}/${INSTANCE}/${headOf(world).last?.evidence}.json`);

async function ingested(
  readings: readonly Reading[],
  size: number,
  order: (frames: Uint8Array[]) => Uint8Array[] = (frames) => frames,
): Promise<World> {
  const world = memoryWorld(NOW);
  const ingest = new Ingest(world);
  for (const bytes of order(new Gateway().sealAll(readings, size).map((frame) => frame.bytes)))
    await ingest.accept(THING, [bytes]);
  return world;
}

describe("a recalibration after wear", () => {
  test("accepts, signs, stores, sends the parts, points at them and writes posterior and verdict", async () => {
    const world = await ingested(story, 200);
    const result = await recalibrate(jobPorts(world), jobRequest());
    expect(result.kind).toBe("accept");
    const head = headOf(world);
    expect(head).toMatchObject({
      issued: 1,
      unfinished: null,
      runs: { run: 1, accepted: 1 },
      last: { kind: "accept", version: 1 },
    });

    const { jws } = world.objects.json<StoredSet>(`sets/${THING}/${INSTANCE}/1.json`);
    const { input, signature, payload, kid } = splitJws(jws);
    expect(kid).toBe("test-key");
    expect(
      verify("sha256", Buffer.from(input), { key: publicKey, dsaEncoding: "ieee-p1363" }, signature),
    ).toBe(true);
    const set = decodeParameterSet(payload);
    expect(set).toMatchObject({ version: 1, issued: NOW, thing: THING, instance: INSTANCE });
    const b3 = set.parameters.find(({ id }) => id === "b3")!;
    expect(b3.interval99[0]).toBeLessThan(0.03);
    expect(b3.interval99[1]).toBeGreaterThan(0.03);

    const parts = world.link.published.filter(({ topic }) => readTopic(topic)?.kind === "part");
    expect(parts.map(({ payload: part }) => part).join("")).toBe(jws);
    expect(world.link.shadows.get(`${THING}/${INSTANCE}`)?.desired).toMatchObject({
      version: 1,
      bytes: jws.length,
      parts: parts.map(() => expect.any(String)),
    });
    expect(
      world.properties.points.get(`/plumbline/${THING}/${INSTANCE}/parameter/b3|${head.at}|GOOD`)?.value,
    ).toBe(b3.mean);
    expect(JSON.parse(String([...world.properties.of("verdict").values()][0]?.value))).toMatchObject({
      kind: "accept",
      version: 1,
    });
    expect(evidenceOf(world)).toMatchObject({
      digest: head.digest,
      before: { version: 0 },
      points: HEALTHY_ROWS + WORN_ROWS,
    });
  });

  test("killed between any two steps and started again ends in the same state, with one version", async () => {
    const whole = await ingested(short, 400);
    await recalibrate(jobPorts(whole), jobRequest());
    const quiet = ({ ...world }: World): unknown =>
      [...world.objects.content]
        .filter(([key]) => !key.startsWith("lease/") && !key.startsWith("sets/"))
        .map(([key, bytes]) => [key, Buffer.from(bytes).toString("latin1")])
        .sort();
    const start = await ingested(short, 400);
    const before = new Map(start.objects.content);
    let kills = 0;
    for (let fatal = 1; ; fatal++) {
      const world = memoryWorld(NOW);
      for (const [key, bytes] of before) world.objects.content.set(key, bytes);
      let steps = 0;
      let dead = false;
      world.light((step) => {
        // A death before a mere look is the same as one after the step before it.
        if (step.startsWith("get ") || step === "shadow get") return;
        // The dead do nothing more: also the clean-up of a `using` fails.
        dead ||= ++steps === fatal;
        if (dead) throw new Error("killed");
      });
      const died = await recalibrate(jobPorts(world), jobRequest()).then(
        () => false,
        () => true,
      );
      world.light(() => {});
      if (!died) break;
      kills++;
      await recalibrate(jobPorts(world), jobRequest({ owner: { job: "job-1", attempt: 2 } }));
      expect(quiet(world)).toEqual(quiet(whole));
      expect([...world.objects.content.keys()].filter((key) => key.startsWith("sets/"))).toEqual([
        `sets/${THING}/${INSTANCE}/1.json`,
      ]);
      expect(world.link.shadows.get(`${THING}/${INSTANCE}`)?.desired).toMatchObject({ version: 1 });
    }
    expect(kills).toBeGreaterThan(12);
  }, 120_000);

  test("run again without anything new does nothing", async () => {
    const world = await ingested(story, 400);
    await recalibrate(jobPorts(world), jobRequest());
    const objects = new Map(world.objects.content);
    expect(
      await recalibrate(jobPorts(world), jobRequest({ owner: { job: "job-2", attempt: 1 } })),
    ).toMatchObject({ kind: "skipped" });
    objects.delete(`lease/${THING}.json`);
    for (const [key, bytes] of objects) expect(world.objects.content.get(key)).toEqual(bytes);
  });
});

describe("the posterior", () => {
  const digestOf = async (world: World): Promise<string | null> => {
    await recalibrate(jobPorts(world), jobRequest({ estimateOnly: true }));
    return headOf(world).digest;
  };

  test("does not depend on frame boundaries, order of arrival or repetition", async () => {
    const digest = await digestOf(await ingested(story, 400));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(await ingested(story, 97))).toBe(digest);
    const random = dice(5);
    const shuffled = (frames: Uint8Array[]): Uint8Array[] =>
      [...frames, ...frames, ...frames]
        .map((bytes) => ({ bytes, rank: random() }))
        .sort((left, right) => left.rank - right.rank)
        .map(({ bytes }) => bytes);
    expect(await digestOf(await ingested(story, 97, shuffled))).toBe(digest);
  });

  test("does not depend on job boundaries: many small runs end where one does, each row assimilated once", async () => {
    const digest = await digestOf(await ingested(story, 400));
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    for (const { bytes } of new Gateway().sealAll(story, 173)) {
      await ingest.accept(THING, [bytes]);
      await recalibrate(jobPorts(world), jobRequest({ estimateOnly: true }));
    }
    expect(headOf(world).digest).toBe(digest);
    const evidence = [...world.objects.content.keys()]
      .filter((key) => key.startsWith("evidence/"))
      .map((key) => world.objects.json<Evidence>(key));
    expect(evidence.reduce((sum, { points }) => sum + points, 0)).toBe(HEALTHY_ROWS + WORN_ROWS);
    expect(headOf(world).checkpoints.length).toBeLessThanOrEqual(9);
  });

  test("takes in a reading that came out of order by replaying from before it", async () => {
    const missing = story.filter(({ signal, at }) => !(signal === "w3" && at === T0 + 80 * PERIOD));
    const straggler = story.find(({ signal, at }) => signal === "w3" && at === T0 + 80 * PERIOD)!;
    const gateway = new Gateway();
    const world = memoryWorld(NOW);
    const ingest = new Ingest(world);
    for (const { bytes } of gateway.sealAll(missing, 200)) {
      await ingest.accept(THING, [bytes]);
      await recalibrate(jobPorts(world), jobRequest({ estimateOnly: true }));
    }
    await ingest.accept(THING, [gateway.seal([straggler]).bytes]);
    expect(await digestOf(world)).toBe(await digestOf(await ingested(story, 400)));
  });

  test("leaves out a row at rest and says so: reason mode", async () => {
    const atRest = healthyReadings(1, 3).map((reading) => ({ ...reading, value: 0 }));
    const world = await ingested([...atRest, ...healthyReadings(40, 4, 1)], 200);
    await recalibrate(jobPorts(world), jobRequest());
    expect(evidenceOf(world).refused).toEqual([expect.objectContaining({ at: T0, reason: "mode" })]);
    expect(evidenceOf(world).points).toBe(40);
  });
});

describe("estimate and action are two things", () => {
  test("--estimate-only moves the posterior and stores evidence, but decides and publishes nothing", async () => {
    const world = await ingested(story, 400);
    expect((await recalibrate(jobPorts(world), jobRequest({ estimateOnly: true }))).kind).toBe("estimated");
    expect(headOf(world)).toMatchObject({
      last: null,
      judged: null,
      issued: 0,
      runs: { run: 0 },
      points: HEALTHY_ROWS + WORN_ROWS,
    });
    expect([...world.objects.content.keys()].some((key) => key.startsWith("sets/"))).toBe(false);
    // The judgement comes later, from the same trace, without a model run for rows that are in already.
    expect((await recalibrate(jobPorts(world), jobRequest())).kind).toBe("accept");
    expect(evidenceOf(world).points).toBe(0);
  });

  test("a healthy machine's parameters are held", async () => {
    const world = await ingested(healthyReadings(80, 9), 400);
    expect((await recalibrate(jobPorts(world), jobRequest())).kind).toBe("wait");
    expect(headOf(world)).toMatchObject({ issued: 0, runs: { run: 1, waited: 1 } });
  });

  test("a new version is above all that the gateway has ever tried, and echoes its nonce", async () => {
    const world = await ingested(story, 400);
    world.link.shadows.set(`${THING}/${INSTANCE}`, {
      desired: {},
      reported: {
        highest: 6,
        nonce: "n-1",
        report: { version: 6, state: "reverted", reason: "worse", since: 1 },
      },
    });
    await recalibrate(jobPorts(world), jobRequest());
    const { jws } = world.objects.json<StoredSet>(`sets/${THING}/${INSTANCE}/7.json`);
    expect(decodeParameterSet(splitJws(jws).payload)).toMatchObject({ version: 7, nonce: "n-1" });
  });

  test("a version that the gateway refused, such as a stranger's, does not use up ours", async () => {
    const world = await ingested(story, 400);
    world.link.shadows.set(`${THING}/${INSTANCE}`, {
      desired: {},
      reported: {
        highest: 6,
        nonce: "n-1",
        report: { version: 5_000, state: "refused", reason: "signature: no", since: 1 },
      },
    });
    await recalibrate(jobPorts(world), jobRequest());
    const { jws } = world.objects.json<StoredSet>(`sets/${THING}/${INSTANCE}/7.json`);
    expect(decodeParameterSet(splitJws(jws).payload)).toMatchObject({ version: 7, nonce: "n-1" });
  });
});

describe("the lease", () => {
  test("keeps two jobs of one machine apart, and a dead job's next attempt takes over at once", async () => {
    const world = await ingested(healthyReadings(20, 9), 400);
    const lease = { job: "job-9", attempt: 1, expires: 1_060_000 };
    await world.objects.put(`lease/${THING}.json`, new TextEncoder().encode(JSON.stringify(lease)));
    let wall = 1_000_000;
    const ports = {
      ...jobPorts(world),
      wall: () => wall,
      sleep: async (milliseconds: number) => {
        wall += milliseconds;
      },
    };
    await recalibrate({ ...ports, wall: () => wall }, jobRequest({ owner: { job: "job-9", attempt: 2 } }));
    expect(wall).toBe(1_000_000);
    await world.objects.put(`lease/${THING}.json`, new TextEncoder().encode(JSON.stringify(lease)));
    await recalibrate(ports, jobRequest({ owner: { job: "job-10", attempt: 1 } }));
    expect(wall).toBeGreaterThanOrEqual(1_060_000);
  });
});
