import type { Answer, Call } from "../http/service.ts";
import { bucketOf } from "./buckets.ts";
import { checksumHeaders } from "./checksums.ts";
import { judgeRead, listsEtag } from "./conditions.ts";
import { keyOf, refuseUnless } from "./put-object.ts";
import { noSuchKey, preconditionFailed, s3Fault } from "./s3-fault.ts";
import type { ObjectHead, ObjectTable } from "./sqlite-objects.ts";

const DEFAULT_TYPE = "binary/octet-stream";

function found(objects: ObjectTable, call: Call): { readonly bucket: string; readonly head: ObjectHead } {
  const bucket = bucketOf(objects, call);
  const key = keyOf(call);
  const head = objects.head(bucket, key);
  if (head === undefined) throw noSuchKey(key);
  refuseUnless(judgeRead(call.headers, head), key);
  return { bucket, head };
}

const headersOf = (
  { headers, etag, modified, checksums }: ObjectHead,
  call: Call,
): Record<string, string> => ({
  "content-type": DEFAULT_TYPE,
  ...headers,
  etag,
  "last-modified": new Date(modified).toUTCString(),
  "accept-ranges": "bytes",
  ...(call.headers.get("x-amz-checksum-mode") === "ENABLED" ? checksumHeaders(checksums) : {}),
});

export const headObject =
  (objects: ObjectTable) =>
  (call: Call): Answer => {
    const { head } = found(objects, call);
    return { status: 200, headers: { ...headersOf(head, call), "content-length": String(head.size) } };
  };

/** GetObject, whole or one range of bytes; a part of an object comes without the whole's checksum. */
export const getObject =
  (objects: ObjectTable) =>
  (call: Call): Answer => {
    const { bucket, head } = found(objects, call);
    const body = objects.body(bucket, head.key);
    const range = rangeOf(call.headers.get("range"), head.size);
    if (range === undefined) return { status: 200, headers: headersOf(head, call), body };
    const { first, last } = range;
    if (first >= head.size)
      throw s3Fault(416, "InvalidRange", "The requested range is not satisfiable", {
        ActualObjectSize: head.size,
      });
    const headers = Object.entries(headersOf(head, call)).filter(
      ([name]) => !name.startsWith("x-amz-checksum-"),
    );
    return {
      status: 206,
      headers: { ...Object.fromEntries(headers), "content-range": `bytes ${first}-${last}/${head.size}` },
      body: body.subarray(first, last + 1),
    };
  };

/** One range of bytes; anything else is ignored, as RFC 9110 allows. */
function rangeOf(header: string | undefined, size: number): { first: number; last: number } | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") return { first: Math.max(0, size - Number(to)), last: size - 1 };
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

/** DeleteObject says 204 whether there was an object or not; with If-Match it must be that one. */
export const deleteObject =
  (objects: ObjectTable) =>
  (call: Call): Answer => {
    const bucket = bucketOf(objects, call);
    const key = keyOf(call);
    const match = call.headers.get("if-match");
    const etag = objects.head(bucket, key)?.etag;
    if (match !== undefined && etag === undefined) throw noSuchKey(key);
    if (match !== undefined && !listsEtag(match, etag ?? "")) throw preconditionFailed("If-Match");
    objects.delete(bucket, key);
    return { status: 204 };
  };
