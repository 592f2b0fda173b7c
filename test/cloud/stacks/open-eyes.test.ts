import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CfnResource } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { describe, expect, test } from "vitest";
import { type PlumblineApp, plumblineApp } from "../../../cloud/src/stacks/plumbline-app.ts";
import { FLEET, WITHOUT_BUNDLES } from "./synthesis.ts";

/** Synthesis with something planted in it. */
function synthesiseWith(plant: (built: PlumblineApp) => void): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-synth-"));
  try {
    const built = plumblineApp({ plumbline: { fleet: FLEET }, ...WITHOUT_BUNDLES }, folder);
    plant(built);
    built.app.synth();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A synthesis without findings only means something if a finding would have stopped it. */
describe("the checks of a synthesis", () => {
  test("let the installation through as it is", () => {
    expect(() => synthesiseWith(() => undefined)).not.toThrow();
  });

  test("stop at a wildcard that nobody gave a reason for", () => {
    const plant = ({ ingest }: PlumblineApp): void => {
      const role = new Role(ingest, "Planted", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
      role.addToPolicy(
        new PolicyStatement({ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::other/*"] }),
      );
    };
    expect(() => synthesiseWith(plant)).toThrow(/AwsSolutions-IAM5\[Resource::arn:aws:s3:::other\/\*\]/);
  });

  test("stop at a template that CloudFormation would refuse", () => {
    const plant = ({ assets }: PlumblineApp): void => {
      new CfnResource(assets, "Planted", { type: "AWS::IoTSiteWise::Asset", properties: { AssetNmae: "x" } });
    };
    expect(() => synthesiseWith(plant)).toThrow(/AssetNmae|AssetName/);
  });
});
