import {
  BatchPutAssetPropertyValueCommand,
  GetAssetPropertyValueCommand,
  IoTSiteWiseClient,
} from "@aws-sdk/client-iotsitewise";
import { describe, expect, test } from "vitest";
import {
  loadModel,
  modelsPresent,
  shapeFaults,
  validateAgainstModels,
} from "../../support/aws-model-validator.ts";
import { at, NOW, openBox } from "./box-harness.ts";

describe.skipIf(!modelsPresent)("the validator over AWS's service models [needs the reference data]", () => {
  test("refuses a request that breaks the model before it is sent", async () => {
    const client = new IoTSiteWiseClient({ region: "eu-central-1", endpoint: "http://127.0.0.1:9" });
    const validation = validateAgainstModels(client, "iotsitewise");
    const entry = {
      entryId: "no spaces please",
      propertyValues: [{ value: { doubleValue: 1 }, timestamp: at(NOW) }],
    };
    await expect(client.send(new BatchPutAssetPropertyValueCommand({ entries: [entry] }))).rejects.toThrow(
      /entryId.*does not match/,
    );
    await expect(client.send(new BatchPutAssetPropertyValueCommand({ entries: undefined }))).rejects.toThrow(
      /entries: missing/,
    );
    expect(validation.faults).toHaveLength(2);
    client.destroy();
  });

  test("sees the requests and answers of every client of the test box", async () => {
    await using t = await openBox({}, { refuse: true });
    const propertyValues = [{ value: { doubleValue: 1 }, timestamp: at(NOW) }];
    await t.clients.sitewise.send(
      new BatchPutAssetPropertyValueCommand({
        entries: [{ entryId: "e", propertyAlias: "/a", propertyValues }],
      }),
    );
    await t.clients.sitewise.send(new GetAssetPropertyValueCommand({ propertyAlias: "/a" }));
    expect([...t.validations.sitewise.seen]).toEqual(["BatchPutAssetPropertyValue", "GetAssetPropertyValue"]);
    expect(t.validations.sitewise.faults).toEqual([]);
  });

  test.each([
    ["an unknown member", { propertyValue: { odd: 1 } }, /not in the model/],
    ["a missing member", { propertyValue: { value: { doubleValue: 1 } } }, /timestamp: missing/],
    [
      "a number out of range",
      { propertyValue: { value: { integerValue: 1 }, timestamp: { timeInSeconds: 0 } } },
      /outside/,
    ],
    [
      "a word outside its enum",
      { propertyValue: { value: { integerValue: 1 }, timestamp: { timeInSeconds: 1 }, quality: "FINE" } },
      /enum/,
    ],
    [
      "text for a number",
      { propertyValue: { value: { integerValue: "1" }, timestamp: { timeInSeconds: 1 } } },
      /not a number/,
    ],
  ])("finds %s in an answer", (_name, answer, fault) => {
    expect(
      shapeFaults(loadModel("iotsitewise"), "GetAssetPropertyValueResponse", answer, "answer").join("; "),
    ).toMatch(fault);
  });
});
