import { type App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { flattenCfnReference } from "cdk-nag/lib/utils/flatten-cfn-reference.js";
import type { IConstruct } from "constructs";

/** A finding of the AWS Solutions rules fails the synthesis, unless its resource acknowledges it with a reason. */
export function checkWithNag(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}

/** Acknowledges one finding at one place, with the reason why it is right there. */
export function acknowledge(at: IConstruct, rule: string, reason: string): void {
  Validations.of(at).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** Acknowledges exactly these resources with a `*` in a role's policy; any other wildcard is still a finding. */
export function acknowledgeWildcards(at: IConstruct, resources: readonly string[], reason: string): void {
  for (const resource of resources) {
    const named = flattenCfnReference(Stack.of(at).resolve(resource));
    acknowledge(at, `IAM5[Resource::${named}]`, reason);
  }
}
