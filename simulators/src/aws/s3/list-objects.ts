import type { Answer, Call } from "../http/service.ts";
import { bucketOf } from "./buckets.ts";
import { xmlDocument } from "./fast-xml.ts";
import { s3Fault } from "./s3-fault.ts";
import type { ObjectHead, ObjectTable } from "./sqlite-objects.ts";

const MAX_KEYS = 1_000;

interface Listing {
  readonly contents: ObjectHead[];
  readonly prefixes: string[];
  /** Last key looked at, when there is more behind it. */
  readonly more: string | undefined;
}

/** ListObjectsV2: keys and common prefixes count alike; a continuation token is the last key looked at. */
export const listObjects =
  (objects: ObjectTable) =>
  (call: Call): Answer => {
    const bucket = bucketOf(objects, call);
    const asked = (name: string): string | undefined => call.query.get(name)?.[0];
    const prefix = asked("prefix") ?? "";
    const delimiter = asked("delimiter") ?? "";
    const token = asked("continuation-token");
    const limit = limitOf(asked("max-keys"));
    const after = token === undefined ? (asked("start-after") ?? "") : afterOf(token);
    const { contents, prefixes, more } = list(objects, bucket, { prefix, delimiter, after, limit });
    const named = (text: string): string =>
      asked("encoding-type") === "url" ? encodeURIComponent(text).replaceAll("%2F", "/") : text;
    const body = xmlDocument("ListBucketResult", {
      Name: bucket,
      Prefix: named(prefix),
      Delimiter: delimiter === "" ? undefined : named(delimiter),
      MaxKeys: limit,
      KeyCount: contents.length + prefixes.length,
      IsTruncated: more !== undefined,
      EncodingType: asked("encoding-type"),
      ContinuationToken: token,
      NextContinuationToken: more === undefined ? undefined : Buffer.from(more).toString("base64"),
      StartAfter: asked("start-after"),
      Contents: contents.map(({ key, modified, etag, size }) => ({
        Key: named(key),
        LastModified: new Date(modified).toISOString(),
        ETag: etag,
        Size: size,
        StorageClass: "STANDARD",
      })),
      CommonPrefixes: prefixes.map((each) => ({ Prefix: named(each) })),
    });
    return { status: 200, headers: { "content-type": "application/xml" }, body };
  };

function limitOf(given: string | undefined): number {
  if (given === undefined) return MAX_KEYS;
  if (!/^\d{1,9}$/.test(given))
    throw s3Fault(400, "InvalidArgument", `max-keys must be a whole number, got ${given}`);
  return Math.min(Number(given), MAX_KEYS);
}

function afterOf(token: string): string {
  const key = Buffer.from(token, "base64").toString("utf8");
  if (Buffer.from(key).toString("base64") === token) return key;
  throw s3Fault(400, "InvalidArgument", "The continuation token provided is incorrect");
}

function list(
  objects: ObjectTable,
  bucket: string,
  { prefix, delimiter, after, limit }: { prefix: string; delimiter: string; after: string; limit: number },
): Listing {
  const listing = { contents: [] as ObjectHead[], prefixes: [] as string[] };
  let last: string | undefined;
  for (const head of objects.keys(bucket, prefix, after)) {
    if (!head.key.startsWith(prefix)) break;
    const group = groupOf(head.key, prefix, delimiter);
    // A group that an earlier page has given is behind us, though more of its keys follow.
    const seen = group !== undefined && (group === listing.prefixes.at(-1) || after.startsWith(group));
    if (seen) {
      last = head.key;
      continue;
    }
    if (listing.contents.length + listing.prefixes.length >= limit)
      return { ...listing, more: limit === 0 ? undefined : last };
    if (group === undefined) listing.contents.push(head);
    else listing.prefixes.push(group);
    last = head.key;
  }
  return { ...listing, more: undefined };
}

function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
