import type { Statement, Store } from "../sqlite-store.ts";
import type { ShadowDocument } from "./shadow-document.ts";

export interface StoredShadow extends ShadowDocument {
  /** A deleted shadow keeps its version: the next one goes on from there. */
  readonly deleted: boolean;
}

interface Row {
  readonly version: number;
  readonly deleted: number;
  readonly state: string;
  readonly metadata: string;
}

/** Shadows by thing and name; the classic shadow has the empty name. */
export class ShadowTable {
  private readonly one: Statement<[string, string], Row>;
  private readonly upsert: Statement<[string, string, number, number, string, string], unknown>;
  private readonly namesRows: Statement<[string, string, number], { name: string }>;

  constructor(store: Store) {
    this.one = store.prepare(
      "SELECT version, deleted, state, metadata FROM shadow WHERE thing = ? AND name = ?",
    );
    this.upsert = store.prepare(
      `INSERT INTO shadow VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version,
         deleted = excluded.deleted, state = excluded.state, metadata = excluded.metadata`,
    );
    this.namesRows = store.prepare(
      "SELECT name FROM shadow WHERE thing = ? AND name <> '' AND name > ? AND NOT deleted ORDER BY name LIMIT ?",
    );
  }

  find(thing: string, name: string): StoredShadow | undefined {
    const row = this.one.get(thing, name);
    if (row === undefined) return undefined;
    return {
      version: row.version,
      deleted: row.deleted === 1,
      state: JSON.parse(row.state) as StoredShadow["state"],
      metadata: JSON.parse(row.metadata) as StoredShadow["metadata"],
    };
  }

  put(thing: string, name: string, { version, deleted, state, metadata }: StoredShadow): void {
    this.upsert.run(thing, name, version, deleted ? 1 : 0, JSON.stringify(state), JSON.stringify(metadata));
  }

  names(thing: string, after: string, limit: number): string[] {
    return this.namesRows.all(thing, after, limit).map(({ name }) => name);
  }
}
