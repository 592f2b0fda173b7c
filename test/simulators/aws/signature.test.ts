import { Agent, request as httpRequest } from "node:http";
import { Sha256 } from "@aws-crypto/sha256-js";
import {
  BatchGetAssetPropertyValueCommand,
  DescribeStorageConfigurationCommand,
  IoTSiteWiseClient,
  ListAssetModelsCommand,
} from "@aws-sdk/client-iotsitewise";
import { ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCESS_KEY, clientsOf, errorOf, openBox, REGION, SECRET, type TestBox } from "./box-harness.ts";

let t: TestBox;
let wall = Date.now();
beforeAll(async () => {
  t = await openBox({}, { wall: () => wall });
});
afterAll(() => t[Symbol.asyncDispose]());

interface Reply {
  readonly status: number | undefined;
  readonly type: string | string[] | undefined;
  readonly text: string;
}

/** A request as it is, without an SDK that would mend it. */
const raw = (method: string, path: string, headers: Record<string, string>, body = ""): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(`${t.endpoint}${path}`, { method, headers, agent: new Agent() }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () =>
        resolve({ status: answer.statusCode, type: answer.headers["x-amzn-errortype"], text }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });

const signed = async (
  body: string,
  { service = "iotsitewise", date = new Date(wall) } = {},
): Promise<Record<string, string>> => {
  const signer = new SignatureV4({
    service,
    region: REGION,
    sha256: Sha256,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
  });
  const { host } = new URL(t.endpoint);
  const message = {
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    path: "/properties/batch/latest",
    query: {},
    headers: { host, "content-type": "application/json" },
    body,
  };
  return (await signer.sign(message, { signingDate: date })).headers;
};
const BODY = JSON.stringify({ entries: [{ entryId: "e", propertyAlias: "/a" }] });
const post = async (body: string, headers: Record<string, string>): Promise<Reply> =>
  raw("POST", "/properties/batch/latest", headers, body);

describe("Signature Version 4", () => {
  test("a right signature is let in", async () => {
    expect(await post(BODY, await signed(BODY))).toMatchObject({ status: 200 });
  });

  test.each([
    [
      "another secret",
      { secret: "not the secret" },
      "InvalidSignatureException",
      "SignatureDoesNotMatch",
      403,
    ],
    [
      "another region",
      { region: "us-east-1" },
      "InvalidSignatureException",
      "AuthorizationHeaderMalformed",
      400,
    ],
  ])("%s is refused by every service in its own words", async (_name, more, name, s3Name, s3Status) => {
    const other = clientsOf(t.endpoint, more);
    expect(await errorOf(other.sitewise.send(new ListAssetModelsCommand({})))).toMatchObject({
      name,
      status: 403,
    });
    expect(
      await errorOf(other.s3.send(new ListObjectsV2Command({ Bucket: "plumbline-posteriors" }))),
    ).toMatchObject({ name: s3Name, status: s3Status });
    expect(t.events.some(({ event }) => event === "box.signature-refused")).toBe(true);
  });

  test("a request signed for another service is refused", async () => {
    expect(await post(BODY, await signed(BODY, { service: "iotdata" }))).toMatchObject({
      status: 403,
      type: "InvalidSignatureException",
    });
  });

  test("an unknown access key, no signature, half a signature", async () => {
    const headers = await signed(BODY);
    const key = {
      ...headers,
      authorization: (headers["authorization"] ?? "").replace(ACCESS_KEY, "AKIASOMEBODYELSE0000"),
    };
    expect(await post(BODY, key)).toMatchObject({ status: 403, type: "UnrecognizedClientException" });
    const { authorization: _, ...unsigned } = headers;
    expect(await post(BODY, unsigned)).toMatchObject({
      status: 403,
      type: "MissingAuthenticationTokenException",
    });
    expect(await post(BODY, { ...headers, authorization: "AWS4-HMAC-SHA256 Credential=x" })).toMatchObject({
      status: 400,
      type: "IncompleteSignatureException",
    });
  });

  test("a body changed after it was signed is refused", async () => {
    expect(await post(`${BODY} `, await signed(BODY))).toMatchObject({
      status: 403,
      type: "InvalidSignatureException",
    });
  });

  test("fifteen minutes of skew on the wall clock are allowed, a second more is not", async () => {
    const at = async (minutes: number, seconds = 0): Promise<number | undefined> =>
      (
        await post(
          BODY,
          await signed(BODY, {
            date: new Date(Math.floor(wall / 1_000) * 1_000 + minutes * 60_000 + seconds * 1_000),
          }),
        )
      ).status;
    wall = Math.floor(wall / 1_000) * 1_000;
    expect([await at(15), await at(15, 1), await at(-15), await at(-15, -1)]).toEqual([200, 403, 200, 403]);
  });

  test("S3 takes a body that the signature leaves out", async () => {
    const client = new S3Client({
      endpoint: t.endpoint,
      region: REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
      applyChecksum: false,
    } as never);
    await client.send(new PutObjectCommand({ Bucket: "plumbline-posteriors", Key: "unsigned", Body: "x" }));
    client.destroy();
  });
});

describe("what reaches no operation", () => {
  test("an operation that is not emulated says so", async () => {
    const headers = await signed(BODY);
    const reply = await raw("POST", "/queries/execution", headers, BODY);
    expect([reply.status, reply.type]).toEqual([403, "InvalidSignatureException"]);
    const send = (t.clients.sitewise as IoTSiteWiseClient).send(
      new (await import("@aws-sdk/client-iotsitewise")).ExecuteQueryCommand({
        queryStatement: "select 1 from x",
      }),
    );
    expect(await errorOf(send)).toMatchObject({ name: "UnknownOperationException", status: 404 });
  });

  test("JSON that is none, or is nested beyond reason, is refused in the service's words", async () => {
    expect(await post("{", await signed("{"))).toMatchObject({
      status: 400,
      type: "InvalidRequestException",
    });
    const deep = `{"entries":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    expect((await post(deep, await signed(deep))).text).toContain("nested deeper");
  });

  test("a body above the service's size is refused with 413", async () => {
    const large = JSON.stringify({ entries: [], padding: "x".repeat(1_100_000) });
    expect(await post(large, await signed(large))).toMatchObject({
      status: 413,
      type: "RequestEntityTooLargeException",
    });
  });
});

test("each SiteWise operation is served on its own host, and on no other's", async () => {
  const lookup = (
    _host: string,
    options: { all?: boolean },
    done: (error: null, address: unknown, family?: number) => void,
  ): void =>
    options.all === true ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  const client = (endpoint: string, disableHostPrefix: boolean): IoTSiteWiseClient =>
    new IoTSiteWiseClient({
      endpoint,
      region: REGION,
      maxAttempts: 1,
      disableHostPrefix,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
      requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ lookup } as never) }),
    });
  const prefixed = client(`http://sitewise.local.test:${t.box.httpPort}`, false);
  await prefixed.send(new DescribeStorageConfigurationCommand({}));
  await prefixed.send(
    new BatchGetAssetPropertyValueCommand({ entries: [{ entryId: "e", propertyAlias: "/a" }] }),
  );
  const wrong = client(`http://data.sitewise.local.test:${t.box.httpPort}`, true);
  expect(await errorOf(wrong.send(new DescribeStorageConfigurationCommand({})))).toMatchObject({
    name: "UnknownOperationException",
  });
  prefixed.destroy();
  wrong.destroy();
});
