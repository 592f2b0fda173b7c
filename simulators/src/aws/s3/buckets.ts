import type { Answer, Call } from "../http/service.ts";
import { parseXml } from "./fast-xml.ts";
import { noSuchBucket, s3Fault } from "./s3-fault.ts";
import type { ObjectTable } from "./sqlite-objects.ts";

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** @throws {ServiceFault} NoSuchBucket. */
export function bucketOf(objects: ObjectTable, call: Call): string {
  const bucket = call.labels["Bucket"] ?? "";
  if (!objects.hasBucket(bucket)) throw noSuchBucket(bucket);
  return bucket;
}

export const createBucket =
  (objects: ObjectTable, region: string, wall: () => number) =>
  (call: Call): Answer => {
    const bucket = call.labels["Bucket"] ?? "";
    if (!BUCKET.test(bucket))
      throw s3Fault(400, "InvalidBucketName", "The specified bucket is not valid.", { BucketName: bucket });
    const wanted = call.body.length === 0 ? region : locationOf(call.body.toString("utf8"));
    if (wanted !== region)
      throw s3Fault(
        400,
        "IllegalLocationConstraintException",
        `The box is in ${region}, the bucket would be in ${wanted}`,
      );
    if (!objects.addBucket(bucket, wall()))
      throw s3Fault(409, "BucketAlreadyOwnedByYou", "The bucket exists, and you own it", {
        BucketName: bucket,
      });
    return { status: 200, headers: { location: `/${bucket}` } };
  };

function locationOf(xml: string): string {
  const root = parseXml(xml)?.["CreateBucketConfiguration"];
  if (typeof root !== "object" || root === null)
    throw s3Fault(400, "MalformedXML", "The XML is not a CreateBucketConfiguration");
  return String((root as Record<string, unknown>)["LocationConstraint"] ?? "us-east-1");
}
