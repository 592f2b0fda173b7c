import type { Statement, Store } from "../sqlite-store.ts";
import type { DataType } from "./shapes.ts";
import type { PropertyKind } from "./sqlite-series.ts";

/** A property of an asset model as it is stored and handed back. */
export interface ModelProperty {
  readonly id: string;
  readonly externalId?: string;
  readonly name: string;
  readonly dataType: DataType;
  readonly unit?: string;
  /** Exactly one member, named for the kind. */
  readonly type: Readonly<Partial<Record<PropertyKind, Readonly<Record<string, unknown>>>>>;
}

export const kindOf = ({ type }: ModelProperty): PropertyKind =>
  (Object.keys(type)[0] ?? "measurement") as PropertyKind;

export interface AssetModel {
  readonly id: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly description: string | null;
  readonly version: number;
  readonly properties: readonly ModelProperty[];
  /** What it is while it is not ACTIVE yet. */
  readonly phase: "CREATING" | "UPDATING";
  readonly activeAt: number;
  readonly created: number;
  readonly updated: number;
}

type Row = Omit<AssetModel, "properties" | "externalId" | "activeAt"> & {
  properties: string;
  external_id: string | null;
  active_at: number;
};

const modelOf = ({ properties, external_id, active_at, ...row }: Row): AssetModel => ({
  ...row,
  externalId: external_id,
  activeAt: active_at,
  properties: JSON.parse(properties) as ModelProperty[],
});

export class ModelTable {
  private readonly one: Statement<[string, string], Row>;
  private readonly named: Statement<[string], Row>;
  private readonly page: Statement<[string, number], Row>;
  private readonly all: Statement<[], { n: number }>;
  private readonly insert: Statement<[Record<string, unknown>], unknown>;
  private readonly change: Statement<[Record<string, unknown>], unknown>;

  constructor(store: Store) {
    this.one = store.prepare("SELECT * FROM asset_model WHERE id = ? OR external_id = ?");
    this.named = store.prepare("SELECT * FROM asset_model WHERE name = ?");
    this.page = store.prepare("SELECT * FROM asset_model WHERE id > ? ORDER BY id LIMIT ?");
    this.all = store.prepare("SELECT count(*) AS n FROM asset_model");
    this.insert = store.prepare(
      `INSERT INTO asset_model (id, name, external_id, description, version, properties, phase, active_at, created, updated)
       VALUES (@id, @name, @externalId, @description, @version, @properties, @phase, @activeAt, @created, @updated)`,
    );
    this.change = store.prepare(
      `UPDATE asset_model SET name = @name, external_id = @externalId, description = @description, version = @version,
         properties = @properties, phase = @phase, active_at = @activeAt, updated = @updated WHERE id = @id`,
    );
  }

  /** By id, or by `externalId:…`. */
  find(customId: string): AssetModel | undefined {
    const row = this.one.get(customId, customId.replace(/^externalId:/, ""));
    return row === undefined ? undefined : modelOf(row);
  }

  byName(name: string): AssetModel | undefined {
    const row = this.named.get(name);
    return row === undefined ? undefined : modelOf(row);
  }

  list(after: string, limit: number): AssetModel[] {
    return this.page.all(after, limit).map(modelOf);
  }

  count(): number {
    return this.all.get()?.n ?? 0;
  }

  add(model: AssetModel): void {
    this.insert.run({ ...model, properties: JSON.stringify(model.properties) });
  }

  replace({ created: _, ...model }: AssetModel): void {
    this.change.run({ ...model, properties: JSON.stringify(model.properties) });
  }
}
