import type { Operation, Service } from "../http/service.ts";
import type { Store } from "../sqlite-store.ts";
import { createBucket } from "./buckets.ts";
import { listObjects } from "./list-objects.ts";
import { putObject } from "./put-object.ts";
import { deleteObject, getObject, headObject } from "./read-objects.ts";
import { s3Fault, s3FaultAnswer } from "./s3-fault.ts";
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
      {
        name: "ListObjectsV2",
        method: "GET",
        path: "/{Bucket}?list-type=2",
        answer: onlyWith(LISTING, listObjects(objects)),
      },
      on("CreateBucket", "PUT", "/{Bucket}", createBucket(objects, region, wall)),
      on("PutObject", "PUT", "/{Bucket}/{Key+}", putObject(store, objects, wall)),
      on("GetObject", "GET", "/{Bucket}/{Key+}", getObject(objects)),
      on("HeadObject", "HEAD", "/{Bucket}/{Key+}", headObject(objects)),
      on("DeleteObject", "DELETE", "/{Bucket}/{Key+}", deleteObject(objects)),
    ],
  };
}

/** What the SDK adds to say which operation it means. */
const PLAIN: readonly string[] = ["x-id"];
const LISTING: readonly string[] = [
  ...PLAIN,
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "encoding-type",
];

const on = (name: string, method: string, path: string, answer: Operation["answer"]): Operation => ({
  name,
  method,
  path,
  answer: onlyWith(PLAIN, answer),
});

/** In S3 a query names another operation (`?acl`, `?uploads`, `?versionId=…`): one that is not known is refused. */
const onlyWith =
  (known: readonly string[], answer: Operation["answer"]): Operation["answer"] =>
  (call) => {
    const other = [...call.query.keys()].find((name) => !known.includes(name));
    if (other === undefined) return answer(call);
    throw s3Fault(501, "NotImplemented", `The query ${other} is not emulated by the cloud in a box`);
  };
