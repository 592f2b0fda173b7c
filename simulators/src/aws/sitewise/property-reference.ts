import type { Check } from "../http/shape.ts";
import { alias, id } from "./shapes.ts";
import type { Series, SeriesTable } from "./sqlite-series.ts";

/** How data-plane operations name a property: by alias, or by asset and property id. Never both. */
export interface PropertyReference {
  readonly assetId?: string;
  readonly propertyId?: string;
  readonly propertyAlias?: string;
}

/** The members of a reference, all optional for the model; `referenceFault` says which combination is right. */
export const referenceMembers: { readonly [K in keyof PropertyReference]-?: Check<string> } = {
  assetId: id,
  propertyId: id,
  propertyAlias: alias,
};

export function referenceFault({
  assetId,
  propertyId,
  propertyAlias,
}: PropertyReference): string | undefined {
  const byId = assetId !== undefined && propertyId !== undefined;
  const byAlias = propertyAlias !== undefined;
  if (byAlias && assetId === undefined && propertyId === undefined) return undefined;
  if (byId && !byAlias) return undefined;
  return "Either propertyAlias, or both assetId and propertyId, must be given";
}

export const describeReference = ({ assetId, propertyId, propertyAlias }: PropertyReference): string =>
  propertyAlias === undefined
    ? `property ${propertyId} of asset ${assetId}`
    : `property with alias ${propertyAlias}`;

/** `undefined` when there is no such property. The reference must be without fault. */
export const findSeries = (
  table: SeriesTable,
  { assetId, propertyId, propertyAlias }: PropertyReference,
): Series | undefined =>
  propertyAlias === undefined
    ? table.byProperty(assetId ?? "", propertyId ?? "")
    : table.byAlias(propertyAlias);
