import { propertyAlias, twinProperties } from "@plumbline/twin/definition/properties";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import type { CfnAsset, CfnAssetModel } from "aws-cdk-lib/aws-iotsitewise";
import type { Machine } from "./deployment.ts";

/** AWS default quota "properties per asset model" (adjustable): beyond it the deployment fails half-way. */
const PROPERTIES_PER_MODEL = 200;

/**
 * The properties of a twin's asset model. All are measurements, also the computed ones: SiteWise must not recompute
 * what the twin's own code computed, and only measurements can be written.
 */
export function assetModelProperties(definition: TwinDefinition): CfnAssetModel.AssetModelPropertyProperty[] {
  const properties = twinProperties(definition);
  if (properties.length > PROPERTIES_PER_MODEL) {
    throw new TwinError(
      "TOO_MANY_PROPERTIES",
      `twin ${definition.id} needs ${properties.length} SiteWise properties`,
      `keep within ${PROPERTIES_PER_MODEL}, or split the machine into two instances, or have the quota raised`,
    );
  }
  return properties.map(({ name, unit, dataType }) => ({
    name,
    logicalId: name,
    dataType,
    unit,
    type: { typeName: "Measurement" },
  }));
}

/** The alias of every property of one machine: under these its time series are written and read. */
export function assetProperties({ thing, instance, definition }: Machine): CfnAsset.AssetPropertyProperty[] {
  return twinProperties(definition).map(({ kind, id, name }) => ({
    logicalId: name,
    alias: propertyAlias(thing, instance, kind, id),
  }));
}
