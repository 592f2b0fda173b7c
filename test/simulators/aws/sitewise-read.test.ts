import {
  BatchGetAssetPropertyValueCommand,
  BatchGetAssetPropertyValueHistoryCommand,
  type BatchGetAssetPropertyValueHistoryCommandOutput,
  BatchPutAssetPropertyValueCommand,
  GetAssetPropertyValueCommand,
  GetAssetPropertyValueHistoryCommand,
  type GetAssetPropertyValueHistoryCommandInput,
  paginateGetAssetPropertyValueHistory,
} from "@aws-sdk/client-iotsitewise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, errorOf, NOW, openBox, type TestBox } from "./box-harness.ts";

const MINUTE = 6e4;
const START = NOW - 60 * MINUTE;
/** One value a minute for an hour: value i at START + i minutes, quality BAD at i = 7. */
const ALIAS = "/plant/read/hour";
let t: TestBox;

const write = async (
  propertyAlias: string,
  points: readonly (readonly [number, number, ("GOOD" | "BAD")?])[],
): Promise<void> => {
  for (let from = 0; from < points.length; from += 10) {
    const propertyValues = points.slice(from, from + 10).map(([ms, value, quality = "GOOD"]) => ({
      value: { doubleValue: value },
      timestamp: at(ms),
      quality,
    }));
    await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({ entries: [{ entryId: "e", propertyAlias, propertyValues }] }),
    );
  }
};
const hour = Array.from({ length: 60 }, (_, i) => [START + i * MINUTE, i, i === 7 ? "BAD" : "GOOD"] as const);

