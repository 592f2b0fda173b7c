import { shadowName } from "@plumbline/twin/contract/topics";
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { type IRole, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { type Archive, JOB_ACCESS, PLANNER_ACCESS } from "./archive.ts";
import type { MachineAsset } from "./asset-stack.ts";
import { CalibrationJob, taskPrincipal } from "./calibration-job.ts";
import { DeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";
import { allow, allowArchive, allowUnder, iotArn } from "./permissions.ts";

export interface CalibrationProps extends StackProps {
  readonly archive: Archive;
  readonly assets: readonly MachineAsset[];
  readonly plannerMinutes: number;
  readonly jobsAtOnce: number;
}

/** Parameters out: the planner decides who is due, a Batch job recalibrates, judges, signs and publishes. */
export class CalibrationStack extends Stack {
  constructor(scope: Construct, id: string, props: CalibrationProps) {
    super(scope, id, props);
    // Gateways pin the public half: a lost key is a visit to every cabinet, so it outlives the stack.
    const signingKey = new Key(this, "SigningKey", {
      alias: "alias/plumbline-signing",
      description: "signs parameter sets (ES256); gateways pin its public half",
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const jobRole = new Role(this, "JobRole", {
      assumedBy: taskPrincipal(),
      description: "recalibration jobs",
    });
    this.allowJob(jobRole, signingKey, props);
    const job = new CalibrationJob(this, "Recalibration", {
      jobRole,
      jobsAtOnce: props.jobsAtOnce,
      environment: {
        PLUMBLINE_ARCHIVE_BUCKET: props.archive.bucket.bucketName,
        PLUMBLINE_SIGNING_KEY: signingKey.keyArn,
      },
    });
    this.planner(job, props);
    new CfnOutput(this, "SigningKeyArn", {
      value: signingKey.keyArn,
      description: "pin its public key on every gateway",
    });
    new CfnOutput(this, "JobQueueArn", { value: job.queue.jobQueueArn });
  }

  private allowJob(role: Role, signingKey: Key, { archive, assets }: CalibrationProps): void {
    allowArchive(role, archive.bucket, JOB_ACCESS);
    allow(
      role,
      "WritePosterior",
      ["iotsitewise:BatchPutAssetPropertyValue"],
      assets.map(({ assetArn }) => assetArn),
    );
    role.addToPolicy(
      new PolicyStatement({
        sid: "SignParameterSets",
        actions: ["kms:Sign", "kms:GetPublicKey"],
        resources: [signingKey.keyArn],
      }),
    );
    allow(role, "AnnounceSet", ["iot:GetThingShadow", "iot:UpdateThingShadow"], this.shadows(assets));
    allowUnder(
      role,
      "SendParts",
      ["iot:Publish"],
      assets.map(({ thing, instance }) =>
        iotArn(this, `topic/plumbline/v1/${thing}/parameters/${instance}/*`),
      ),
      "the topic goes on with the set's version and the part's number, which each recalibration makes anew",
    );
  }

  private planner(job: CalibrationJob, props: CalibrationProps): void {
    const missed = new DeadLetters(this, "MissedPlans");
    const planner = new NodeFunction(this, "Planner", {
      entry: "recalibrate/planner-handler.ts",
      description: "decides whose parameters are due and submits their recalibration",
      environment: {
        PLUMBLINE_ARCHIVE_BUCKET: props.archive.bucket.bucketName,
        PLUMBLINE_JOB_QUEUE: job.queue.jobQueueArn,
        PLUMBLINE_JOB_DEFINITION: job.definition.jobDefinitionArn,
        PLUMBLINE_JOBS_AT_ONCE: String(props.jobsAtOnce),
      },
      timeout: Duration.minutes(1),
      failures: missed,
      // Cool-down and the fleet's cap are read, decided and written: two planners at once would both submit.
      reservedConcurrency: 1,
    });
    this.allowPlanner(planner.role, job, props);
    new Rule(this, "Schedule", {
      description: "looks for machines that are due",
      schedule: Schedule.rate(Duration.minutes(props.plannerMinutes)),
      targets: [
        new LambdaFunction(planner, {
          deadLetterQueue: missed,
          retryAttempts: 2,
          event: RuleTargetInput.fromObject({ kind: "schedule" }),
        }),
      ],
    });
  }

  private allowPlanner(
    role: IRole | undefined,
    job: CalibrationJob,
    { archive, assets }: CalibrationProps,
  ): void {
    if (role === undefined) return;
    allow(role, "SubmitJobs", ["batch:SubmitJob"], [job.queue.jobQueueArn, job.definition.jobDefinitionArn]);
    allowUnder(
      role,
      "SeeJobs",
      ["batch:DescribeJobs", "batch:ListJobs"],
      ["*"],
      "AWS Batch knows no resources for these two actions; they read the names and states of jobs",
    );
    allowArchive(role, archive.bucket, PLANNER_ACCESS);
    // What a gateway reports: a machine whose trial is under way is not due.
    allow(role, "ReadReports", ["iot:GetThingShadow"], this.shadows(assets));
  }

  /** The named shadow of every machine. */
  private shadows(assets: readonly MachineAsset[]): string[] {
    return assets.map(({ thing, instance }) => iotArn(this, `thing/${thing}/${shadowName(instance)}`));
  }
}
