import { Stack, type StackProps } from "aws-cdk-lib";
import { CfnAsset, CfnAssetModel } from "aws-cdk-lib/aws-iotsitewise";
import type { Construct } from "constructs";
import { assetModelProperties, assetProperties } from "./asset-model.ts";
import type { Machine } from "./deployment.ts";

/** A machine together with the ARN of its SiteWise asset. */
export interface MachineAsset extends Machine {
  readonly assetArn: string;
}

/** Construct ids decide what CloudFormation replaces: they are made of names that never change. */
const idOf = (kind: string, ...names: string[]): string =>
  [kind, ...names].join("-").replace(/[^A-Za-z0-9-]/g, "_");

/** One SiteWise asset model per twin definition and one asset per machine, all generated from the definition. */
export class AssetStack extends Stack {
  readonly assets: readonly MachineAsset[];

  constructor(scope: Construct, id: string, props: StackProps & { readonly machines: readonly Machine[] }) {
    super(scope, id, props);
    const models = new Map<string, CfnAssetModel>();
    const modelOf = ({ definition }: Machine): CfnAssetModel => {
      const known = models.get(definition.id);
      if (known) return known;
      const model = new CfnAssetModel(this, idOf("Model", definition.id), {
        assetModelName: `plumbline ${definition.id}`,
        assetModelDescription: `${definition.title}, twin ${definition.id} ${definition.version}`,
        assetModelProperties: assetModelProperties(definition),
      });
      models.set(definition.id, model);
      return model;
    };
    this.assets = props.machines.map((machine) => {
      const asset = new CfnAsset(this, idOf("Asset", machine.thing, machine.instance), {
        assetModelId: modelOf(machine).attrAssetModelId,
        assetName: `plumbline ${machine.thing} ${machine.instance}`,
        assetProperties: assetProperties(machine),
      });
      return { ...machine, assetArn: asset.attrAssetArn };
    });
  }
}
