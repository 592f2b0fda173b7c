import type { Reading } from "@plumbline/twin/contract/reading";
import { type MeasuredAlias, measuredAlias, propertyAlias } from "@plumbline/twin/definition/properties";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { ArchiveHistory } from "../../../cloud/src/history/archive-history.ts";
import type { Measurement, MeasurementStore } from "../../../cloud/src/history/measurements.ts";
import { SiteWiseHistory } from "../../../cloud/src/history/sitewise-history.ts";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import { recalibrate } from "../../../cloud/src/recalibrate/job.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import type { PosteriorHead } from "../../../cloud/src/store/posterior-head.ts";
import { Gateway, healthyReadings, INSTANCE, lineReadings, PERIOD, T0, THING } from "../support/gateway.ts";
import { jobPorts, jobRequest } from "../support/jobs.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const story = [...healthyReadings(40, 1), ...lineReadings({ b3: 0.03 }, 40, 2, 40)];

async function ingested(): Promise<World> {
  const world = memoryWorld(T0 + 80 * PERIOD);
  const ingest = new Ingest(world);
  for (const { bytes } of new Gateway().sealAll(story, 200)) await ingest.accept(THING, [bytes]);
  return world;
}

/** The measured properties of a world, as SiteWise answers for them. */
const measurementsOf = (world: World): MeasurementStore => ({
  async *measurements(aliases, after, until): AsyncIterable<Measurement> {
    for (const [key, { at, value, quality }] of world.properties.points) {
      const alias = aliases.find((each) => key.startsWith(`${each}|`));
      if (alias !== undefined && at > after && at <= until)
        yield { alias, at, value: Number(value), quality };
    }
  },
});

describe("a machine's history", () => {
  test("from the archive and from SiteWise gives the same posterior on clean data", async () => {
    const digests: (string | null)[] = [];
    for (const history of ["archive", "sitewise"] as const) {
      const world = await ingested();
      const source =
        history === "archive"
          ? new ArchiveHistory(world.objects)
          : new SiteWiseHistory(measurementsOf(world));
      await recalibrate({ ...jobPorts(world), history: source }, jobRequest());
      digests.push(world.objects.json<PosteriorHead>(`posterior/${THING}/${INSTANCE}/current.json`).digest);
    }
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
  });

  test("from the archive begins after the time that is asked for, and reads no frame that lies before it", async () => {
    const world = await ingested();
    const gets: string[] = [];
    world.light((step) => void gets.push(step));
    const state: IngestState = world.objects.json(`state/${THING}/ingest.json`);
    const readings: Reading[] = [];
    for await (const reading of new ArchiveHistory(world.objects).readings(webLine, state, T0 + 60 * PERIOD))
      readings.push(reading);
    expect(readings).toEqual(story.filter(({ at }) => at > T0 + 60 * PERIOD));
    expect(gets.length).toBeLessThan(state.sequence / 2);
  });

  test("with a frame missing from the archive says so and does not go on without it", async () => {
    const world = await ingested();
    world.objects.content.delete(`frames/${THING}/00000000000000a1/000000000004.plf`);
    await expect(recalibrate(jobPorts(world), jobRequest())).rejects.toMatchObject({
      code: "ARCHIVE_INCOMPLETE",
    });
  });

  test("cannot be asked for a prediction: only a measured alias opens it", () => {
    const read = (_alias: MeasuredAlias): true => true;
    expect(read(measuredAlias(THING, INSTANCE, "w3"))).toBe(true);
    // @ts-expect-error A filtered value read back as a measurement would be used twice: the type forbids it.
    expect(read(propertyAlias(THING, INSTANCE, "filtered", "w3"))).toBe(true);
  });
});
