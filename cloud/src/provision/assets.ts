import type { TwinProperty } from "@plumbline/twin/definition/properties";

/** An asset model and its assets, as provisioning needs them. Lists are complete; "active" means usable. */
export interface AssetAdmin {
  modelNamed(name: string): Promise<string | undefined>;
  /** `token` makes a repeated call one call. */
  createModel(
    name: string,
    description: string,
    properties: readonly TwinProperty[],
    token: string,
  ): Promise<string>;
  modelActive(id: string): Promise<void>;
  assetNamed(model: string, name: string): Promise<string | undefined>;
  createAsset(model: string, name: string, token: string): Promise<string>;
  assetActive(id: string): Promise<void>;
  /** Properties of an asset: id, alias and unit by name. */
  properties(asset: string): Promise<ReadonlyMap<string, AssetPropertyState>>;
  setAlias(asset: string, property: AssetPropertyState, alias: string): Promise<void>;
}
export interface AssetPropertyState {
  readonly id: string;
  readonly alias?: string;
  readonly unit?: string;
}
