import { createHash } from "node:crypto";
import type { Answer, Call } from "../http/service.ts";
import type { Store } from "../sqlite-store.ts";
import { unchunk } from "./aws-chunked.ts";
import { bucketOf } from "./buckets.ts";
import { checksumHeaders, verifyChecksums } from "./checksums.ts";
import { type ConditionVerdict, judgeWrite } from "./conditions.ts";
import { noSuchKey, preconditionFailed, s3Fault } from "./s3-fault.ts";
import type { ObjectTable } from "./sqlite-objects.ts";

/** Kept with the object and handed back as they came. */
const KEPT = new Set([
  "content-type",
  "content-encoding",
  "content-disposition",
  "content-language",
  "cache-control",
  "expires",
]);
const META = "x-amz-meta-";
/** S3's limits: bytes of a key, bytes of all user metadata. */
const MAX_KEY_BYTES = 1_024;
const MAX_META_BYTES = 2_048;
/** What would change what the object means, and the box does not do. */
const NOT_EMULATED = [
  "x-amz-copy-source",
  "x-amz-server-side-encryption-customer-algorithm",
  "x-amz-object-lock-mode",
  "x-amz-write-offset-bytes",
  "x-amz-tagging",
  "x-amz-acl",
];

/** @throws {ServiceFault} KeyTooLongError. */
export function keyOf(call: Call): string {
  const key = call.labels["Key"] ?? "";
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw s3Fault(400, "KeyTooLongError", "Your key is too long", { MaxSizeAllowed: MAX_KEY_BYTES });
  return key;
}

/** PutObject: condition and write are one transaction, so of two compare-and-swaps one loses. */
export const putObject =
  (store: Store, objects: ObjectTable, wall: () => number) =>
  (call: Call): Answer => {
    refuseNotEmulated(call);
    const key = keyOf(call);
    const { body, checksums } = verifiedBody(call);
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const headers = keptHeaders(call);
    store.transaction(() => {
      const bucket = bucketOf(objects, call);
      refuseUnless(judgeWrite(call.headers, objects.head(bucket, key)), key);
      objects.put(bucket, { key, etag, size: body.length, modified: wall(), headers, checksums, body });
    })();
    return { status: 200, headers: { etag, ...checksumHeaders(checksums) } };
  };

function refuseNotEmulated({ headers }: Call): void {
  const found = NOT_EMULATED.find((name) => headers.has(name));
  if (found !== undefined)
    throw s3Fault(501, "NotImplemented", `${found} is not emulated by the cloud in a box`);
}

function verifiedBody(call: Call): {
  readonly body: Buffer;
  readonly checksums: Readonly<Record<string, string>>;
} {
  const framed = (call.headers.get("content-encoding") ?? "").includes("aws-chunked");
  const found = framed ? unchunk(call.body) : { body: call.body, trailers: new Map<string, string>() };
  if (found === undefined)
    throw s3Fault(400, "IncompleteBody", "The aws-chunked framing is broken or ends early");
  const length = call.headers.get("x-amz-decoded-content-length");
  if (framed && Number(length) !== found.body.length)
    throw s3Fault(
      400,
      "IncompleteBody",
      `x-amz-decoded-content-length says ${length}, the body has ${found.body.length} bytes`,
    );
  const md5 = call.headers.get("content-md5");
  if (md5 !== undefined && createHash("md5").update(found.body).digest("base64") !== md5)
    throw s3Fault(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
  const verdict = verifyChecksums(found.body, call.headers, found.trailers);
  switch (verdict.kind) {
    case "right":
      return { body: found.body, checksums: verdict.checksums };
    case "wrong":
      throw s3Fault(
        400,
        "BadDigest",
        `The ${verdict.name.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    case "unknown":
      throw s3Fault(
        501,
        "NotImplemented",
        `The checksum ${verdict.name} is not emulated by the cloud in a box`,
      );
  }
}

function keptHeaders({ headers }: Call): Record<string, string> {
  const kept = [...headers].filter(([name]) => KEPT.has(name) || name.startsWith(META));
  const meta = kept.filter(([name]) => name.startsWith(META));
  const bytes = meta.reduce(
    (sum, [name, value]) => sum + name.length - META.length + Buffer.byteLength(value),
    0,
  );
  if (bytes > MAX_META_BYTES)
    throw s3Fault(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  const found = Object.fromEntries(kept);
  const encoding = (found["content-encoding"] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "aws-chunked" && each !== "");
  delete found["content-encoding"];
  return encoding.length === 0 ? found : { ...found, "content-encoding": encoding.join(", ") };
}

export function refuseUnless(verdict: ConditionVerdict, key: string): void {
  switch (verdict) {
    case "proceed":
      return;
    case "not-modified":
      throw s3Fault(304, "NotModified", "Not modified");
    case "precondition-failed":
      throw preconditionFailed("If-Match or If-None-Match");
    case "no-such-key":
      throw noSuchKey(key);
    case "not-implemented":
      throw s3Fault(
        501,
        "NotImplemented",
        "A conditional write takes If-Match or If-None-Match: *, and only one of them",
      );
  }
}
