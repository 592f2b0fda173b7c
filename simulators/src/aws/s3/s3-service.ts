import type { Service } from "../http/service.ts";
import type { Store } from "../sqlite-store.ts";
import { createBucket } from "./buckets.ts";
import { listObjects } from "./list-objects.ts";
import { putObject } from "./put-object.ts";
import { deleteObject, getObject, headObject } from "./read-objects.ts";
import { s3FaultAnswer } from "./s3-fault.ts";
import { ObjectTable } from "./sqlite-objects.ts";

/** Largest object, bytes: the box keeps them in its one file. */
export const MAX_OBJECT_BYTES: number = 64 * 1024 * 1024;

export interface S3Settings {
  readonly store: Store;
  readonly region: string;
  readonly wall: () => number;
  /** Buckets that exist from the start. */
  readonly buckets: readonly string[];
}

/** The part of S3 that is used, path style. */
export function s3Service({ store, region, wall, buckets }: S3Settings): Service {
  const objects = new ObjectTable(store);
  for (const bucket of buckets) objects.addBucket(bucket, wall());
  return {
    signingName: "s3",
    maxBodyBytes: MAX_OBJECT_BYTES,
    escapesPath: false,
    fault: s3FaultAnswer,
    operations: [
      { name: "ListObjectsV2", method: "GET", path: "/{Bucket}?list-type=2", answer: listObjects(objects) },
      { name: "CreateBucket", method: "PUT", path: "/{Bucket}", answer: createBucket(objects, region, wall) },
      { name: "PutObject", method: "PUT", path: "/{Bucket}/{Key+}", answer: putObject(store, objects, wall) },
      { name: "GetObject", method: "GET", path: "/{Bucket}/{Key+}", answer: getObject(objects) },
      { name: "HeadObject", method: "HEAD", path: "/{Bucket}/{Key+}", answer: headObject(objects) },
      { name: "DeleteObject", method: "DELETE", path: "/{Bucket}/{Key+}", answer: deleteObject(objects) },
    ],
  };
}
