import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { Archive, INGEST_ACCESS } from "./archive.ts";
import type { MachineAsset } from "./asset-stack.ts";
import { DeadLetters } from "./dead-letters.ts";
import { gatewayPolicy } from "./gateway-policy.ts";
import { NodeFunction } from "./node-function.ts";
import { allow, allowArchive, iotArn } from "./permissions.ts";
import { TopicRules } from "./topic-rules.ts";

export interface IngestProps extends StackProps {
  readonly assets: readonly MachineAsset[];
  readonly shards: number;
}

/**
 * Frames in: IoT rule → function → archive, SiteWise and acknowledgement.
 *
 * Each shard's function runs one invocation at a time. AWS IoT invokes it asynchronously, once a message and in no
 * promised order, and an acknowledgement speaks for *every* frame up to it: two invocations for one thing would race for
 * "contiguous up to", and the loser's acknowledgement would be wrong. A thing never changes its shard, so one at a time
 * per shard is one at a time per thing. The price is throughput, some ten frames a second a shard; a machine of twenty
 * signals sends a few an hour. A throttled event waits in Lambda's own queue for six hours; one that is lost for good
 * costs nothing but time, since a gateway deletes only what was acknowledged.
 */
export class IngestStack extends Stack {
  readonly archive: Archive;

  constructor(scope: Construct, id: string, props: IngestProps) {
    super(scope, id, props);
    this.archive = new Archive(this, "Archive");
    const undelivered = new DeadLetters(this, "Undelivered");
    for (let index = 0; index < props.shards; index += 1) {
      const target = new NodeFunction(this, `Ingest${index}`, {
        entry: "ingest/handler.ts",
        description: `stores frames and acknowledges them, shard ${index + 1} of ${props.shards}`,
        environment: { PLUMBLINE_ARCHIVE_BUCKET: this.archive.bucket.bucketName },
        timeout: Duration.seconds(30),
        failures: undelivered,
        reservedConcurrency: 1,
      });
      this.allowIngest(target.role, props.assets);
      new TopicRules(this, `Rules${index}`, { target, undelivered, shard: { index, count: props.shards } });
    }
    const policy = gatewayPolicy(this, "GatewayPolicy");
    new CfnOutput(this, "GatewayPolicyName", {
      value: policy.ref,
      description: "attach to every gateway's certificate",
    });
    new CfnOutput(this, "ArchiveBucket", { value: this.archive.bucket.bucketName });
    new CfnOutput(this, "UndeliveredQueue", { value: undelivered.queueUrl, description: "must be empty" });
  }

  private allowIngest(role: IRole | undefined, assets: readonly MachineAsset[]): void {
    if (role === undefined) return;
    const things = [...new Set(assets.map(({ thing }) => thing))];
    allow(
      role,
      "WriteMeasurements",
      ["iotsitewise:BatchPutAssetPropertyValue"],
      assets.map(({ assetArn }) => assetArn),
    );
    allow(
      role,
      "Acknowledge",
      ["iot:Publish"],
      things.map((thing) => iotArn(this, `topic/plumbline/v1/${thing}/ack`)),
    );
    allowArchive(role, this.archive.bucket, INGEST_ACCESS);
  }
}
