import { sha256 } from "@plumbline/twin/contract/sha256";
import { propertyAlias, twinProperties } from "@plumbline/twin/definition/properties";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import type { AssetAdmin } from "./assets.ts";

export interface Provisioned {
  readonly model: string;
  readonly asset: string;
  readonly aliases: number;
  /** Aliases that this call has set; the others were right. */
  readonly changed: number;
}

export const modelName = ({ id, version }: TwinDefinition): string => `plumbline ${id} ${version}`;
export const assetName = (thing: string, instance: string): string => `${thing}/${instance}`;

/**
 * Model, asset and aliases of a machine, from the twin's definition. Run again it changes nothing; interrupted, it goes
 * on: request tokens are made of the names, so that a repeated creation is one creation.
 * @throws {TwinError} MODEL_DIFFERS when a model of this version exists with other properties.
 */
export async function provision(
  admin: AssetAdmin,
  definition: TwinDefinition,
  thing: string,
  instance: string,
): Promise<Provisioned> {
  const properties = twinProperties(definition);
  const name = modelName(definition);
  const model =
    (await admin.modelNamed(name)) ??
    (await admin.createModel(name, definition.title, properties, token(name)));
  await admin.modelActive(model);
  const called = assetName(thing, instance);
  const asset =
    (await admin.assetNamed(model, called)) ??
    (await admin.createAsset(model, called, token(`${name} ${called}`)));
  await admin.assetActive(asset);
  const known = await admin.properties(asset);
  let changed = 0;
  for (const { kind, id, name: property } of properties) {
    const found = known.get(property);
    if (!found) {
      throw new TwinError(
        "MODEL_DIFFERS",
        `asset model ${JSON.stringify(name)} has no property ${property}`,
        "give the changed definition a new version: a version's model never changes",
      );
    }
    const alias = propertyAlias(thing, instance, kind, id);
    if (found.alias === alias) continue;
    await admin.setAlias(asset, found, alias);
    changed++;
  }
  return { model, asset, aliases: properties.length, changed };
}

/** 64 characters: the longest that a client token may have. */
const token = (name: string): string => sha256(name);