beforeAll(async () => {
  t = await openBox();
  await write(ALIAS, hour);
});
afterAll(async () => {
  expect(t.validations.sitewise.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const history = async (
  more: Partial<GetAssetPropertyValueHistoryCommandInput>,
): Promise<{ values: number[]; nextToken: string | undefined }> => {
  const found = await t.clients.sitewise.send(
    new GetAssetPropertyValueHistoryCommand({
      propertyAlias: ALIAS,
      startDate: new Date(0),
      endDate: new Date(NOW),
      ...more,
    }),
  );
  return {
    values: found.assetPropertyValueHistory?.map(({ value }) => value?.doubleValue ?? Number.NaN) ?? [],
    nextToken: found.nextToken,
  };
};

describe("history", () => {
  test("the start is excluded, the end included", async () => {
    const range = { startDate: new Date(START + 3 * MINUTE), endDate: new Date(START + 6 * MINUTE) };
    expect((await history(range)).values).toEqual([4, 5, 6]);
    expect((await history({ ...range, startDate: new Date(START + 3 * MINUTE - 1) })).values).toEqual([
      3, 4, 5, 6,
    ]);
    expect((await history({ ...range, timeOrdering: "DESCENDING" })).values).toEqual([6, 5, 4]);
  });

  test("a page has twenty values when the request does not say, and the pages together are the history", async () => {
    const pages: number[] = [];
    const input = { propertyAlias: ALIAS, startDate: new Date(0), endDate: new Date(NOW) };
    const all: number[] = [];
    for await (const page of paginateGetAssetPropertyValueHistory({ client: t.clients.sitewise }, input)) {
      pages.push(page.assetPropertyValueHistory?.length ?? 0);
      all.push(
        ...(page.assetPropertyValueHistory?.map(({ value }) => value?.doubleValue ?? Number.NaN) ?? []),
      );
    }
    expect(pages).toEqual([20, 20, 20]);
    expect(all).toEqual(hour.map(([, value]) => value));
  });

  test("pages in descending order meet without a gap", async () => {
    const first = await history({ timeOrdering: "DESCENDING", maxResults: 59 });
    const second = await history({ timeOrdering: "DESCENDING", maxResults: 59, nextToken: first.nextToken });
    expect([...first.values, ...second.values]).toEqual(hour.map(([, value]) => value).reverse());
    expect(second.nextToken).toBeUndefined();
  });

  test("a quality picks, and only one may be asked for", async () => {
    expect((await history({ qualities: ["BAD"] })).values).toEqual([7]);
    expect((await history({ qualities: ["GOOD"], maxResults: 100 })).values).toHaveLength(59);
    expect(await errorOf(history({ qualities: ["BAD", "GOOD"] }))).toMatchObject({
      name: "InvalidRequestException",
    });
  });

  test("a token of another request, or of nobody, is refused; so is a page of 20,001", async () => {
    const { nextToken } = await history({});
    expect(await errorOf(history({ nextToken, timeOrdering: "DESCENDING" }))).toMatchObject({
      name: "InvalidRequestException",
    });
    expect(await errorOf(history({ nextToken: "bm90IGEgdG9rZW4=" }))).toMatchObject({
      name: "InvalidRequestException",
    });
    expect(await errorOf(history({ maxResults: 20_001 }))).toMatchObject({ name: "InvalidRequestException" });
    expect((await history({ maxResults: 20_000 })).values).toHaveLength(60);
  });

  test("a start behind the end, an unknown alias, no property at all", async () => {
    expect(await errorOf(history({ startDate: new Date(NOW), endDate: new Date(START) }))).toMatchObject({
      status: 400,
    });
    expect(await errorOf(history({ propertyAlias: "/nobody" }))).toMatchObject({
      name: "ResourceNotFoundException",
      status: 404,
    });
    expect(await errorOf(t.clients.sitewise.send(new GetAssetPropertyValueHistoryCommand({})))).toMatchObject(
      { name: "InvalidRequestException" },
    );
  });

  test("a page ends before it would be larger than its bytes", async () => {
    await using small = await openBox({ quotas: { historyPageBytes: 350 } });
    const values = hour
      .slice(0, 6)
      .map(([ms, value]) => ({ value: { doubleValue: value }, timestamp: at(ms) }));
    await small.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({
        entries: [{ entryId: "e", propertyAlias: "/a", propertyValues: values }],
      }),
    );
    const page = await small.clients.sitewise.send(
      new GetAssetPropertyValueHistoryCommand({ propertyAlias: "/a", maxResults: 100 }),
    );
    expect(page.assetPropertyValueHistory).toHaveLength(3);
    expect(page.nextToken).toBeDefined();
  });
});

describe("the latest value", () => {
  test("is the one of the highest time, whenever it was written", async () => {
    await write("/plant/read/late", [
      [NOW, 2],
      [NOW - MINUTE, 1],
    ]);
    const { propertyValue } = await t.clients.sitewise.send(
      new GetAssetPropertyValueCommand({ propertyAlias: "/plant/read/late" }),
    );
    expect(propertyValue).toEqual({ value: { doubleValue: 2 }, timestamp: at(NOW), quality: "GOOD" });
  });

  test("a batch answers each entry for itself", async () => {
    const id = "11111111-1111-4111-8111-111111111111";
    const found = await t.clients.sitewise.send(
      new BatchGetAssetPropertyValueCommand({
        entries: [
          { entryId: "a", propertyAlias: ALIAS },
          { entryId: "b", propertyAlias: "/nobody" },
          { entryId: "c", assetId: id },
        ],
      }),
    );
    expect(
      found.successEntries?.map(({ entryId, assetPropertyValue }) => [
        entryId,
        assetPropertyValue?.value?.doubleValue,
      ]),
    ).toEqual([["a", 59]]);
    expect(found.errorEntries?.map(({ entryId, errorCode }) => [entryId, errorCode])).toEqual([
      ["b", "ResourceNotFoundException"],
      ["c", "InvalidRequestException"],
    ]);
    expect(found.skippedEntries).toEqual([]);
  });
});

describe("batch history", () => {
  const entries = [
    { entryId: "a", propertyAlias: ALIAS, startDate: new Date(START + 54 * MINUTE), endDate: new Date(NOW) },
    { entryId: "b", propertyAlias: "/nobody", startDate: new Date(0), endDate: new Date(NOW) },
    { entryId: "c", propertyAlias: ALIAS, startDate: new Date(START), endDate: new Date(START + 3 * MINUTE) },
  ];
  const page = (nextToken?: string): Promise<BatchGetAssetPropertyValueHistoryCommandOutput> =>
    t.clients.sitewise.send(
      new BatchGetAssetPropertyValueHistoryCommand({ entries, maxResults: 3, nextToken }),
    );
  const valuesOf = (found: BatchGetAssetPropertyValueHistoryCommandOutput): unknown[] =>
    found.successEntries?.map(({ entryId, assetPropertyValueHistory }) => [
      entryId,
      assetPropertyValueHistory?.map(({ value }) => value?.doubleValue),
    ]) ?? [];

  test("goes through the entries page by page and lists what earlier pages finished as skipped", async () => {
    const first = await page();
    expect(valuesOf(first)).toEqual([["a", [55, 56, 57]]]);
    expect(first.skippedEntries).toEqual([]);
    const second = await page(first.nextToken);
    expect(valuesOf(second)).toEqual([
      ["a", [58, 59]],
      ["c", [1]],
    ]);
    expect(second.errorEntries?.map(({ entryId }) => entryId)).toEqual(["b"]);
    const third = await page(second.nextToken);
    expect(valuesOf(third)).toEqual([["c", [2, 3]]]);
    expect(
      third.skippedEntries?.map(({ entryId, completionStatus, errorInfo }) => [
        entryId,
        completionStatus,
        errorInfo?.errorCode,
      ]),
    ).toEqual([
      ["a", "SUCCESS", undefined],
      ["b", "ERROR", "ResourceNotFoundException"],
    ]);
    expect(third.nextToken).toBeUndefined();
  });

  test("sixteen entries are taken, seventeen are not", async () => {
    const many = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ entryId: `e${i}`, propertyAlias: ALIAS }));
    const send = (n: number): Promise<unknown> =>
      t.clients.sitewise.send(new BatchGetAssetPropertyValueHistoryCommand({ entries: many(n) }));
    await send(16);
    expect(await errorOf(send(17))).toMatchObject({ name: "InvalidRequestException" });
  });
});
