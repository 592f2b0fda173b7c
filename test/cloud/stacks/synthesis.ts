import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { plumblineApp } from "../../../cloud/src/stacks/plumbline-app.ts";

export const FLEET = [
  { thing: "line-1", instance: "main", twin: "web-line" },
  { thing: "line-2", instance: "spare", twin: "web-line" },
] as const;

/** Context of the CDK: functions are not bundled. For tests that read templates only. */
export const WITHOUT_BUNDLES = { "aws:cdk:bundling-stacks": [] };

export interface Synthesis {
  readonly assets: Template;
  readonly ingest: Template;
  readonly calibration: Template;
}

/**
 * Synthesises the whole installation into a folder of its own, which is removed again.
 * @throws when the rules of cdk-nag or CloudFormation find a fault.
 */
export function synthesise(plumbline: Readonly<Record<string, unknown>>): Synthesis {
  const folder = mkdtempSync(path.join(os.tmpdir(), "plumbline-synth-"));
  try {
    const { app, assets, ingest, calibration } = plumblineApp({ plumbline, ...WITHOUT_BUNDLES }, folder);
    app.synth();
    return {
      assets: Template.fromStack(assets),
      ingest: Template.fromStack(ingest),
      calibration: Template.fromStack(calibration),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One statement of a policy in a template, with its lists always lists and its references flattened to text. */
export interface Statement {
  readonly policy: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** A reference as text: `<Ref>`, `<Resource.Attribute>`; what is joined is joined. */
export function flat(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const [[kind, of] = []] = Object.entries(value) as [string, unknown][];
  if (kind === "Fn::Join") return (list(of)[1] as unknown[]).map(flat).join("");
  if (kind === "Fn::GetAtt") return `<${list(of).join(".")}>`;
  return `<${kind === "Fn::Sub" || kind === "Ref" || kind === "Fn::ImportValue" ? String(of) : JSON.stringify(value)}>`;
}

/** Every statement of every role in a template. */
export function statements(template: Template): Statement[] {
  const policies = template.findResources("AWS::IAM::Policy") as Record<
    string,
    { Properties: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } } }
  >;
  return Object.entries(policies).flatMap(([policy, { Properties }]) =>
    Properties.PolicyDocument.Statement.map(({ Action, Resource }) => ({
      policy,
      actions: list(Action).map(String),
      resources: list(Resource).map(flat),
    })),
  );
}
