import {
  BatchPutAssetPropertyValueCommand,
  CreateAssetCommand,
  type CreateAssetCommandInput,
  CreateAssetModelCommand,
  type CreateAssetModelCommandInput,
  DescribeAssetCommand,
  type DescribeAssetCommandOutput,
  DescribeAssetModelCommand,
  GetAssetPropertyValueCommand,
  ListAssetModelsCommand,
  ListAssetsCommand,
  UpdateAssetModelCommand,
  UpdateAssetPropertyCommand,
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
const describeAsset = (assetId: string): Promise<DescribeAssetCommandOutput> =>
  t.clients.sitewise.send(new DescribeAssetCommand({ assetId }));

describe("asset models", () => {
  test("are created, described and listed with ids for their properties", async () => {
    const assetModelId = await model({
      assetModelDescription: "a line",
      assetModelExternalId: "web-line.v1",
    });
    const found = await t.clients.sitewise.send(new DescribeAssetModelCommand({ assetModelId }));
    expect(
      found.assetModelProperties?.map(({ name, dataType, type }) => [
        name,
        dataType,
        Object.keys(type ?? {}),
      ]),
    ).toEqual([
      ["measured/w3", "DOUBLE", ["measurement"]],
      ["verdict", "STRING", ["measurement"]],
      ["radius", "DOUBLE", ["attribute"]],
    ]);
    expect(found.assetModelStatus?.state).toBe("ACTIVE");
    expect(found.assetModelCreationDate?.getTime()).toBe(NOW);
    const byExternalId = await t.clients.sitewise.send(
      new DescribeAssetModelCommand({ assetModelId: "externalId:web-line.v1" }),
    );
    expect(byExternalId.assetModelId).toBe(assetModelId);
    const listed = await t.clients.sitewise.send(new ListAssetModelsCommand({ maxResults: 250 }));
    expect(listed.assetModelSummaries?.map(({ id }) => id)).toContain(assetModelId);
  });

  test("the same client token gives the same model, for another request it is a conflict", async () => {
    const clientToken = "a-token-of-thirty-six-characters-at-least";
    const input = { assetModelName: "once", assetModelProperties: PROPERTIES, clientToken };
    const first = await t.clients.sitewise.send(new CreateAssetModelCommand(input));
    const again = await t.clients.sitewise.send(new CreateAssetModelCommand(input));
    expect(again.assetModelId).toBe(first.assetModelId);
    const other = t.clients.sitewise.send(new CreateAssetModelCommand({ ...input, assetModelName: "twice" }));
    expect(await errorOf(other)).toMatchObject({ name: "ConflictingOperationException", status: 409 });
  });

  test("a name taken, a property named twice, a bad default, an unknown model", async () => {
    await model({ assetModelName: "taken" });
    expect(await errorOf(model({ assetModelName: "taken" }))).toMatchObject({
      name: "ResourceAlreadyExistsException",
      status: 409,
    });
    expect(await errorOf(model({ assetModelProperties: [PROPERTIES[0]!, PROPERTIES[0]!] }))).toMatchObject({
      name: "InvalidRequestException",
    });
    const bad = { name: "n", dataType: "DOUBLE", type: { attribute: { defaultValue: "wide" } } } as const;
    expect(await errorOf(model({ assetModelProperties: [bad] }))).toMatchObject({
      name: "InvalidRequestException",
    });
    const nobody = "11111111-1111-4111-8111-111111111111";
    expect(await errorOf(asset(nobody))).toMatchObject({ name: "ResourceNotFoundException", status: 404 });
  });

  test("201 properties are above the quota, which is 410", async () => {
    const many = (n: number): CreateAssetModelCommandInput["assetModelProperties"] =>
      Array.from({ length: n }, (_, i) => ({ name: `p${i}`, dataType: "DOUBLE", type: { measurement: {} } }));
    await model({ assetModelProperties: many(200) });
    expect(await errorOf(model({ assetModelProperties: many(201) }))).toMatchObject({
      name: "LimitExceededException",
      status: 410,
    });
  });

  test("what is not emulated is refused, not ignored", async () => {
    const hierarchy = { name: "children", childAssetModelId: "11111111-1111-4111-8111-111111111111" };
    expect(await errorOf(model({ assetModelHierarchies: [hierarchy] }))).toMatchObject({
      name: "InvalidRequestException",
    });
    expect((await errorOf(model({ assetModelType: "COMPONENT_MODEL" }))).message).toContain("assetModelType");
  });

  test("an update follows into the assets: a new property appears, one left out goes with its data", async () => {
    const assetModelId = await model();
    const assetId = await asset(assetModelId);
    const before = (await describeAsset(assetId)).assetProperties ?? [];
    const given =
      (await t.clients.sitewise.send(new DescribeAssetModelCommand({ assetModelId }))).assetModelProperties ??
      [];
    const next = [
      ...given.filter(({ name }) => name !== "verdict"),
      { name: "measured/w4", dataType: "DOUBLE", type: { measurement: {} } } as const,
    ];
    await t.clients.sitewise.send(
      new UpdateAssetModelCommand({ assetModelId, assetModelName: "renamed", assetModelProperties: next }),
    );
    const after = (await describeAsset(assetId)).assetProperties ?? [];
    expect(after.map(({ name }) => name)).toEqual(["measured/w3", "radius", "measured/w4"]);
    expect(after[0]?.id).toBe(before[0]?.id);
    const gone = t.clients.sitewise.send(
      new GetAssetPropertyValueCommand({ assetId, propertyId: before[1]?.id }),
    );
    expect(await errorOf(gone)).toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe("assets", () => {
  test("have their model's properties, attributes with their default value", async () => {
    const assetId = await asset(await model(), { assetDescription: "line 7" });
    const found = await describeAsset(assetId);
    expect(found.assetProperties?.map(({ name, alias, unit }) => [name, alias, unit])).toEqual([
      ["measured/w3", undefined, "rad/s"],
      ["verdict", undefined, undefined],
      ["radius", undefined, "m"],
    ]);
    const radius = await t.clients.sitewise.send(
      new GetAssetPropertyValueCommand({ assetId, propertyId: found.assetProperties?.[2]?.id }),
    );
    expect(radius.propertyValue?.value).toEqual({ doubleValue: 0.25 });
  });

  test("an alias given to a property is where its values go, and is taken for every other", async () => {
    const assetId = await asset(await model());
    const [first, second] = (await describeAsset(assetId)).assetProperties ?? [];
    const alias = `/plant/assets/${assetId}/w3`;
    const update = (propertyId: string | undefined, propertyAlias?: string): Promise<unknown> =>
      t.clients.sitewise.send(new UpdateAssetPropertyCommand({ assetId, propertyId, propertyAlias }));
    await update(first?.id, alias);
    const put = await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({
        entries: [
          {
            entryId: "e",
            propertyAlias: alias,
            propertyValues: [{ value: { doubleValue: 9 }, timestamp: at(NOW) }],
          },
        ],
      }),
    );
    expect(put.errorEntries).toEqual([]);
    const value = await t.clients.sitewise.send(
      new GetAssetPropertyValueCommand({ assetId, propertyId: first?.id }),
    );
    expect(value.propertyValue?.value?.doubleValue).toBe(9);
    expect(await errorOf(update(second?.id, alias))).toMatchObject({
      name: "ConflictingOperationException",
      status: 409,
    });
    await update(first?.id);
    expect((await describeAsset(assetId)).assetProperties?.[0]?.alias).toBeUndefined();
    await update(second?.id, alias);
    expect(await errorOf(update(first?.id, "x".repeat(1_001)))).toMatchObject({
      name: "InvalidRequestException",
    });
  });

  test("are listed by model, page by page", async () => {
    const assetModelId = await model();
    const ids = [await asset(assetModelId), await asset(assetModelId), await asset(assetModelId)];
    const first = await t.clients.sitewise.send(
      new ListAssetsCommand({ assetModelId, filter: "ALL", maxResults: 2 }),
    );
    const second = await t.clients.sitewise.send(
      new ListAssetsCommand({ assetModelId, filter: "ALL", maxResults: 2, nextToken: first.nextToken }),
    );
    const found = [first, second].flatMap(
      ({ assetSummaries }) => assetSummaries?.map(({ id }) => id ?? "") ?? [],
    );
    expect(found).toEqual([...ids].sort());
    expect(await errorOf(t.clients.sitewise.send(new ListAssetsCommand({ filter: "ALL" })))).toMatchObject({
      name: "InvalidRequestException",
    });
    expect(
      await errorOf(t.clients.sitewise.send(new ListAssetsCommand({ assetModelId, maxResults: 251 }))),
    ).toMatchObject({ name: "InvalidRequestException" });
  });
});
