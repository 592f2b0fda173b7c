import type { Statement, Store } from "../sqlite-store.ts";

export interface Asset {
  readonly id: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly description: string | null;
  readonly modelId: string;
  readonly activeAt: number;
  readonly created: number;
  readonly updated: number;
}

const COLUMNS =
  "id, name, external_id AS externalId, description, model_id AS modelId, active_at AS activeAt, created, updated FROM asset";

export class AssetTable {
  private readonly one: Statement<[string, string], Asset>;
  private readonly named: Statement<[string], Asset>;
  private readonly page: Statement<[Record<string, unknown>], Asset>;
  private readonly ofModelRows: Statement<[string], Asset>;
  private readonly all: Statement<[string], { n: number }>;
  private readonly insert: Statement<[Asset], unknown>;
  private readonly touchRow: Statement<[number, string], unknown>;

  constructor(store: Store) {
    this.one = store.prepare(`SELECT ${COLUMNS} WHERE id = ? OR external_id = ?`);
    this.named = store.prepare(`SELECT ${COLUMNS} WHERE name = ?`);
    this.page = store.prepare(
      `SELECT ${COLUMNS} WHERE id > @after AND (@modelId IS NULL OR model_id = @modelId) ORDER BY id LIMIT @limit`,
    );
    this.ofModelRows = store.prepare(`SELECT ${COLUMNS} WHERE model_id = ?`);
    this.all = store.prepare("SELECT count(*) AS n FROM asset WHERE model_id = ?");
    this.insert = store.prepare(
      `INSERT INTO asset (id, name, external_id, description, model_id, active_at, created, updated)
       VALUES (@id, @name, @externalId, @description, @modelId, @activeAt, @created, @updated)`,
    );
    this.touchRow = store.prepare("UPDATE asset SET updated = ? WHERE id = ?");
  }

  /** By id, or by `externalId:…`. */
  find(customId: string): Asset | undefined {
    return this.one.get(customId, customId.replace(/^externalId:/, ""));
  }

  byName(name: string): Asset | undefined {
    return this.named.get(name);
  }

  list(modelId: string | undefined, after: string, limit: number): Asset[] {
    return this.page.all({ modelId: modelId ?? null, after, limit });
  }

  ofModel(modelId: string): Asset[] {
    return this.ofModelRows.all(modelId);
  }

  count(modelId: string): number {
    return this.all.get(modelId)?.n ?? 0;
  }

  add(asset: Asset): void {
    this.insert.run(asset);
  }

  touch(id: string, now: number): void {
    this.touchRow.run(now, id);
  }
}
