import type { Statement, Store } from "../sqlite-store.ts";

export interface ObjectHead {
  readonly key: string;
  /** With its quotes. */
  readonly etag: string;
  readonly size: number;
  /** Wall clock, ms. */
  readonly modified: number;
  /** Headers to hand back as they came: content type, user metadata, … */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksums: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectHead {
  readonly body: Buffer;
}

interface Row {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly modified: number;
  readonly headers: string;
  readonly checksums: string;
}

const COLUMNS = "key, etag, size, modified_at AS modified, headers, checksums";

const headOf = ({ headers, checksums, ...row }: Row): ObjectHead => ({
  ...row,
  headers: JSON.parse(headers) as Record<string, string>,
  checksums: JSON.parse(checksums) as Record<string, string>,
});

export class ObjectTable {
  private readonly bucketRow: Statement<[string], { name: string }>;
  private readonly insertBucket: Statement<[string, number], unknown>;
  private readonly headRow: Statement<[string, string], Row>;
  private readonly bodyRow: Statement<[string, string], { body: Buffer }>;
  private readonly upsert: Statement<[Record<string, unknown>], unknown>;
  private readonly remove: Statement<[string, string], unknown>;
  private readonly page: Statement<[string, string, string], Row>;

  constructor(store: Store) {
    this.bucketRow = store.prepare("SELECT name FROM bucket WHERE name = ?");
    this.insertBucket = store.prepare("INSERT OR IGNORE INTO bucket VALUES (?, ?)");
    this.headRow = store.prepare(`SELECT ${COLUMNS} FROM object WHERE bucket = ? AND key = ?`);
    this.bodyRow = store.prepare("SELECT body FROM object WHERE bucket = ? AND key = ?");
    this.upsert = store.prepare(
      `INSERT INTO object (bucket, key, etag, size, modified_at, headers, checksums, body)
       VALUES (@bucket, @key, @etag, @size, @modified, @headers, @checksums, @body)
       ON CONFLICT DO UPDATE SET etag = excluded.etag, size = excluded.size, modified_at = excluded.modified_at,
         headers = excluded.headers, checksums = excluded.checksums, body = excluded.body`,
    );
    this.remove = store.prepare("DELETE FROM object WHERE bucket = ? AND key = ?");
    this.page = store.prepare(
      `SELECT ${COLUMNS} FROM object WHERE bucket = ? AND key >= ? AND key > ? ORDER BY key`,
    );
  }

  hasBucket(name: string): boolean {
    return this.bucketRow.get(name) !== undefined;
  }

  /** True when it is new. */
  addBucket(name: string, wall: number): boolean {
    return this.insertBucket.run(name, wall).changes > 0;
  }

  head(bucket: string, key: string): ObjectHead | undefined {
    const row = this.headRow.get(bucket, key);
    return row === undefined ? undefined : headOf(row);
  }

  body(bucket: string, key: string): Buffer {
    return this.bodyRow.get(bucket, key)?.body ?? Buffer.alloc(0);
  }

  put(bucket: string, { headers, checksums, ...object }: StoredObject): void {
    this.upsert.run({
      bucket,
      ...object,
      headers: JSON.stringify(headers),
      checksums: JSON.stringify(checksums),
    });
  }

  delete(bucket: string, key: string): void {
    this.remove.run(bucket, key);
  }

  /** In the order of UTF-8 bytes, as S3 lists: keys from `from` on, behind `after`. */
  *keys(bucket: string, from: string, after: string): Generator<ObjectHead> {
    for (const row of this.page.iterate(bucket, from, after)) yield headOf(row);
  }
}
