/**
 * Durable objects with compare-and-swap: S3, seen through what we need of it. Holds:
 *  - a conditional put either stores or says "conflict"; it never overwrites what the caller has not seen;
 *  - what `put` has answered is still there after any crash.
 */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

export type PutCondition = { readonly absent: true } | { readonly etag: string };
export type PutOutcome = { readonly kind: "stored"; readonly etag: string } | { readonly kind: "conflict" };

export interface ObjectStore {
  get(key: string): Promise<StoredObject | undefined>;
  put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<PutOutcome>;
  /** Keys under a prefix in order, each with the tag of its content. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly etag: string }>;
  delete(key: string): Promise<void>;
}
