import {
  BatchPutAssetPropertyValueCommand,
  CreateAssetCommand,
  type CreateAssetCommandInput,
  CreateAssetModelCommand,
  type CreateAssetModelCommandInput,
  DescribeAssetCommand,
  DescribeAssetModelCommand,
  DescribeStorageConfigurationCommand,
  DescribeTimeSeriesCommand,
  ListTimeSeriesCommand,
  waitUntilAssetActive,
  waitUntilAssetModelActive,
} from "@aws-sdk/client-iotsitewise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at, errorOf, NOW, openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
const FREE = { modelRequestsPerSecond: 1e9, assetRequestsPerSecond: 1e9, seriesRequestsPerSecond: 1e9 };
beforeAll(async () => {
  t = await openBox({ quotas: FREE });
});
afterAll(async () => {
  expect(t.validations.sitewise.faults.filter((fault) => fault.includes(" answer: "))).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const PROPERTIES: CreateAssetModelCommandInput["assetModelProperties"] = [
  { name: "measured/w3", dataType: "DOUBLE", unit: "rad/s", type: { measurement: {} } },
  { name: "verdict", dataType: "STRING", type: { measurement: {} } },
  { name: "radius", dataType: "DOUBLE", unit: "m", type: { attribute: { defaultValue: "0.25" } } },
];
let counter = 0;
const model = async (more: Partial<CreateAssetModelCommandInput> = {}): Promise<string> => {
  counter += 1;
  const input = { assetModelName: `model ${counter}`, assetModelProperties: PROPERTIES, ...more };
  return (await t.clients.sitewise.send(new CreateAssetModelCommand(input))).assetModelId ?? "";
};
const asset = async (assetModelId: string, more: Partial<CreateAssetCommandInput> = {}): Promise<string> => {
  counter += 1;
  return (
    (
      await t.clients.sitewise.send(
        new CreateAssetCommand({ assetName: `asset ${counter}`, assetModelId, ...more }),
      )
    ).assetId ?? ""
  );
};
describe("states", () => {
  test("a model is CREATING for its delay, and until then no asset can be made of it", async () => {
    let wall = Date.now();
    await using slow = await openBox({ createDelayMs: 60_000 }, { wall: () => wall });
    const { assetModelId } = await slow.clients.sitewise.send(
      new CreateAssetModelCommand({ assetModelName: "slow", assetModelProperties: PROPERTIES }),
    );
    const state = async (): Promise<string | undefined> =>
      (await slow.clients.sitewise.send(new DescribeAssetModelCommand({ assetModelId }))).assetModelStatus
        ?.state;
    expect(await state()).toBe("CREATING");
    const create = () =>
      slow.clients.sitewise.send(new CreateAssetCommand({ assetName: "early", assetModelId }));
    expect(await errorOf(create())).toMatchObject({ name: "ConflictingOperationException" });
    wall += 60_000;
    expect(await state()).toBe("ACTIVE");
    const { assetId } = await create();
    const propertyId = (await slow.clients.sitewise.send(new DescribeAssetCommand({ assetId })))
      .assetProperties?.[0]?.id;
    const values = [{ value: { doubleValue: 1 }, timestamp: at(NOW) }];
    const put = (): Promise<string | undefined> =>
      slow.clients.sitewise
        .send(
          new BatchPutAssetPropertyValueCommand({
            entries: [{ entryId: "e", assetId, propertyId, propertyValues: values }],
          }),
        )
        .then(({ errorEntries }) => errorEntries?.[0]?.errors?.[0]?.errorCode);
    expect(await put()).toBe("ConflictingOperationException");
    wall += 60_000;
    expect(await put()).toBeUndefined();
  });

  test("AWS's own waiters are content", async () => {
    const assetModelId = await model();
    const waiter = { client: t.clients.sitewise, maxWaitTime: 5, minDelay: 1, maxDelay: 1 };
    expect((await waitUntilAssetModelActive(waiter, { assetModelId })).state).toBe("SUCCESS");
    expect((await waitUntilAssetActive(waiter, { assetId: await asset(assetModelId) })).state).toBe(
      "SUCCESS",
    );
  });
});

describe("time series", () => {
  test("of assets and of nobody are told apart, found by prefix and described", async () => {
    const assetId = await asset(await model());
    const entries = ["/series/a", "/series/b", "/other"].map((propertyAlias, i) => ({
      entryId: `e${i}`,
      propertyAlias,
      propertyValues: [{ value: { doubleValue: 1 }, timestamp: at(NOW) }],
    }));
    await t.clients.sitewise.send(new BatchPutAssetPropertyValueCommand({ entries }));
    const list = async (filter: object): Promise<(string | undefined)[]> =>
      (
        await t.clients.sitewise.send(new ListTimeSeriesCommand({ ...filter, maxResults: 250 }))
      ).TimeSeriesSummaries?.map(({ alias, propertyId }) => alias ?? propertyId) ?? [];
    expect(await list({ aliasPrefix: "/series/" })).toEqual(["/series/a", "/series/b"]);
    expect(await list({ aliasPrefix: "/series/", timeSeriesType: "ASSOCIATED" })).toEqual([]);
    expect(await list({ assetId })).toHaveLength(3);
    const one = await t.clients.sitewise.send(new DescribeTimeSeriesCommand({ alias: "/other" }));
    expect([one.dataType, one.assetId]).toEqual(["DOUBLE", undefined]);
    expect(
      await errorOf(t.clients.sitewise.send(new DescribeTimeSeriesCommand({ alias: "/none" }))),
    ).toMatchObject({ name: "ResourceNotFoundException" });
    const first = await t.clients.sitewise.send(
      new ListTimeSeriesCommand({ aliasPrefix: "/series/", maxResults: 1 }),
    );
    const second = await t.clients.sitewise.send(
      new ListTimeSeriesCommand({ aliasPrefix: "/series/", maxResults: 1, nextToken: first.nextToken }),
    );
    expect(second.TimeSeriesSummaries?.map(({ alias }) => alias)).toEqual(["/series/b"]);
  });

  test("an account that configured nothing keeps streams of nobody", async () => {
    const found = await t.clients.sitewise.send(new DescribeStorageConfigurationCommand({}));
    expect([found.storageType, found.disassociatedDataStorage, found.configurationStatus?.state]).toEqual([
      "SITEWISE_DEFAULT_STORAGE",
      "ENABLED",
      "ACTIVE",
    ]);
  });
});
