import { BatchClient } from "@aws-sdk/client-batch";
import { IoTDataPlaneClient } from "@aws-sdk/client-iot-data-plane";
import { IoTSiteWiseClient } from "@aws-sdk/client-iotsitewise";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { measuredAlias, propertyAlias } from "@plumbline/twin/definition/properties";
import { webLine } from "@plumbline/twin/definition/web-line";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BatchJobs, ensureJobDefinition } from "../../../cloud/src/aws/batch-jobs.ts";
import { IotData } from "../../../cloud/src/aws/iot-data.ts";
import { KmsSigner } from "../../../cloud/src/aws/kms-signer.ts";
import { S3Objects } from "../../../cloud/src/aws/s3-objects.ts";
import { SiteWise } from "../../../cloud/src/aws/sitewise-client.ts";
import { provision } from "../../../cloud/src/provision/provision.ts";
import { ACCESS_KEY, NOW, openBox, REGION, SECRET, type TestBox } from "../../simulators/aws/box-harness.ts";
import {
  modelsPresent,
  type ServiceFile,
  type Validation,
  validateAgainstModels,
} from "../../support/aws-model-validator.ts";
import { builtEntry } from "../../support/build-workspace.ts";

const CLIENTS = [
  [IoTSiteWiseClient, "iotsitewise"],
  [S3Client, "s3"],
  [BatchClient, "batch"],
  [IoTDataPlaneClient, "iot-data"],
  [KMSClient, "kms"],
] as const;
const BUCKET = "plumbline-posteriors";

type Sender = { send(...args: unknown[]): unknown };

/** The adapters make their clients themselves: each is put under the validator at its first request. */
function watchAll(): { readonly found: Map<ServiceFile, Validation[]>; readonly release: () => void } {
  const found = new Map<ServiceFile, Validation[]>(CLIENTS.map(([, file]) => [file, []]));
  for (const [kind, file] of CLIENTS) {
    const prototype = kind.prototype as unknown as Sender;
    const watched = new WeakSet<object>();
    const inherited = prototype.send;
    prototype.send = function (this: object, ...args: unknown[]): unknown {
      if (!watched.has(this)) {
        watched.add(this);
        found
          .get(file)
          ?.push(validateAgainstModels(this as Parameters<typeof validateAgainstModels>[0], file));
      }
      return inherited.apply(this as Sender, args);
    };
  }
  const release = (): void => {
    for (const [kind] of CLIENTS) Reflect.deleteProperty(kind.prototype, "send");
  };
  return { found, release };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.skipIf(!modelsPresent)(
  "the product's AWS clients, under AWS's own models [needs the reference data]",
  () => {
    let box: TestBox;
    let validations: Map<ServiceFile, Validation[]>;
    let release: () => void;
    const options = (): { region: string; endpoint: string; pathStyle: true; disableHostPrefix: true } => ({
      region: REGION,
      endpoint: box.endpoint,
      pathStyle: true,
      disableHostPrefix: true,
    });

    beforeAll(async () => {
      process.env["AWS_ACCESS_KEY_ID"] = ACCESS_KEY;
      process.env["AWS_SECRET_ACCESS_KEY"] = SECRET;
      box = await openBox({}, { guardProgram: builtEntry("simulators", "aws/batch/job-guard-main.js") });
      ({ found: validations, release } = watchAll());
    });
    afterAll(async () => {
      await box[Symbol.asyncDispose]();
      release();
    });

    test("provision a twin and write and read its properties", async () => {
      const sitewise = new SiteWise(options());
      await provision(sitewise, webLine, "gw-1", "main");
      const alias = propertyAlias("gw-1", "main", "measured", "w1");
      const point = { at: NOW, value: 20, quality: "GOOD" as const };
      expect(await sitewise.put([{ alias, points: [point] }])).toEqual([]);
      const read = sitewise.measurements([measuredAlias("gw-1", "main", "w1")], NOW - 60_000, NOW + 60_000);
      expect((await all(read)).length).toBeGreaterThan(0);
    });

    test("keep objects, publish, point the shadow, sign, and run jobs", async () => {
      const objects = new S3Objects(BUCKET, options());
      expect(await objects.get("state/none.json")).toBeUndefined();
      expect(await objects.put("state/a.json", new Uint8Array([1]), { absent: true })).toMatchObject({
        kind: "stored",
      });
      expect(await objects.put("state/a.json", new Uint8Array([2]), { absent: true })).toEqual({
        kind: "conflict",
      });
      expect((await all(objects.list("state/"))).map(({ key }) => key)).toEqual(["state/a.json"]);
      const link = new IotData(options());
      await link.publish("plumbline/v1/gw-1/ack", "{}");
      await link.desire("gw-1", "main", { version: 1 });
      expect(await link.shadow("gw-1", "main")).toBeDefined();
      const signer = new KmsSigner("alias/plumbline-signing", options());
      expect((await signer.sign("a.b")).length).toBe(64);
      expect(await signer.publicKey()).toContain("PUBLIC KEY");
      await ensureJobDefinition("recalibrate", "plumbline-recalibrate", options());
      const jobs = new BatchJobs("plumbline-recalibration", "recalibrate", options());
      const id = await jobs.submit({
        name: "recalibrate-1",
        command: ["--thing", "gw-1", "--instance", "main"],
      });
      expect((await jobs.states([id])).has(id)).toBe(true);
    });

    test("broke no model, and were all seen", () => {
      for (const [file, each] of validations) {
        expect(each.length, file).toBeGreaterThan(0);
        expect(each.flatMap(({ seen }) => [...seen]).length, file).toBeGreaterThan(0);
        expect(
          each.flatMap(({ faults }) => faults),
          file,
        ).toEqual([]);
      }
    });
  },
);
