import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crc32c } from "../../../simulators/src/aws/s3/checksums.ts";
import { errorOf, openBox, type TestBox } from "./box-harness.ts";

let t: TestBox;
const Bucket = "plumbline-posteriors";
beforeAll(async () => {
  t = await openBox();
});
afterAll(async () => {
  expect(t.validations.s3.faults).toEqual([]);
  await t[Symbol.asyncDispose]();
});
const put = (
  Key: string,
  Body: NonNullable<PutObjectCommandInput["Body"]>,
  more: Partial<PutObjectCommandInput> = {},
) => t.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string): Promise<string | undefined> =>
  (await t.clients.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

describe("objects", () => {
  test("come back as they went, with MD5 as the ETag, their type and metadata", async () => {
    const body = Buffer.from("a posterior, Σ and all");
    const { ETag } = await put("a/b c+d %41 é.json", body, {
      ContentType: "application/json",
      Metadata: { version: "7" },
    });
    expect(ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    const found = await t.clients.s3.send(new GetObjectCommand({ Bucket, Key: "a/b c+d %41 é.json" }));
    expect(await found.Body?.transformToString()).toBe(body.toString());
    expect([found.ETag, found.ContentType, found.Metadata, found.ContentLength]).toEqual([
      ETag,
      "application/json",
      { version: "7" },
      body.length,
    ]);
    const head = await t.clients.s3.send(new HeadObjectCommand({ Bucket, Key: "a/b c+d %41 é.json" }));
    expect([head.ETag, head.ContentLength, head.Metadata]).toEqual([ETag, body.length, { version: "7" }]);
  });

  test("a stream of unknown hash (aws-chunked with a CRC32 trailer) is stored without its framing", async () => {
    const parts = Array.from({ length: 40 }, (_, i) => Buffer.alloc(4_096, i));
    await put("stream", Readable.from(parts), { ContentLength: 40 * 4_096 });
    const found = await t.clients.s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
    expect(Buffer.concat(parts).equals(Buffer.from((await found.Body?.transformToByteArray()) ?? []))).toBe(
      true,
    );
    expect(found.ChecksumCRC32).toBeDefined();
  });

  test("an empty object and one of a megabyte are as good as any", async () => {
    await put("empty", "");
    expect(await get("empty")).toBe("");
    await put("large", Buffer.alloc(1 << 20, 9));
    expect((await t.clients.s3.send(new HeadObjectCommand({ Bucket, Key: "large" }))).ContentLength).toBe(
      1 << 20,
    );
  });

  test.each(["CRC32", "CRC32C", "SHA1", "SHA256"] as const)(
    "a right %s is kept, a wrong one is refused",
    async (algorithm) => {
      const key = `sum-${algorithm}`;
      await put(key, "text", { ChecksumAlgorithm: algorithm });
      const found = await t.clients.s3.send(
        new GetObjectCommand({ Bucket, Key: key, ChecksumMode: "ENABLED" }),
      );
      expect(found[`Checksum${algorithm}`]).toBeDefined();
      const wrong = put(key, "text", { [`Checksum${algorithm}`]: Buffer.alloc(4).toString("base64") });
      expect(await errorOf(wrong)).toMatchObject({ name: "BadDigest", status: 400 });
    },
  );

  test("a part of an object is given for a range of bytes", async () => {
    await put("range", "0123456789");
    const range = async (Range: string): Promise<string | undefined> =>
      (
        await t.clients.s3.send(new GetObjectCommand({ Bucket, Key: "range", Range }))
      ).Body?.transformToString();
    expect([await range("bytes=2-4"), await range("bytes=7-"), await range("bytes=-2")]).toEqual([
      "234",
      "789",
      "89",
    ]);
    expect(await errorOf(range("bytes=10-12"))).toMatchObject({ name: "InvalidRange", status: 416 });
  });

  test("a deleted object is gone, and deleting it again is no error", async () => {
    await put("gone", "x");
    for (const _ of [1, 2]) await t.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
    expect(await errorOf(get("gone"))).toMatchObject({ name: "NoSuchKey", status: 404 });
    expect(await errorOf(t.clients.s3.send(new HeadObjectCommand({ Bucket, Key: "gone" })))).toMatchObject({
      name: "NotFound",
      status: 404,
    });
  });
});

describe("compare and swap", () => {
  test("If-None-Match: * writes only where nothing is", async () => {
    await put("cas/new", "1", { IfNoneMatch: "*" });
    expect(await errorOf(put("cas/new", "2", { IfNoneMatch: "*" }))).toMatchObject({
      name: "PreconditionFailed",
      status: 412,
    });
    expect(await get("cas/new")).toBe("1");
  });

  test("If-Match writes only over the version it names: of two writers one wins", async () => {
    const { ETag } = await put("cas/swap", "0");
    const outcomes = await Promise.all(
      ["a", "b", "c"].map((body) => errorOf(put("cas/swap", body, { IfMatch: ETag }))),
    );
    expect(outcomes.map(({ name }) => name).sort()).toEqual([
      "PreconditionFailed",
      "PreconditionFailed",
      "none",
    ]);
    expect(await errorOf(put("cas/none", "x", { IfMatch: ETag }))).toMatchObject({
      name: "NoSuchKey",
      status: 404,
    });
    expect(await errorOf(put("cas/swap", "x", { IfNoneMatch: ETag }))).toMatchObject({
      name: "NotImplemented",
      status: 501,
    });
  });

  test("a read with If-None-Match of the version it has is 304, with If-Match of another 412", async () => {
    const { ETag } = await put("cas/read", "x");
    const read = (more: object) =>
      t.clients.s3.send(new GetObjectCommand({ Bucket, Key: "cas/read", ...more }));
    expect(await errorOf(read({ IfNoneMatch: ETag }))).toMatchObject({ status: 304 });
    expect(await errorOf(read({ IfMatch: '"0"' }))).toMatchObject({ status: 412 });
    expect(await (await read({ IfMatch: ETag })).Body?.transformToString()).toBe("x");
  });
});

test("a query that means another operation is refused, and so is what would change what an object means", async () => {
  await put("plain", "x");
  const version = t.clients.s3.send(new GetObjectCommand({ Bucket, Key: "plain", VersionId: "1" }));
  expect(await errorOf(version)).toMatchObject({ name: "NotImplemented", status: 501 });
  expect(await errorOf(put("plain", "y", { ACL: "public-read" }))).toMatchObject({ name: "NotImplemented" });
  expect(await errorOf(put("plain", "y", { Tagging: "a=b" }))).toMatchObject({ name: "NotImplemented" });
  expect(await get("plain")).toBe("x");
});

describe("listing", () => {
  beforeAll(async () => {
    for (const key of ["list/a", "list/b/1", "list/b/2", "list/c & <d>", "list/ä"]) await put(key, key);
  });
  const list = async (more: object = {}) =>
    t.clients.s3.send(new ListObjectsV2Command({ Bucket, Prefix: "list/", ...more }));

  test("is in the order of bytes, with names that XML would break", async () => {
    const found = await list();
    expect(found.Contents?.map(({ Key }) => Key)).toEqual([
      "list/a",
      "list/b/1",
      "list/b/2",
      "list/c & <d>",
      "list/ä",
    ]);
    expect([found.KeyCount, found.IsTruncated, found.Contents?.[0]?.Size]).toEqual([5, false, 6]);
  });

  test("groups by a delimiter and goes on where a page ended", async () => {
    const keys: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ Delimiter: "/", MaxKeys: 1, ContinuationToken });
      keys.push(
        ...(page.Contents?.map(({ Key }) => Key) ?? []),
        ...(page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? []),
      );
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(keys).toEqual(["list/a", "list/b/", "list/c & <d>", "list/ä"]);
    expect((await list({ StartAfter: "list/b/1" })).Contents?.[0]?.Key).toBe("list/b/2");
    expect((await list({ Prefix: "none/" })).KeyCount).toBe(0);
  });
});

describe("buckets", () => {
  test("are made once, with a name that S3 allows", async () => {
    const create = (name: string) => t.clients.s3.send(new CreateBucketCommand({ Bucket: name }));
    await create("frames-archive");
    expect(await errorOf(create("frames-archive"))).toMatchObject({
      name: "BucketAlreadyOwnedByYou",
      status: 409,
    });
    expect(await errorOf(create("Frames"))).toMatchObject({ name: "InvalidBucketName" });
    await t.clients.s3.send(new PutObjectCommand({ Bucket: "frames-archive", Key: "k", Body: "x" }));
    expect(
      await errorOf(t.clients.s3.send(new GetObjectCommand({ Bucket: "no-such-bucket", Key: "k" }))),
    ).toMatchObject({ name: "NoSuchBucket", status: 404 });
  });

  test("a key of 1,024 bytes is taken, one of 1,025 is not", async () => {
    await put("k".repeat(1_024), "x");
    expect(await get("k".repeat(1_024))).toBe("x");
    expect(await errorOf(put("k".repeat(1_025), "x"))).toMatchObject({ name: "KeyTooLongError" });
  });
});

test("CRC-32C of the check string is the published one", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});
