import * as batch from "@aws-sdk/client-batch";
import * as iotData from "@aws-sdk/client-iot-data-plane";
import * as sitewise from "@aws-sdk/client-iotsitewise";
import * as kms from "@aws-sdk/client-kms";
import * as s3 from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "../../../simulators/src/aws/http/service.ts";
import { loadModel, modelsPresent, type ServiceFile } from "../../support/aws-model-validator.ts";
import { openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
beforeAll(async () => {
  t = await openBox();
});
afterAll(() => t[Symbol.asyncDispose]());

/** An operation as the SDK's own schema has it: [kind, namespace, name, traits, …]. */
type Schema = readonly [
  number,
  string,
  string,
  { readonly endpoint?: readonly string[]; readonly http?: readonly [string, string, number] } | number,
];
const schemaOf = (client: object, name: string): Schema | undefined =>
  (client as Record<string, Schema | undefined>)[`${name}$`];

const slash = (path: string): string => path.replace(/\/$/, "");
/** The SDK leaves the bucket to the host and adds `x-id`; a trailing slash says nothing. */
const sdkPath = (signingName: string, path: string): string =>
  slash(
    signingName === "s3"
      ? path
          .replace(/^\//, "/{Bucket}/")
          .replace(/\/(\?|$)/, "$1")
          .replace(/\?x-id=.*$/, "")
      : path,
  );

const SERVICES: readonly (readonly [string, object, ServiceFile, number])[] = [
  ["iotsitewise", sitewise, "iotsitewise", 18],
  ["s3", s3, "s3", 6],
  ["batch", batch, "batch", 8],
  ["iotdata", iotData, "iot-data", 5],
  ["kms", kms, "kms", 4],
];
const operationsOf = (signingName: string): readonly Operation[] => t.box.operations[signingName] ?? [];

describe.each(SERVICES)("%s", (signingName, client, file, count) => {
  test("has the operations, methods, paths and host prefixes of the SDK's schemas", () => {
    expect(operationsOf(signingName)).toHaveLength(count);
    for (const { name, method, path, hostPrefix, target } of operationsOf(signingName)) {
      const schema = schemaOf(client, name);
      expect(schema?.[2]).toBe(name);
      const traits = schema?.[3];
      if (typeof traits !== "object" || traits.http === undefined) {
        expect([method, path, target]).toEqual(["POST", "/", `TrentService.${name}`]);
        continue;
      }
      expect([name, method, slash(path)]).toEqual([
        name,
        traits.http[0],
        sdkPath(signingName, traits.http[1]),
      ]);
      expect([name, hostPrefix]).toEqual([name, traits.endpoint?.[0]]);
    }
  });

  test.skipIf(!modelsPresent)("has the paths of AWS's service model [needs the reference data]", () => {
    const model = loadModel(file);
    const known = operationsOf(signingName).filter(({ name }) => name in model.operations);
    expect(known.length).toBeGreaterThanOrEqual(count - 1);
    for (const { name, method, path, hostPrefix } of known) {
      const { http, endpoint } = model.operations[name]!;
      expect([name, method, slash(path), hostPrefix]).toEqual([
        name,
        http.method,
        slash(http.requestUri),
        endpoint?.hostPrefix,
      ]);
    }
  });
});
