import type { SiteWise } from "./context.ts";
import { defaultValue } from "./model-properties.ts";
import { type AssetModel, kindOf, type ModelProperty } from "./sqlite-models.ts";
import { qualityRank } from "./sqlite-points.ts";
import { timestampOf } from "./timestamp-window.ts";

/** Gives an asset the series of a property; an attribute begins with its default value. */
export function addProperty(
  { series, points }: SiteWise,
  assetId: string,
  property: ModelProperty,
  now: number,
): void {
  const kind = kindOf(property);
  const asset = { assetId, propertyId: property.id, kind };
  const id = series.add({
    alias: null,
    dataType: property.dataType,
    asset,
    unit: property.unit ?? null,
    now,
  });
  const value = defaultValue(property);
  if (value !== undefined)
    points.put(id, { ...timestampOf(Math.floor(now)), quality: qualityRank("GOOD"), ...value });
}

/** Brings the assets of a model from its old properties to its new ones. */
export function followModel(sitewise: SiteWise, before: AssetModel, after: AssetModel): void {
  const had = new Set(before.properties.map(({ id }) => id));
  const has = new Set(after.properties.map(({ id }) => id));
  for (const asset of sitewise.assets.ofModel(after.id)) {
    for (const property of after.properties)
      if (!had.has(property.id)) addProperty(sitewise, asset.id, property, after.updated);
    for (const series of sitewise.series.ofAsset(asset.id))
      if (series.property_id !== null && !has.has(series.property_id)) sitewise.series.remove(series.id);
  }
}
