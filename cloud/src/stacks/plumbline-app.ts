import { createRequire } from "node:module";
import { App, Tags } from "aws-cdk-lib";
import { AssetStack } from "./asset-stack.ts";
import { CalibrationStack } from "./calibration-stack.ts";
import { checkWithNag } from "./cdk-nag.ts";
import { readDeployment } from "./deployment.ts";
import { IngestStack } from "./ingest-stack.ts";

export interface PlumblineApp {
  readonly app: App;
  readonly assets: AssetStack;
  readonly ingest: IngestStack;
  readonly calibration: CalibrationStack;
}

const require = createRequire(import.meta.url);
/**
 * The behaviour that `cdk init` would choose today: without it a new installation would get the defaults of 2021. The list
 * belongs to the pinned aws-cdk-lib; whoever raises the pin reads `cdk diff` for what else changes.
 */
const MODERN = require("aws-cdk-lib/recommended-feature-flags.json") as Readonly<Record<string, unknown>>;
/** Properties of a template that CloudFormation would refuse fail the synthesis instead of the deployment. */
const STRICT = { "@aws-cdk/core:validateAgainstDefaultRules": true };
/** Exports, so that CloudFormation refuses to remove a stack on which another one stands. */
const STRONG = { "@aws-cdk/core:defaultCrossStackReferences": "strong" };

/**
 * The whole installation. The stacks name no account and no region: they go where the operator's credentials point, and
 * synthesis needs neither credentials nor a network nor Docker.
 */
export function plumblineApp(context?: Readonly<Record<string, unknown>>, outdir?: string): PlumblineApp {
  const app = new App({
    postCliContext: { ...MODERN, ...STRICT, ...STRONG, ...context },
    ...(outdir === undefined ? {} : { outdir }),
  });
  const deployment = readDeployment(app.node.tryGetContext("plumbline"));
  const assets = new AssetStack(app, "PlumblineAssets", {
    description: "Plumbline: SiteWise asset models and assets, from the twin definitions",
    machines: deployment.machines,
  });
  const ingest = new IngestStack(app, "PlumblineIngest", {
    description: "Plumbline: frames from gateways into the archive and SiteWise",
    assets: assets.assets,
    shards: deployment.ingestShards,
  });
  const calibration = new CalibrationStack(app, "PlumblineCalibration", {
    description: "Plumbline: recalibration, judgement and signed parameter sets",
    archive: ingest.archive,
    assets: assets.assets,
    plannerMinutes: deployment.plannerMinutes,
    jobsAtOnce: deployment.jobsAtOnce,
  });
  Tags.of(app).add("application", "plumbline");
  checkWithNag(app);
  return { app, assets, ingest, calibration };
}
