import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { TwinError } from "@plumbline/twin/errors";
import type { ObjectStore, PutCondition, PutOutcome, StoredObject } from "../store/object-store.ts";
import { type ClientOptions, clientConfig } from "./client-options.ts";

/** 412: the condition does not hold; 409: another conditional write is under way; 404: If-Match on a missing key. */
const CONFLICTS: readonly number[] = [412, 409, 404];

export class S3Objects implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(bucket: string, options: ClientOptions) {
    this.#bucket = bucket;
    this.#client = new S3Client({ ...clientConfig(options), forcePathStyle: options.pathStyle ?? false });
  }

  async get(key: string): Promise<StoredObject | undefined> {
    try {
      const { Body, ETag } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
      );
      if (!Body || ETag === undefined) throw this.#broken(`S3 gave object ${key} without body or tag`);
      return { bytes: await Body.transformToByteArray(), etag: ETag };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<PutOutcome> {
    try {
      const { ETag } = await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: bytes,
          ...(condition && "absent" in condition ? { IfNoneMatch: "*" } : {}),
          ...(condition && "etag" in condition ? { IfMatch: condition.etag } : {}),
        }),
      );
      if (ETag === undefined) throw this.#broken(`S3 stored object ${key} without telling its tag`);
      return { kind: "stored", etag: ETag };
    } catch (error) {
      const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
      const refused = status !== undefined && CONFLICTS.includes(status);
      if (condition && refused && !isMissingBucket(error)) return { kind: "conflict" };
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<{ readonly key: string; readonly etag: string }> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key, ETag } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key, etag: ETag ?? "" };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  #broken(what: string): TwinError {
    return new TwinError("BAD_ANSWER", what, `check what serves bucket ${this.#bucket}`, { retry: "later" });
  }
}

const isMissingBucket = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.name === "NoSuchBucket";
