import { FRAME_FILTER, HEARTBEAT_FILTER, PART_REQUEST_FILTER } from "@plumbline/twin/contract/topics";
import { Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnTopicRule } from "aws-cdk-lib/aws-iot";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** What gateways send, and the member of the function's event that carries it. */
const MESSAGES = [
  { id: "Frame", filter: FRAME_FILTER, member: "frame" },
  { id: "Heartbeat", filter: HEARTBEAT_FILTER, member: "heartbeat" },
  { id: "PartRequest", filter: PART_REQUEST_FILTER, member: "partRequest" },
] as const;

export interface Shard {
  readonly index: number;
  /** 1, 2, 4, 8 or 16. */
  readonly count: number;
}

/**
 * The rule's SQL. Payloads are binary, so they travel as base64. Level 3 of the topic is the sender: the gateways' IoT
 * policy lets a certificate publish under its own thing name only. A thing belongs to one shard for ever, by the first
 * hexadecimal digit of its name's MD5.
 */
export function ruleSql(filter: string, member: string, { index, count }: Shard): string {
  const digits = "0123456789abcdef".slice((16 / count) * index, (16 / count) * (index + 1));
  const where = count === 1 ? "" : ` WHERE indexof('${digits}', substring(md5(topic(3)), 0, 1)) >= 0`;
  return `SELECT encode(*, 'base64') AS ${member}, topic(3) AS thing, topic() AS topic, timestamp() AS receivedAt FROM '${filter}'${where}`;
}

/** The rules of one shard: every message to the shard's function; what the rule itself cannot deliver to the queue. */
export class TopicRules extends Construct {
  constructor(scope: Construct, id: string, to: { target: IFunction; undelivered: IQueue; shard: Shard }) {
    super(scope, id);
    const errorRole = new Role(this, "ErrorRole", { assumedBy: new ServicePrincipal("iot.amazonaws.com") });
    to.undelivered.grantSendMessages(errorRole);
    for (const { id: name, filter, member } of MESSAGES) {
      const rule = new CfnTopicRule(this, name, {
        topicRulePayload: {
          awsIotSqlVersion: "2016-03-23",
          description: `gateways' ${member} messages, shard ${to.shard.index + 1} of ${to.shard.count}`,
          sql: ruleSql(filter, member, to.shard),
          actions: [{ lambda: { functionArn: to.target.functionArn } }],
          errorAction: {
            sqs: { queueUrl: to.undelivered.queueUrl, roleArn: errorRole.roleArn, useBase64: false },
          },
          ruleDisabled: false,
        },
      });
      to.target.addPermission(`${id}${name}`, {
        principal: new ServicePrincipal("iot.amazonaws.com"),
        sourceArn: rule.attrArn,
        sourceAccount: Stack.of(this).account,
      });
    }
  }
}
