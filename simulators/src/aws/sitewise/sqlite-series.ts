import { randomUUID } from "node:crypto";
import type { Statement, Store } from "../sqlite-store.ts";
import type { DataType } from "./shapes.ts";

/** A time series: an asset's property, or a stream that belongs to none (yet). */
export interface Series {
  readonly id: number;
  readonly time_series_id: string;
  readonly alias: string | null;
  readonly data_type: DataType;
  readonly asset_id: string | null;
  readonly property_id: string | null;
  readonly property_kind: PropertyKind | null;
  readonly unit: string | null;
  readonly notification: "ENABLED" | "DISABLED";
  readonly created: number;
  readonly updated: number;
  /** Wall time at which the asset becomes ACTIVE; null for a series without asset. */
  readonly active_at: number | null;
}

export type PropertyKind = "measurement" | "attribute" | "transform" | "metric";

export interface NewSeries {
  readonly alias: string | null;
  readonly dataType: DataType;
  readonly asset: {
    readonly assetId: string;
    readonly propertyId: string;
    readonly kind: PropertyKind;
  } | null;
  readonly unit: string | null;
  readonly now: number;
}

export interface SeriesFilter {
  readonly assetId?: string | undefined;
  readonly aliasPrefix?: string | undefined;
  readonly type?: "ASSOCIATED" | "DISASSOCIATED" | undefined;
  readonly after: number;
  readonly limit: number;
}

const COLUMNS = "series.*, asset.active_at FROM series LEFT JOIN asset ON asset.id = series.asset_id";

export class SeriesTable {
  private readonly byAliasRow: Statement<[string], Series>;
  private readonly byPropertyRow: Statement<[string, string], Series>;
  private readonly insert: Statement<unknown[], unknown>;
  private readonly page: Statement<[Record<string, unknown>], Series>;
  private readonly ofAssetRows: Statement<[string], Series>;
  private readonly rename: Statement<[string | null, string | null, string, number, number], unknown>;
  private readonly dropPoints: Statement<[number], unknown>;
  private readonly dropRow: Statement<[number], unknown>;

  constructor(store: Store) {
    this.byAliasRow = store.prepare(`SELECT ${COLUMNS} WHERE alias = ?`);
    this.byPropertyRow = store.prepare(`SELECT ${COLUMNS} WHERE asset_id = ? AND property_id = ?`);
    this.insert = store.prepare(
      `INSERT INTO series (time_series_id, alias, data_type, asset_id, property_id, property_kind, unit, created, updated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.page = store.prepare(
      `SELECT ${COLUMNS} WHERE series.id > @after
         AND (@assetId IS NULL OR asset_id = @assetId)
         AND (@aliasPrefix IS NULL OR substr(alias, 1, length(@aliasPrefix)) = @aliasPrefix)
         AND (@type IS NULL OR (asset_id IS NULL) = (@type = 'DISASSOCIATED'))
       ORDER BY series.id LIMIT @limit`,
    );
    this.ofAssetRows = store.prepare(`SELECT ${COLUMNS} WHERE asset_id = ? ORDER BY series.id`);
    this.rename = store.prepare(
      "UPDATE series SET alias = ?, unit = ?, notification = ?, updated = ? WHERE id = ?",
    );
    this.dropPoints = store.prepare("DELETE FROM point WHERE series = ?");
    this.dropRow = store.prepare("DELETE FROM series WHERE id = ?");
  }

  byAlias(alias: string): Series | undefined {
    return this.byAliasRow.get(alias);
  }

  byProperty(assetId: string, propertyId: string): Series | undefined {
    return this.byPropertyRow.get(assetId, propertyId);
  }

  ofAsset(assetId: string): Series[] {
    return this.ofAssetRows.all(assetId);
  }

  list(filter: SeriesFilter): Series[] {
    const { assetId = null, aliasPrefix = null, type = null, after, limit } = filter;
    return this.page.all({ assetId, aliasPrefix, type, after, limit });
  }

  /** Adds a series; its row id. */
  add({ alias, dataType, asset, unit, now }: NewSeries): number {
    const publicId = asset === null ? randomUUID() : `${asset.assetId}:${asset.propertyId}`;
    const { assetId = null, propertyId = null, kind = null } = asset ?? {};
    const result = this.insert.run(publicId, alias, dataType, assetId, propertyId, kind, unit, now, now);
    return Number(result.lastInsertRowid);
  }

  describe(
    id: number,
    to: { alias: string | null; unit: string | null; notification: string; now: number },
  ): void {
    this.rename.run(to.alias, to.unit, to.notification, to.now, id);
  }

  /** Removes a series and all its points: its property left the asset model. */
  remove(id: number): void {
    this.dropPoints.run(id);
    this.dropRow.run(id);
  }
}
