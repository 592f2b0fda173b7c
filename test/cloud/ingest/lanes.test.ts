import { describe, expect, test } from "vitest";
import { Ingest } from "../../../cloud/src/ingest/ingest.ts";
import type { Point } from "../../../cloud/src/sitewise/point.ts";
import type { IngestState } from "../../../cloud/src/store/ingest-state.ts";
import { Gateway, healthyReadings, INSTANCE, PERIOD, T0, THING } from "../support/gateway.ts";
import { memoryWorld, type World } from "../support/memory.ts";

const DAY = 86_400_000;
const stateOf = (world: World): IngestState => world.objects.json(`state/${THING}/ingest.json`);
const NAME = "00000000000000a1-000000000001";
const MEASURED = `/plumbline/${THING}/${INSTANCE}/measured/`;

/** SiteWise's window, on the world's clock. */
const window =
  (world: World) =>
  (_alias: string, { at }: Point): string | undefined =>
    at < world.clock.now - 7 * DAY || at > world.clock.now + 600_000
      ? "TimestampOutOfRangeException"
      : undefined;

async function taken(world: World, rows: number, first = 0): Promise<Ingest> {
  const ingest = new Ingest(world);
  await ingest.accept(THING, [new Gateway().seal(healthyReadings(rows, 1, first)).bytes]);
  return ingest;
}

describe("readings that SiteWise does not take", () => {
  test("go to the bulk lane when they are older than seven days, and the gateway may forget them", async () => {
    const world = memoryWorld(T0 + 9 * DAY);
    world.properties.refuse = window(world);
    await taken(world, 2);
    const csv = new TextDecoder().decode(world.objects.content.get(`bulk/${THING}/${NAME}.csv`));
    expect(csv.split("\n").filter((line) => line.startsWith(MEASURED))).toHaveLength(42);
    expect(stateOf(world).counters.bulk).toBeGreaterThanOrEqual(42);
    expect(world.link.acks()).toHaveLength(1);
  });

  test("are held when they lie in the future, told, and written once their time has come", async () => {
    const world = memoryWorld(T0 - DAY);
    world.properties.refuse = window(world);
    const ingest = await taken(world, 1);
    expect(world.properties.points.size).toBe(0);
    expect(stateOf(world).held).toEqual([{ key: `held/${THING}/${NAME}.json`, due: T0 - 600_000 + 1_000 }]);
    expect(world.objects.json<{ alerts: { kind: string }[] }>(`alerts/${THING}.json`).alerts[0]?.kind).toBe(
      "clock-ahead",
    );
    expect(world.link.acks()).toHaveLength(1);
    world.clock.now = T0 + PERIOD;
    await ingest.accept(THING, [new Gateway().seal(healthyReadings(1, 1)).bytes]);
    expect(world.properties.of("measured").size).toBe(21);
    expect(stateOf(world).held).toEqual([]);
    expect(world.objects.content.has(`held/${THING}/${NAME}.json`)).toBe(false);
  });

  test("are parked when a property is missing, and an operator is told which", async () => {
    const world = memoryWorld(T0 + DAY);
    world.properties.refuse = (alias) =>
      alias === `${MEASURED}w3` ? "ResourceNotFoundException" : undefined;
    await taken(world, 3);
    expect(world.objects.json(`parked/${THING}/${NAME}.json`)).toMatchObject({
      entries: [{ alias: `${MEASURED}w3`, points: [{}, {}, {}] }],
    });
    expect(world.objects.json<{ alerts: object[] }>(`alerts/${THING}.json`).alerts).toEqual([
      expect.objectContaining({ kind: "parked", subject: `${MEASURED}w3` }),
    ]);
    expect(stateOf(world).counters).toMatchObject({ parked: 3 });
    expect(world.properties.of("measured").size).toBe(60);
  });

  test("become dead letters with the reason when the point itself is refused", async () => {
    const world = memoryWorld(T0 + DAY);
    world.properties.refuse = (alias, { at }) =>
      alias === `${MEASURED}s1` && at === T0 ? "InvalidRequestException" : undefined;
    await taken(world, 2);
    expect(world.objects.json(`dead-letter/${THING}/${NAME}.json`)).toMatchObject({
      entries: [{ alias: `${MEASURED}s1`, points: [{ at: T0 }] }],
      faults: [{ code: "InvalidRequestException" }],
    });
    expect(world.link.acks()).toHaveLength(1);
  });

  test("keep the frame unacknowledged while the service is merely busy", async () => {
    const world = memoryWorld(T0 + DAY);
    world.properties.refuse = () => "ThrottlingException";
    await expect(taken(world, 1)).rejects.toMatchObject({ code: "SITEWISE_BUSY" });
    expect(world.link.published).toEqual([]);
    world.properties.refuse = () => undefined;
    await taken(world, 1);
    expect(world.link.acks()).toHaveLength(1);
  });
});
