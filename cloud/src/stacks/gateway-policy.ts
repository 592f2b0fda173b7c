import { Stack } from "aws-cdk-lib";
import { CfnPolicy } from "aws-cdk-lib/aws-iot";
import type { Construct } from "constructs";
import { iotArn } from "./permissions.ts";

/** Filled in by AWS IoT with the thing to which the connecting certificate is attached. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable of AWS IoT, not a template string
const THING = "${iot:Connection.Thing.ThingName}";
const ROOT = `plumbline/v1/${THING}`;
const SHADOW = `$aws/things/${THING}/shadow/name/plumbline-parameters-*`;
const SENT = [
  `${ROOT}/frame`,
  `${ROOT}/heartbeat`,
  `${ROOT}/parameters-request`,
  `${SHADOW}/get`,
  `${SHADOW}/update`,
];
/**
 * `*` stands for instance, version and part, and for the answers of the thing's own shadow; a filter's `+` is a plain
 * character to a policy. Spelling the five answers out would be no tighter and would not fit.
 */
const RECEIVED = [`${ROOT}/ack`, `${ROOT}/parameters/*`, SHADOW];

/**
 * What a gateway's certificate may do: speak as its own thing, on its own topics. It can neither acknowledge frames nor
 * read another machine's. AWS IoT allows 2,048 characters without white space.
 */
export function gatewayPolicyDocument(scope: Construct): { Version: string; Statement: object[] } {
  const arns = (kind: string, names: readonly string[]): string[] =>
    names.map((name) => iotArn(scope, `${kind}/${name}`));
  const statement = (action: string, resources: string[]): object => ({
    Effect: "Allow",
    Action: `iot:${action}`,
    Resource: resources,
  });
  return {
    Version: "2012-10-17",
    Statement: [
      {
        ...statement("Connect", arns("client", [THING])),
        Condition: { Bool: { "iot:Connection.Thing.IsAttached": "true" } },
      },
      statement("Publish", arns("topic", SENT)),
      statement("Subscribe", arns("topicfilter", RECEIVED)),
      statement("Receive", arns("topic", RECEIVED)),
    ],
  };
}

/** The policy to attach to every gateway's certificate. */
export function gatewayPolicy(scope: Construct, id: string): CfnPolicy {
  return new CfnPolicy(scope, id, {
    policyName: `${Stack.of(scope).stackName}-gateway`,
    policyDocument: gatewayPolicyDocument(scope),
  });
}
