import { describe, expect, test } from "vitest";
import { Backoff } from "../../../cloud/src/backoff.ts";
import { bulkCsv } from "../../../cloud/src/sitewise/bulk-csv.ts";
import { outcomeOf } from "../../../cloud/src/sitewise/outcome.ts";
import {
  type Entry,
  type EntryFault,
  type PropertyStore,
  RequestFault,
  toEntries,
} from "../../../cloud/src/sitewise/point.ts";
import { PropertyWriter } from "../../../cloud/src/sitewise/property-writer.ts";
import { MemoryProperties } from "../support/memory.ts";

const NOW = Date.UTC(2026, 0, 10);
const DAY = 86_400_000;
const quick = new Backoff(
  1,
  1,
  () => 0,
  async () => {},
);
const entry = (alias: string, ...times: number[]): Entry => ({
  alias,
  points: times.map((at) => ({ at, value: at, quality: "GOOD" as const })),
});

describe("what becomes of a point that SiteWise did not take", () => {
  test.each([
    ["ThrottlingException", NOW, "retry"],
    ["ConflictingOperationException", NOW, "retry"],
    ["InternalFailureException", NOW, "retry"],
    ["ServiceUnavailableException", NOW, "retry"],
    ["LimitExceededException", NOW, "retry"],
    ["TimestampOutOfRangeException", NOW - 8 * DAY, "bulk"],
    ["TimestampOutOfRangeException", NOW + DAY, "hold"],
    ["ResourceNotFoundException", NOW, "park"],
    ["AccessDeniedException", NOW, "park"],
    ["UnauthorizedException", NOW, "park"],
    ["InvalidRequestException", NOW, "dead-letter"],
    ["ValidationException", NOW, "dead-letter"],
    ["SomethingNewException", NOW, "retry"],
  ])("%s at %d: %s", (code, at, outcome) => {
    expect(outcomeOf(code, at, NOW)).toBe(outcome);
  });
});

describe("the property writer", () => {
  test("puts at most ten points into an entry and ten entries into a request", async () => {
    const seen: (readonly Entry[])[] = [];
    const store: PropertyStore = {
      put: async (entries) => {
        seen.push(entries);
        return [];
      },
    };
    const points = new Map(
      Array.from({ length: 7 }, (_, id) => [
        `p${id}`,
        entry("", ...Array.from({ length: 25 }, (_, at) => at)).points,
      ]),
    );
    await new PropertyWriter(store, () => NOW, quick).write(toEntries(points));
    expect(Math.max(...seen.map((request) => request.length))).toBe(10);
    expect(Math.max(...seen.flat().map((each) => each.points.length))).toBe(10);
    expect(seen.flat().flatMap((each) => each.points)).toHaveLength(175);
  });

  test("repeats a busy point alone, until it is taken", async () => {
    const properties = new MemoryProperties();
    let busy = 3;
    properties.refuse = (_alias, { at }) => (at === 2 && busy-- > 0 ? "ThrottlingException" : undefined);
    expect(await new PropertyWriter(properties, () => NOW, quick).write([entry("a", 1, 2, 3)])).toEqual([]);
    expect(properties.points.size).toBe(3);
    expect(properties.requests).toBe(4);
  });

  test("gives up on a service that stays busy, so that the frame is not acknowledged", async () => {
    const properties = new MemoryProperties();
    properties.refuse = () => "InternalFailureException";
    await expect(
      new PropertyWriter(properties, () => NOW, quick).write([entry("a", 1)]),
    ).rejects.toMatchObject({
      code: "SITEWISE_BUSY",
      retry: "later",
    });
  });

  test("parks what an exhausted quota does not take", async () => {
    const properties = new MemoryProperties();
    properties.refuse = () => "LimitExceededException";
    const diverted = await new PropertyWriter(properties, () => NOW, quick).write([entry("a", 1)]);
    expect(diverted).toEqual([expect.objectContaining({ outcome: "park" })]);
  });

  test("diverts the bad points of an entry and stores its good ones", async () => {
    const properties = new MemoryProperties();
    properties.refuse = (_alias, { at }) => (at === 2 ? "InvalidRequestException" : undefined);
    const diverted = await new PropertyWriter(properties, () => NOW, quick).write([entry("a", 1, 2, 3)]);
    expect(diverted.map(({ point, outcome }) => [point.at, outcome])).toEqual([[2, "dead-letter"]]);
    expect(properties.points.size).toBe(2);
  });

  test("halves a request that is refused as a whole until the poison stands alone", async () => {
    const taken: number[] = [];
    const store: PropertyStore = {
      put: async (entries): Promise<EntryFault[]> => {
        const times = entries.flatMap(({ points }) => points.map(({ at }) => at));
        if (times.includes(13)) throw new RequestFault("InvalidRequestException", "no", undefined);
        taken.push(...times);
        return [];
      },
    };
    const entries = [entry("a", 10, 11, 12, 13, 14), entry("b", 20), entry("c", 30, 31)];
    const diverted = await new PropertyWriter(store, () => NOW, quick).write(entries);
    expect(diverted.map(({ alias, point }) => [alias, point.at])).toEqual([["a", 13]]);
    expect(taken.sort()).toEqual([10, 11, 12, 14, 20, 30, 31]);
  });

  test("waits longer after each try, with full jitter, never beyond the cap", async () => {
    const waits: number[] = [];
    const backoff = new Backoff(
      100,
      1_000,
      () => 1,
      async (milliseconds) => void waits.push(milliseconds),
    );
    for (const attempt of [1, 2, 3, 4, 9]) await backoff.wait(attempt);
    expect(waits).toEqual([200, 400, 800, 1_000, 1_000]);
  });
});

test("a line for the bulk import has alias, type, seconds, nanoseconds, quality and value, and no header", () => {
  const csv = bulkCsv([
    {
      alias: "/a",
      points: [
        { at: 1_635_201_373_250, value: 1.5, quality: "GOOD" },
        { at: 1_000, value: Number.NaN, quality: "BAD" },
      ],
    },
    { alias: "/v", points: [{ at: 2_000, value: 'a "b", c', quality: "UNCERTAIN" }] },
  ]);
  expect(csv).toBe(
    '/a,DOUBLE,1635201373,250000000,GOOD,1.5\n/a,DOUBLE,1,0,BAD,\n/v,STRING,2,0,UNCERTAIN,"a ""b"", c"\n',
  );
});
