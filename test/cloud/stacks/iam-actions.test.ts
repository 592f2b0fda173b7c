import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { FLEET, statements, synthesise } from "./synthesis.ts";

const data =
  process.env["PLUMBLINE_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../../shared/data");
const models = path.join(data, "aws-models-slim");

/** IAM's service prefix → the service model that knows its operations. */
const MODELS: Readonly<Record<string, string>> = {
  iotsitewise: "iotsitewise.json",
  batch: "batch.json",
  kms: "kms.json",
  iot: "iot-data.json",
};

/** CloudFormation accepts a misspelt action, and the first call in production is refused. */
describe.skipIf(!existsSync(models))("an action in a policy [needs the reference data]", () => {
  test("is an operation of its service", () => {
    const { ingest, calibration } = synthesise({ fleet: FLEET });
    const actions = new Set(
      [...statements(ingest), ...statements(calibration)].flatMap((statement) => statement.actions),
    );
    const checked = [...actions].filter((action) => MODELS[action.split(":")[0] ?? ""] !== undefined);
    expect(checked.length).toBeGreaterThan(6);
    expect(checked.filter((action) => !isOperation(action))).toEqual([]);
    expect(isOperation("iotsitewise:BatchPutAssetPropertyValu")).toBe(false);
  });
});

function isOperation(action: string): boolean {
  const [service = "", operation = ""] = action.split(":");
  const model = JSON.parse(readFileSync(path.join(models, MODELS[service] ?? ""), "utf8")) as {
    operations: object;
  };
  return Object.hasOwn(model.operations, operation);
}
