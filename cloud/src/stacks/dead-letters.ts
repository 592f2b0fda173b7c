import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { acknowledge } from "./cdk-nag.ts";

/** Where events go that could not be handled; it should be empty, and is kept for two weeks of looking. */
export class DeadLetters extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this,
      "SQS3",
      "this is itself the dead-letter queue, of a function, a topic rule or a schedule; the rule only knows those of other queues",
    );
  }
}
